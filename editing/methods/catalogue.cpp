#include "editing/methods/catalogue.h"

#include "editing/methods/method_list.h"

namespace lethe::editing {
namespace {

template <typename Config>
std::unique_ptr<core::MethodSettings> defaults_of(std::string_view name, core::Fidelity fidelity) {
  return std::make_unique<SettingsOf<Config>>(std::string(name), Config::defaults(fidelity));
}

template <typename... Configs>
std::vector<core::MethodCatalogue::Row> rows_of(ConfigList<Configs...> /*all*/) {
  std::vector<core::MethodCatalogue::Row> rows;
  const auto add = [&]<typename Config>(const Config* /*type*/) {
    for (const auto* name : Config::kNames) rows.push_back({name, defaults_of<Config>});
  };
  (add(static_cast<const Configs*>(nullptr)), ...);
  return rows;
}

}  // namespace

const core::MethodCatalogue& catalogue() {
  static const core::MethodCatalogue all(rows_of(MethodConfigs{}));
  return all;
}

}  // namespace lethe::editing
