#pragma once

#include <string>

#include "core/utf8.h"

namespace lethe::data {

using core::code_point_at;
using core::CodePoint;
using core::first_invalid_utf8;
using core::replace_invalid_utf8;

void append_utf8(char32_t code_point, std::string& text);

}  // namespace lethe::data
