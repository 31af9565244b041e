#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/grid_cell.h"
#include "report/bootstrap.h"
#include "report/sweep_results.h"

// Two sweeps side by side: a cell of one is paired with the cell of the same method, model and sample of the other.

namespace lethe::report {

/// A sweep under the name by which a report of several calls it.
struct NamedSweep {
  std::string label;
  SweepResults results;
};

/// What an interval is drawn from.
enum class Resampled {
  kNothing,  ///< no interval: one sample, whose edits cannot be paired
  kSamples,
  kEdits,  ///< of one sample, in blocks
};

/// A quantity of the cells of a method and a model that both sweeps have, over the samples that have it in both.
struct QuantityComparison {
  std::string method, model;
  std::string quantity;          ///< "es", "f1.sst2": names in files
  std::string title;             ///< in tables
  bool is_small = false;         ///< shown with an exponent
  std::int64_t at_least = 0;     ///< number of edits that it is of: the least
  std::int64_t at_most = 0;      ///< and the most of a sample
  std::int64_t num_samples = 0;  ///< that have it in both
  std::int64_t num_cells = 0;    ///< samples that both sweeps have edited
  std::int64_t first_known = 0;  ///< of shares of known facts: how many those are, over these samples
  std::int64_t second_known = 0;
  double first = 0.0;       ///< mean over samples; NaN of none
  double second = 0.0;      ///< likewise
  double difference = 0.0;  ///< second - first: mean of the paired differences
  Interval interval;        ///< of the difference, 95 %
  Resampled resampled = Resampled::kNothing;
  std::size_t block = 0;  ///< edits of a block
};

/// A curve's difference at a number of edits that both have.
struct DifferencePoint {
  std::int64_t edits = 0;
  std::int64_t num_samples = 0;
  double first = 0.0, second = 0.0, difference = 0.0;
  Interval interval;  ///< samples resampled
};
struct DifferenceCurve {
  std::string method, model, metric;
  std::vector<DifferencePoint> points;
};

struct SweepComparison {
  std::string first, second;                         ///< labels
  std::vector<std::string> same_facts, other_facts;  ///< cells of both, by whether facts and their order are the same
  std::vector<std::string> other_records;    ///< of these others: those whose case ids are the same all the same
  std::vector<std::string> unknown_records;  ///< of `same_facts`: those of which case ids alone are known
  std::vector<std::string> same_edits;       ///< cells whose edit identities are the same
  std::vector<std::string> not_edited;       ///< cells of both grids that one has not edited yet
  std::vector<std::string> notes;            ///< what is not compared, and why
  std::vector<QuantityComparison> quantities;
  std::vector<DifferenceCurve> curves;
};

SweepComparison compare(const NamedSweep& first, const NamedSweep& second);

}  // namespace lethe::report
