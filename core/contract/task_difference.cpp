#include "core/contract/task_difference.h"

#include <set>

namespace lethe::core::inline contract {

std::vector<std::string> differing_fields(const TaskFacts& one, const TaskFacts& other) {
  const auto prefix = "task." + other.name + ".";
  std::set<std::string> fields;
  for (const auto* facts : {&one, &other}) {
    const auto& others = (facts == &one ? other : one).identity_fields;
    for (const auto& [field, value] : facts->identity_fields) {
      const auto found = others.find(field);
      if (found != others.end() && found->second == value) continue;
      fields.insert(field.starts_with(prefix) ? field.substr(prefix.size()) : field);
    }
  }
  return {fields.begin(), fields.end()};
}

}  // namespace lethe::core::inline contract
