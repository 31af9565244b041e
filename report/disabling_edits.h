#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/cell_history.h"
#include "report/disabling_cases.h"

// What single edits of fresh models did, from the committed files of a sweep of such edits.

namespace lethe::report {

/// Kept of the unedited F1 below which an edit is disabling, percent.
inline constexpr double kDisablingPercent = 25.0;

/// A model's answers to the tasks. Percent; NaN of none.
struct TaskScores {
  std::map<std::string, double> f1;
  double mean_f1 = 0.0;       ///< over the tasks that are above chance unedited
  double entropy_bits = 0.0;  ///< of the answers, mean over all tasks
};

/// Shannon entropy of what is answered to a task's examples, bits; "none of the answer words" is an answer too. NaN
/// without examples.
double answer_entropy_bits(const core::TaskRecord& task);

/// One edit as the first of a fresh model. What was not measured is NaN.
struct SingleEdit {
  core::GridCell cell;
  SelectedCase selected;
  bool is_measured = false;  ///< its edit is committed
  core::EditStatus status = core::EditStatus::kApplied;
  double update_norm = 0.0;
  double distance = 0.0;                     ///< Frobenius norm over all edited parameters
  std::map<std::string, double> normalized;  ///< of each edited parameter: its norm over its number of weights
  double mean_normalized = 0.0;              ///< mean of these, weighted by the number of weights
  double efficacy = 0.0, paraphrase = 0.0, neighborhood = 0.0;  ///< percent
  TaskScores tasks;
  double kept_f1 = 0.0;              ///< mean F1 over that of the unedited model, percent
  std::optional<bool> is_disabling;  ///< nullopt: not judged
};

/// A method on a model: all of its single edits, chosen ones first.
struct SingleEdits {
  std::string method, model;
  TaskScores unedited;
  std::string not_judged;  ///< why no edit can be called disabling; empty if edits can
  std::vector<SingleEdit> edits;
};

/// How many single edits were judged, and how many of these are disabling.
struct DisablingCount {
  std::int64_t num_chosen = 0, num_random = 0;
  std::int64_t chosen_disabling = 0, random_disabling = 0;
  std::int64_t num_left = 0;  ///< not judged

  [[nodiscard]] std::int64_t num_tried() const { return num_chosen + num_random; }
  [[nodiscard]] std::int64_t num_disabling() const { return chosen_disabling + random_disabling; }
};
DisablingCount count_disabling(const SingleEdits& group);

/// By method and model, in the order of the histories. A history is of one cell, whose sample number is the case id.
std::vector<SingleEdits> single_edits_of(std::span<const CellHistory> histories, const Selection& selection);

/// Mean of the chosen edits over that of the random ones, with a 95 % interval: percentiles of 10,000 resamples of
/// both groups (bootstrap), drawn by the seed. NaN where a group is empty, its mean is no number, or both means are 0.
struct Ratio {
  double chosen = 0.0, normal = 0.0;  ///< means of what is there
  std::int64_t num_chosen = 0, num_normal = 0;
  double value = 0.0, low = 0.0, high = 0.0;
};
Ratio ratio_of_means(const std::vector<double>& chosen, const std::vector<double>& normal, std::uint64_t seed,
                     const std::string& purpose);

/// What is compared between chosen and random edits.
struct Quantity {
  const char* name;   ///< in files
  const char* title;  ///< in tables
  double (*of)(const SingleEdit& edit);
  bool is_small = false;  ///< shown with an exponent
};
std::span<const Quantity> single_edit_quantities();

/// The ratio of a quantity over the edits that changed the weights.
Ratio ratio_of(const SingleEdits& group, const Quantity& quantity, std::uint64_t seed);

}  // namespace lethe::report
