#pragma once

#include <filesystem>
#include <string>

namespace lethe::core {

/// All of a regular file, links followed. Throws `StorageError` with path and cause: what is a folder or a pipe is
/// refused, never waited for.
std::string text_of_file(const std::filesystem::path& path);

}  // namespace lethe::core
