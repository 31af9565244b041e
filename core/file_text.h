#pragma once

#include <filesystem>
#include <string>

#include "core/unique_fd.h"

namespace lethe::core {

/// Opens a regular file of a sweep's folder, links followed. Throws `StorageError` with path and cause: what is a
/// folder or a pipe is refused, never waited for. Files that a user names: `open_input_file`.
UniqueFd open_regular_file(const std::filesystem::path& path);
/// Opens a file of a sweep's folder to write at its end, and makes it if it is not there. Nothing is written through a
/// link, and no reader of a pipe is waited for: both are a `StorageError` with path and cause.
UniqueFd open_to_append(const std::filesystem::path& path);
/// Throws `StorageError` for a call that has just failed, with errno as its cause.
[[noreturn]] void throw_read_error(const std::filesystem::path& path);

/// All of a regular file, links followed. Throws `StorageError` with path and cause: what is a folder or a pipe is
/// refused, never waited for.
std::string text_of_file(const std::filesystem::path& path);

}  // namespace lethe::core
