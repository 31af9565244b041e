#include "app/unknown_verb.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/nearest_word.h"

namespace lethe::app {

std::optional<std::string> unknown_verb(const CLI::App& app, int argc, const char* const* argv) {
  std::string path = "lethe";
  const CLI::App* parent = &app;
  for (int i = 1; i < argc && !std::string_view(argv[i]).starts_with('-'); ++i) {
    const auto verbs = parent->get_subcommands(nullptr);
    if (verbs.empty()) return std::nullopt;
    const auto found = std::ranges::find(verbs, argv[i], [](const CLI::App* verb) { return verb->get_name(); });
    if (found == verbs.end()) {
      std::vector<std::string> names;
      for (const auto* verb : verbs) names.push_back(verb->get_name());
      const auto near = core::suggestion(argv[i], names);
      return path + " has no verb \"" + argv[i] + "\"" + (near.empty() ? ";" : near) + " `" + path +
             " --help` lists them";
    }
    path += " " + std::string(argv[i]);
    parent = *found;
  }
  return std::nullopt;
}

}  // namespace lethe::app
