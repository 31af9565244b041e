#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "ledger/temporary_file.h"

// The commit protocol (design 2): a file is written under a temporary name in its folder, closed, fsynced,
// published by link + unlink under a name that carries its digest, and the folder is fsynced. One writer,
// written once, never replaced. File name: "<stem>-<32 hex digits><extension>".

namespace lethe::ledger {

struct CommittedFile {
  std::filesystem::path path;
  std::string stem;
  core::Digest digest;
};

/// Writes all of a file at the path it is given, and closes it.
using FileWriter = std::function<void(const std::filesystem::path& temporary)>;

/// Writes a file of `folder` with `write` and publishes it under its stem. A writer that throws leaves nothing behind.
/// How a result comes into a sweep's folder, from every task.
CommittedFile commit_file(const std::filesystem::path& folder, std::string_view stem, const FileWriter& write,
                          std::string_view extension = ".h5");

/// Publishes a closed temporary file. If a file of the same stem and digest is already there, the temporary one
/// is removed and that file returned (it is read again: a damaged one throws). Another digest under the same stem
/// throws `core::StorageError`, and the temporary file goes to quarantine. Of two writers who break the rule of one
/// writer and publish different contents at the same moment, at most one succeeds; both may fail.
CommittedFile publish(const std::filesystem::path& temporary, std::string_view stem,
                      std::string_view extension = ".h5");

/// Writes a file with `write`, which also makes it durable, and puts it as a whole in the place of the former one.
void replace_file(const std::filesystem::path& path, const FileWriter& write);
/// Writes text to a file that is replaced as a whole (STATE, status.json): temporary, fsync, rename, fsync.
void replace_text(const std::filesystem::path& path, std::string_view text);

/// All of a file that a sweep keeps in its folder beside the committed ones. Throws `core::StorageError`.
std::string read_text(const std::filesystem::path& path);

/// Splits a committed file's name; nullopt for any other name.
std::optional<CommittedFile> parse_committed(const std::filesystem::path& path);

/// All committed files of a folder, sorted by name; empty if the folder does not exist. Temporary files and
/// other names are left out. A read error throws `core::StorageError`: it is never taken for "nothing there".
std::vector<CommittedFile> committed_files(const std::filesystem::path& folder);

/// The committed file of a stem; nullopt if there is none. Of two (two writers) the first by name.
std::optional<CommittedFile> find_committed(const std::filesystem::path& folder, std::string_view stem);

/// Re-reads a file and compares with the digest in its name. Returns what is wrong with it; nullopt if nothing is. A
/// file that cannot be read throws `core::StorageError`: it may be sound.
std::optional<std::string> damage_of(const CommittedFile& file);
/// Throws `core::StorageError` on damage.
void check_digest(const CommittedFile& file);

/// Moves a file into `<folder>/quarantine/`, with a `.reason.txt` beside it; never deletes, never replaces what is
/// there already (a number is added to the name).
void quarantine(const std::filesystem::path& file, std::string_view reason);

}  // namespace lethe::ledger
