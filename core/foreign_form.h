#pragma once

#include <string_view>

namespace lethe::core {

/// What a file is that should be text in UTF-8 and is not, by its first bytes, with the remedy: "is compressed; unpack
/// it (gunzip)". Empty for text, and for what is not known.
std::string_view foreign_form(std::string_view begin);

}  // namespace lethe::core
