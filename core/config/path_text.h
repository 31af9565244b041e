#pragma once

#include <string>
#include <string_view>

namespace lethe::core::inline config {

/// A path as a person writes it, with a leading ~, $NAME and ${NAME} replaced as a shell does. A dollar before anything
/// else stands for itself. `problem` is set to what is wrong with the first part that cannot be replaced, with the
/// remedy: a variable that is not set, and what a shell does beyond this (~anna, ${NAME:-other}), which would otherwise
/// be taken for a file's name.
std::string expand_path(std::string_view text, std::string& problem);

}  // namespace lethe::core::inline config
