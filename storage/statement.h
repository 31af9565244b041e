#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace lethe::storage {

/// Key of /provenance: what a file says of its contents to people, in a line ("condition number 5.7e+02").
inline constexpr const char* kStatementKey = "statement";

/// The statement of the committed file `stem` of a folder, of any schema; nullopt where there is no file, or it makes
/// none. Attributes alone are read, the digest is not checked: a second moment has gigabytes, and nothing is decided by
/// a line for people. Throws `core::StorageError` for a file that cannot be read.
std::optional<std::string> read_statement(const std::filesystem::path& folder, const std::string& stem);

}  // namespace lethe::storage
