#pragma once

#include <cstdint>
#include <optional>

#include "core/metric_record.h"

namespace lethe::core {

/// When a model that is being edited has lost its language, by the records of its edits alone. Page's CUSUM (E. S. Page
/// 1954, "Continuous inspection schemes", Biometrika 41, 100-115) of what each record's neighbourhood prompts cost in
/// nats, against nine tenths of what a uniform guess over the vocabulary costs. A model above that for long knows
/// nothing of prompts of which nobody changed the answer. What decided each constant: docs/findings.md.
struct CollapseRule {
  static constexpr std::int64_t kVersion = 1;  ///< to be raised with any change of what the rule says of some records

  double share_of_uniform = 0.9;  ///< of ln V: records above it speak for a collapse, those below against it
  double most_nats = 5.0;    ///< that one record counts at most, either way; what is not finite counts so much for it
  double alarm_nats = 20.0;  ///< the sum at which it is certain: of four records at the least
};

/// The fold of the rule over a cell's records. Says the same wherever the records are cut into pieces.
class CollapseDetector {
 public:
  /// `vocabulary`: tokens that the model chooses among.
  explicit CollapseDetector(std::int64_t vocabulary, const CollapseRule& rule = {});

  /// The next edit's record; `is_step_end`: the last of those that were made in one step, and so scored with one model.
  /// A record without neighbourhood prompts says nothing.
  void add(const MetricRecord& record, bool is_step_end);

  /// The edit, the last of its step, at which the collapse was certain. Later records change nothing about it.
  [[nodiscard]] std::optional<std::int64_t> collapsed_at() const { return collapsed_at_; }

 private:
  CollapseRule rule_;
  double reference_nats_;
  double sum_nats_ = 0.0;
  bool is_certain_ = false;  ///< within the step at hand
  std::optional<std::int64_t> collapsed_at_;
};

}  // namespace lethe::core
