#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/config/experiment_config.h"
#include "data/edit_request.h"
#include "worker/planning/model_inputs.h"
#include "worker/planning/problem_collector.h"

namespace lethe::worker::inline planning {

/// Finds the records that a cell could not edit or score whatever the weights are, by tokenising all that its run will;
/// each record is looked at once for all cells that ask the same of it.
class RequestChecks {
 public:
  void check(const core::ExperimentConfig& config, const core::GridCell& cell,
             const std::vector<data::EditRequest>& requests, const ModelInputs& inputs);
  /// Looks for requests whose new answer is the old one: it cannot become likelier than that, whatever a method does.
  void look_at_targets(const std::vector<data::EditRequest>& requests);
  /// The first 20 as problems, and how many more there are.
  void report(const core::ExperimentConfig& config, ProblemCollector& problems) const;
  /// What is to be known of requests that can be edited: those with equal targets, and prompts of texts behind which
  /// nothing is written.
  [[nodiscard]] std::vector<std::string> notes(const core::ExperimentConfig& config) const;

 private:
  std::set<std::tuple<std::string, std::string, std::int64_t>> checked_;  ///< (model, question, case id)
  std::map<std::int64_t, std::string> bad_;                               ///< by case id
  std::set<std::int64_t> with_equal_targets_;                             ///< case ids
  std::map<std::string, std::int64_t> num_without_text_;                  ///< prompts of texts, by model

  /// Once for each (model, question, case id).
  template <typename Check>
  void ask(const std::string& model, const std::string& question, std::int64_t case_id, const Check& check);
};

}  // namespace lethe::worker::inline planning
