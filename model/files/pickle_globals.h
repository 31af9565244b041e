#pragma once

#include <optional>
#include <string_view>

namespace lethe::model::inline files {

/// The fixed spelling of a global ("module.name") that a checkpoint may name; none of them is called. Absent for all
/// others.
[[nodiscard]] std::optional<std::string_view> allowed_pickle_global(std::string_view name);

/// Of the allowed globals: calls whose result stays unread.
[[nodiscard]] bool is_inert_pickle_call(std::string_view name);

/// Of the allowed globals: classes whose objects stay unread.
[[nodiscard]] bool is_inert_pickle_class(std::string_view name);

}  // namespace lethe::model::inline files
