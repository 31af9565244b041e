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
  bool is_read_only = false;
};
FolderRoom room_in(const std::filesystem::path& folder);

/// What keeps a folder from taking files, as far as its file system tells, with the path in front: read-only, next to
/// no bytes left, or next to no files (inodes). Empty if it tells nothing. Writes nothing.
std::string trouble_of(const std::filesystem::path& folder);
/// The same where only a file can tell, a quota or permissions: one of 4 KiB is made durable in the folder and removed,
/// under a temporary name that the next sweep clears away if this process is killed meanwhile. Tried only where this
/// process's user owns the folder: what others may not write says nothing of what its owner may. Ask `trouble_of`
/// before: where room is scarce, this file might be what another one lacks.
std::string trouble_by_trial(const std::filesystem::path& folder);

}  // namespace lethe::ledger
