#include "ledger/collapse_file.h"

#include <nlohmann/json.hpp>

#include "core/collapse_rule.h"
#include "core/json_object.h"

namespace lethe::ledger {

std::string collapse_text(std::int64_t edit) {
  return core::dump_json(nlohmann::json{{"collapsed_at", edit}, {"rule_version", core::CollapseRule::kVersion}}, 1) +
         "\n";
}

std::optional<std::string> flaw_of(const CollapseFile& collapse) {
  if (auto damage = damage_of(collapse.file)) return damage;
  if (core::digest_of(collapse_text(collapse.edit)) == collapse.file.digest) return std::nullopt;
  return collapse.file.path.string() + ": is not what version " + std::to_string(core::CollapseRule::kVersion) +
         " of the rule says of a collapse at edit " + std::to_string(collapse.edit);
}

}  // namespace lethe::ledger
