#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "core/unique_fd.h"

namespace lethe::core {

/// Opens a file that a user names for reading. Never waits: a FIFO, a device, a socket or a folder is refused, and so
/// is a pointer of Git LFS, Xet or git-annex, which every format would report as damage of its own kind. Throws
/// `DataError` with path and remedy.
UniqueFd open_input_file(const std::filesystem::path& path);

/// All of a file of at most `max_bytes`, for files whose honest forms are small; throws `DataError` for a larger one.
std::string read_input_file(const std::filesystem::path& path, std::size_t max_bytes);

/// The same checks, for what opens the file by a library.
void check_input_file(const std::filesystem::path& path);

}  // namespace lethe::core
