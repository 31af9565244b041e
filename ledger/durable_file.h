#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// Checked POSIX calls below the commit protocol. Every failure throws `core::StorageError` with path and reason.

namespace lethe::ledger {

/// Creates a file that must not exist yet, writes all of `text` and makes it durable. It is whole or not there: what
/// was written before a failure is removed.
void write_new_file(const std::filesystem::path& path, std::string_view text);
/// The same with the contents in parts, one after the other.
void write_new_file(const std::filesystem::path& path, std::span<const std::string_view> parts);

/// fsync of a file's contents, or of a folder's entries.
void sync_file(const std::filesystem::path& path);
void sync_folder(const std::filesystem::path& folder);

/// Regular files of a folder whose names begin so, sorted by name; empty if the folder does not exist. What cannot be
/// listed is never taken for "nothing there". Names that begin otherwise cost next to nothing.
std::vector<std::filesystem::path> regular_files(const std::filesystem::path& folder, std::string_view beginning = {});

/// What to do about an error of a write, as the end of a message: "; free some space and run again"; empty where that
/// is not known.
std::string remedy_of(std::error_code error);

/// Removes a file; no error if it is gone already.
void remove_file(const std::filesystem::path& path);

/// Creates a folder with its parents; no error if it is there.
void make_folder(const std::filesystem::path& folder);
/// Creates `folder`, which lies below `root`, with what is missing between the two; no error if it is there. `root`
/// itself is never made: a folder that was removed, or whose file system was taken away, must not come back with a part
/// of its files.
void make_folder_below(const std::filesystem::path& root, const std::filesystem::path& folder);

/// Gives `from` the name `to`, which must be in the same folder tree and is never replaced. Returns false if `to`
/// exists; then `from` keeps its name.
bool move_without_replacing(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace lethe::ledger
