#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "editing/fine_tune/fine_tune_config.h"
#include "editing/memit/memit_config.h"
#include "editing/mend/mend_config.h"
#include "editing/methods/settings_of.h"
#include "editing/rome/rome_config.h"

namespace lethe::editing {

template <typename... Configs>
struct ConfigList {};

/// The methods, by their configurations: the one list of them all, in the order of documents. A new method adds its own.
using MethodConfigs = ConfigList<RomeConfig, RRomeConfig, MemitConfig, FineTuneConfig, MendConfig>;

/// Calls `visit` with the configuration, as what it is.
template <typename Visit>
auto visit_config(const core::MethodConfig& method, const Visit& visit) {
  const auto among = [&]<typename First, typename... Others>(ConfigList<First, Others...>) {
    using Result = std::invoke_result_t<const Visit&, const First&>;
    if constexpr (std::is_void_v<Result>) {
      const auto attempt = [&](const auto* config) { return config != nullptr && (visit(*config), true); };
      if (attempt(find_config<First>(method)) || (attempt(find_config<Others>(method)) || ...)) return;
    } else {
      std::optional<Result> result;
      const auto attempt = [&](const auto* config) { return config != nullptr && (result.emplace(visit(*config)), true); };
      if (attempt(find_config<First>(method)) || (attempt(find_config<Others>(method)) || ...)) {
        return std::move(*result);
      }
    }
    throw core::ConfigError(method.method() + ": is in no list of methods");
  };
  return among(MethodConfigs{});
}

}  // namespace lethe::editing
