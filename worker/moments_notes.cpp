#include "worker/moments_notes.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "core/error.h"
#include "editing/condition_number.h"
#include "storage/second_moment_file.h"
#include "storage/statement.h"
#include "worker/planning/prerequisite_kinds.h"

namespace lethe::worker {
namespace {

std::optional<std::string> value_of(const storage::Provenance& provenance, const char* key) {
  const auto found = provenance.find(key);
  return found == provenance.end() ? std::nullopt : std::optional(found->second);
}

bool puts_digits_at_stake(const std::string& condition) {
  return condition == editing::kSingular || std::strtod(condition.c_str(), nullptr) >= editing::kDigitsAtStake;
}

std::string condition_line(const std::string& place, const std::string& condition) {
  const auto line = place + ": condition number " + condition;
  if (!puts_digits_at_stake(condition)) return line;
  return line + ", above " + editing::condition_text(editing::kDigitsAtStake) +
         ": rounding decides digits of ROME's and MEMIT's updates, and the published programs, which invert in fp32, "
         "give "
         "visibly other ones. Compare scores, not weights (docs/parity.md); more tokens lower it";
}

}  // namespace

void note_condition(storage::Provenance& provenance, const Workspace& workspace, const std::string& model,
                    const editing::SecondMoment& moment, int layer) {
  const auto& config = workspace.config();
  const bool is_on_host = core::keeps_factors_on_host(config, config.model(model));
  try {
    const editing::MomentFactor factor(moment, layer, is_on_host ? torch::Device(torch::kCPU) : device_of(config));
    note_condition(provenance, editing::condition_text(editing::condition_number(factor)));
  } catch (const core::DataError&) {
    note_condition(provenance, editing::kSingular);
  }
}

void note_condition(storage::Provenance& provenance, const std::string& condition) {
  provenance[kConditionKey] = condition;
  provenance[storage::kStatementKey] = "condition number " + condition;
}

void note_tokens_cut(storage::Provenance& provenance, std::int64_t num_tokens, std::int64_t num_tokens_cut) {
  provenance[kTokensCutKey] = std::to_string(num_tokens_cut) + " of " + std::to_string(num_tokens + num_tokens_cut);
}

std::vector<std::string> moments_notes(Workspace& workspace, const std::string& model) {
  std::vector<std::string> notes;
  const auto* facts = workspace.inspection().find_prerequisite(kMomentsKind, model);
  if (facts == nullptr || facts->folder.empty()) return notes;
  std::optional<std::string> tokens_cut;
  for (const auto& file : ledger::committed_files(workspace.folder().root() / facts->folder)) {
    if (std::ranges::find(facts->stems, file.stem) == facts->stems.end()) continue;
    try {
      const auto provenance = storage::read_second_moment_provenance(file);
      if (const auto condition = value_of(provenance, kConditionKey)) {
        notes.push_back(condition_line("second moments of " + model + ", " + file.stem, *condition));
      }
      if (const auto cut = value_of(provenance, kTokensCutKey)) tokens_cut = cut;
    } catch (const core::Error&) {
      continue;  // verify and the run say what is wrong with a committed file
    }
  }
  if (tokens_cut && !tokens_cut->starts_with("0 ")) {
    notes.push_back("second moments of " + model + ": " + *tokens_cut +
                    " tokens stood beyond the model's positions and were not summed");
  }
  return notes;
}

}  // namespace lethe::worker
