#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/grid_cell.h"

namespace lethe::core {

/// Sets up the process-wide spdlog logger: one line an entry, "time level role=<role> rank=<rank> message", messages
/// being `key=value` pairs. Standard error gets everything from rank 0 and warnings from the others; `file`, appended
/// to and flushed at each entry, gets everything. Call once in `main`; a second call replaces the first.
/// Throws `StorageError` if the file cannot be opened.
void init_logging(std::string_view role, int rank, const std::optional<std::filesystem::path>& file = std::nullopt);

/// One entry. Units that see LibTorch log through these: its wheels bring an fmt of their own, which spdlog's headers
/// must not meet.
void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

/// "cell=rome/small-gpt2/sample0".
std::string log_field(const GridCell& cell);
/// `key=value`; a value with spaces, quotes, control characters, or empty, is quoted and escaped, so that an entry
/// stays one line and can be split again.
std::string log_field(std::string_view key, std::string_view value);

}  // namespace lethe::core
