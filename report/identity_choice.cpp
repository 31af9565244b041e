#include "report/identity_choice.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "core/error.h"

namespace lethe::report {
namespace {

/// "a, b and c".
std::string enumerated(const std::set<std::string>& words) {
  std::string text;
  std::size_t index = 0;
  for (const auto& word : words) {
    if (index > 0) text += index + 1 == words.size() ? " and " : ", ";
    text += word;
    ++index;
  }
  return text;
}

std::set<std::string> without(std::set<std::string> words, const std::string& word) {
  words.erase(word);
  return words;
}

}  // namespace

IdentityChoice::IdentityChoice(std::optional<core::Inspection> inspection, std::set<std::string> requested)
    : inspection_(std::move(inspection)), requested_(std::move(requested)) {
  if (!inspection_) return;
  for (std::size_t i = 0; i < inspection_->cells.size(); ++i) index_.try_emplace(inspection_->cells[i].cell, i);
}

const core::CellFacts* IdentityChoice::facts_of(const core::GridCell& cell) const {
  const auto found = index_.find(cell);
  return found == index_.end() ? nullptr : &inspection_->cells[found->second];
}

std::string IdentityChoice::edits_of(const core::GridCell& cell, const std::set<std::string>& there, Remarks& remarks) {
  const auto* facts = facts_of(cell);
  return choose(cell.name() + ": edits", there, facts ? std::optional(facts->edit_identity) : std::nullopt, remarks);
}

std::string IdentityChoice::reductions_of(const core::GridCell& cell, core::ReductionPart part,
                                          const std::set<std::string>& there, Remarks& remarks) {
  std::optional<std::string> named;
  if (const auto* facts = facts_of(cell)) {
    // A run that does not ask for the part any more says nothing of what an earlier one left.
    const auto identity = facts->reduction_identities.find(part);
    if (identity != facts->reduction_identities.end()) named = identity->second;
  }
  return choose(cell.name() + ": " + std::string(core::to_string(part)) + " reductions", there, named, remarks);
}

std::string IdentityChoice::baseline_of(const std::string& model, const std::set<std::string>& there,
                                        Remarks& remarks) {
  std::optional<std::string> named;
  if (inspection_) {
    const auto* facts = inspection_->find_prerequisite("baseline", model);
    named = facts == nullptr ? "" : facts->identity();
  }
  return choose(model + ": answers of the unedited model", there, named, remarks);
}

std::string IdentityChoice::requests_of(const core::GridCell& cell, const std::string& edit_identity) const {
  const auto* facts = facts_of(cell);
  if (facts == nullptr || facts->edit_identity != edit_identity) return {};
  const auto found = facts->edit_identity_fields.find("requests");
  return found == facts->edit_identity_fields.end() ? std::string() : found->second;
}

std::string IdentityChoice::choose(const std::string& what, const std::set<std::string>& there,
                                   const std::optional<std::string>& named, Remarks& remarks) {
  std::set<std::string> asked_for;
  std::ranges::set_intersection(there, requested_, std::inserter(asked_for, asked_for.end()));
  found_.insert(asked_for.begin(), asked_for.end());
  if (asked_for.size() > 1) {
    throw core::ConfigError("--identity: " + enumerated(asked_for) + " are both of " + what + "; name one of them");
  }
  if (!asked_for.empty()) {
    const auto& chosen = *asked_for.begin();
    if (named != chosen) remarks.notes.push_back(what + " are those of identity " + chosen + ", as asked for");
    return chosen;
  }
  if (named) {
    if (const auto others = without(there, *named); !others.empty()) {
      remarks.notes.push_back(what + " made with other settings (identity " + enumerated(others) +
                              ") lie beside those of this experiment and are not shown; `--identity ID` shows them");
    }
    return *named;
  }
  if (there.size() > 1) {
    remarks.left_out.push_back(what + " of several settings (identities " + enumerated(there) +
                               ") lie side by side, and no inspection.json names this experiment's: name one "
                               "with `--identity ID`, or let `lethe sweep` go over the folder once more");
    return {};
  }
  return there.empty() ? std::string() : *there.begin();
}

std::set<std::string> IdentityChoice::not_found() const {
  std::set<std::string> missing;
  std::ranges::set_difference(requested_, found_, std::inserter(missing, missing.end()));
  return missing;
}

}  // namespace lethe::report
