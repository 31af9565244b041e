#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/contract/inspection.h"
#include "report/remarks.h"

namespace lethe::report {

/// Which of the results that lie side by side are reported: those asked for by identity, else those that the newest
/// run named in inspection.json, else those that lie alone. Times of files decide nothing.
class IdentityChoice {
 public:
  /// `requested` are identities of edits, reductions or baselines.
  explicit IdentityChoice(std::optional<core::Inspection> inspection = std::nullopt,
                          std::set<std::string> requested = {});

  /// Each says which of the identities `there` is taken, and why in `remarks`; empty if none.
  [[nodiscard]] std::string edits_of(const core::GridCell& cell, const std::set<std::string>& there, Remarks& remarks);
  [[nodiscard]] std::string reductions_of(const core::GridCell& cell, core::ReductionPart part,
                                          const std::set<std::string>& there, Remarks& remarks);
  [[nodiscard]] std::string baseline_of(const std::string& model, const std::set<std::string>& there, Remarks& remarks);

  /// What stands for the facts of a cell's sample, their contents and their order, in the edit identity: a digest.
  /// Empty where the newest run did not say, and for edits of another identity than it named.
  [[nodiscard]] std::string requests_of(const core::GridCell& cell, const std::string& edit_identity) const;

  /// Requested identities under which nothing was found.
  [[nodiscard]] std::set<std::string> not_found() const;

 private:
  std::optional<core::Inspection> inspection_;
  std::map<core::GridCell, std::size_t> index_;  ///< into the inspection's cells
  std::set<std::string> requested_;
  std::set<std::string> found_;

  /// The newest run's word on a cell; null where it has none.
  [[nodiscard]] const core::CellFacts* facts_of(const core::GridCell& cell) const;
  /// `named`: by the newest run, empty for none at all; nullopt where it did not say.
  [[nodiscard]] std::string choose(const std::string& what, const std::set<std::string>& there,
                                   const std::optional<std::string>& named, Remarks& remarks);
};

}  // namespace lethe::report
