#pragma once

#include <string>
#include <string_view>

namespace lethe::report {

/// Plain text as LaTeX prints it, in any encoding of its fonts and without a package: no character is a command. Those
/// that it cannot print by itself come as [U+4E2D], bytes that are no UTF-8 as [?].
std::string latex_text(std::string_view plain);

}  // namespace lethe::report
