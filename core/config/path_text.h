#pragma once

#include <string>
#include <string_view>

namespace lethe::core::inline config {

/// A path as a person writes it, with a leading ~, $NAME and ${NAME} replaced as a shell does. A dollar before anything
/// else stands for itself. `unknown` is set to the first of them that has no value, in words.
std::string expand_path(std::string_view text, std::string& unknown);

}  // namespace lethe::core::inline config
