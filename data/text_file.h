#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace lethe::data {

/// All bytes of a file, without a leading UTF-8 byte order mark. Throws `core::DataError` if it is no readable
/// file or is of a form that is no text (`core::foreign_form`).
std::string read_text_file(const std::filesystem::path& path);

/// `text` cut to `max_bytes` and safe in a one-line message: invalid UTF-8 replaced, control characters blanked.
std::string excerpt(std::string_view text, std::size_t max_bytes = 40);

/// Takes the next line off `rest` (without "\n" or "\r\n").
std::string_view take_line(std::string_view& rest);

}  // namespace lethe::data
