#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lethe::ledger {

/// Something that the commit protocol or the inputs need of a file system, tried.
struct FolderTrial {
  std::string what;     ///< "a hard link is refused where the name is taken"
  std::string trouble;  ///< why it does not hold; empty if it does
};

/// Tries in a new folder inside of `folder`, which is removed again: files that are made durable, names that are given
/// once, links, mappings, long names, a beat that is read back. Never throws: a folder that takes no files is a trouble
/// of the first trial, and the others are left out then.
std::vector<FolderTrial> try_folder(const std::filesystem::path& folder);

/// Of its file system: bytes and files that may still be written by this user; negative where it does not say.
struct FolderRoom {
  std::int64_t free_bytes = -1;
  std::int64_t free_files = -1;
};
FolderRoom room_in(const std::filesystem::path& folder);

}  // namespace lethe::ledger
