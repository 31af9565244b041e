#include "ledger/real_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// Of a sweep's folder, those that lethe writes into; `report` has a writer of its own.
constexpr const char* kWrittenFolders[] = {"cells", "prerequisites", "owners", "logs", "cancelled"};

[[noreturn]] void fail_with_errno(const fs::path& path, const std::string& what) {
  const std::error_code cause(errno, std::generic_category());
  throw core::StorageError(path.string() + ": cannot " + what + ": " + cause.message(), cause);
}

/// A name that stays in its folder.
const char* plain(const fs::path& folder, const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    throw core::StorageError(folder.string() + ": \"" + name + "\" is no plain name of a file in it");
  }
  return name.c_str();
}

core::UniqueFd open_real(int parent, const char* name, const fs::path& path) {
  if (::mkdirat(parent, name, 0777) != 0 && errno != EEXIST) fail_with_errno(path, "be created");
  core::UniqueFd folder(::openat(parent, name, kFolderFlags));
  if (folder) return folder;
  if (errno != ENOTDIR && errno != ELOOP) fail_with_errno(path, "be opened");
  throw core::StorageError(path.string() +
                           ": is a link or a file in the place of a folder, and nothing is written through a link; "
                           "remove it, or move it away");
}

/// What names a link, without following it.
bool is_linked_folder(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.is_symlink(ignored) && fs::is_directory(entry.path(), ignored);
}

void find_linked_folders(const fs::path& folder, std::string& found) {
  const auto add = [&](const fs::path& path) { found += (found.empty() ? "" : ", ") + path.string(); };
  std::error_code error;
  const fs::directory_entry top(folder, error);
  if (is_linked_folder(top)) return add(folder);
  fs::recursive_directory_iterator entry(folder, error);  // follows no links
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (is_linked_folder(*entry)) add(entry->path());
  }
}

}  // namespace

RealFolder RealFolder::make(const fs::path& path) {
  core::UniqueFd folder = open_real(AT_FDCWD, path.c_str(), path);
  return {path, std::move(folder)};
}

RealFolder RealFolder::make_folder(const std::string& name) const {
  core::UniqueFd folder = open_real(folder_.get(), plain(path_, name), path_ / name);
  return {path_ / name, std::move(folder)};
}

std::optional<RealFolder> RealFolder::find_folder(const std::string& name) const {
  core::UniqueFd folder(::openat(folder_.get(), plain(path_, name), kFolderFlags));
  if (!folder) return std::nullopt;
  return RealFolder(path_ / name, std::move(folder));
}

RealFolder RealFolder::make_unique_folder(const std::string& prefix) const {
  auto pattern = (path_ / (prefix + "XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) fail_with_errno(pattern, "be created");
  const auto name = fs::path(pattern).filename();
  core::UniqueFd folder(::openat(folder_.get(), name.c_str(), kFolderFlags));
  if (!folder) fail_with_errno(pattern, "be opened");
  return {pattern, std::move(folder)};
}

bool RealFolder::has_file(const std::string& name) const {
  struct stat info {};
  return ::fstatat(folder_.get(), plain(path_, name), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
}

std::optional<std::string> RealFolder::read(const std::string& name) const {
  if (!has_file(name)) return std::nullopt;
  const core::UniqueFd file(
      ::openat(folder_.get(), plain(path_, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) fail_with_errno(path_ / name, "be read");
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_with_errno(path_ / name, "be read");
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void RealFolder::remove(const std::string& name) const {
  if (::unlinkat(folder_.get(), plain(path_, name), 0) != 0 && errno != ENOENT)
    fail_with_errno(path_ / name, "be removed");
}

void RealFolder::take(const RealFolder& from, const std::string& name) const {
  const auto* file = plain(path_, name);
  if (::renameat(from.folder_.get(), file, folder_.get(), file) != 0) fail_with_errno(path_ / name, "be replaced");
}

void refuse_linked_folders(const fs::path& sweep_folder) {
  std::string found;
  for (const auto* name : kWrittenFolders) find_linked_folders(sweep_folder / name, found);
  if (found.empty()) return;
  throw core::StorageError(found +
                           ": is a symbolic link, and a sweep writes into no folder through a link inside its own; "
                           "move the folder here that it leads to, or name that one with --out");
}

}  // namespace lethe::ledger
