#include "ledger/durable_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/fault.h"
#include "core/unique_fd.h"

namespace lethe::ledger {
namespace {

[[noreturn]] void throw_error(const std::filesystem::path& path, const std::string& what, std::error_code code) {
  throw core::StorageError(path.string() + ": cannot " + what + ": " + code.message() + remedy_of(code), code);
}

[[noreturn]] void throw_last_error(const std::filesystem::path& path, const std::string& what) {
  throw_error(path, what, {errno, std::generic_category()});
}

/// An open file or folder whose every call is checked.
class OpenFile {
 public:
  OpenFile(const std::filesystem::path& path, int flags, const std::string& what)
      : path_(path), fd_(opened(path, flags)) {
    if (!fd_) throw_last_error(path, what);
  }

  void write_all(std::string_view text) const {
    while (!text.empty()) {
      const auto count = core::write_at("file.write", text.size(),
                                        [&](std::size_t size) { return ::write(fd_.get(), text.data(), size); });
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_last_error(path_, "be written");
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void sync() const { check_sync(core::fails_at("file.sync") ? -1 : ::fsync(fd_.get())); }
  void sync_entries() const { check_sync(core::fails_at("folder.sync") ? -1 : ::fsync(fd_.get())); }
  /// NFS reports a failed delayed write only here.
  void close() {
    const bool fails = core::fails_at("file.close");
    const int code = errno;
    const bool is_closed = ::close(fd_.release()) == 0 || errno == EINTR;
    if (fails) errno = code;
    if (fails || !is_closed) throw_last_error(path_, "be closed");
  }

 private:
  std::filesystem::path path_;
  core::UniqueFd fd_;

  static int opened(const std::filesystem::path& path, int flags) {
    if ((flags & O_CREAT) != 0 && core::fails_at("file.create")) return -1;
    return ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  }
  void check_sync(int result) const {
    // Some network file systems know no fsync of a folder and say EINVAL; there is nothing more to be done there.
    if (result != 0 && errno != EINVAL && errno != ENOTSUP) throw_last_error(path_, "be made durable (fsync)");
  }
};

/// Over NFS a link whose answer was lost is sent again, and then fails although it was made. Keeps errno.
bool are_one_file(const std::filesystem::path& one, const std::filesystem::path& other) {
  const int code = errno;
  struct stat first {};
  struct stat second {};
  const bool are_there = ::lstat(one.c_str(), &first) == 0 && ::lstat(other.c_str(), &second) == 0;
  errno = code;
  return are_there && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

struct CloseListing {
  void operator()(DIR* listing) const { ::closedir(listing); }
};

/// `kind` as the listing has it; it need not know.
bool is_regular(const std::filesystem::path& path, unsigned char kind) {
  if (kind == DT_REG) return true;
  if (kind != DT_UNKNOWN && kind != DT_LNK) return false;
  std::error_code error;
  const bool is_file = std::filesystem::is_regular_file(path, error);
  // A file may be published or moved away while its folder is being listed; a loop of links leads to none.
  const bool leads_nowhere =
      error == std::errc::no_such_file_or_directory || error == std::errc::too_many_symbolic_link_levels;
  if (error && !leads_nowhere) throw_error(path.parent_path(), "be listed", error);
  return is_file;
}

}  // namespace

std::string remedy_of(std::error_code error) {
  switch (error.value()) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space and run again";
    case EACCES:
    case EPERM:
      return "; check the folder's permissions";
    case EROFS:
      return "; its file system takes no writing";
    default:
      return "";
  }
}

void write_new_file(const std::filesystem::path& path, std::string_view text) {
  write_new_file(path, std::span(&text, 1));
}

void write_new_file(const std::filesystem::path& path, std::span<const std::string_view> parts) {
  OpenFile file(path, O_WRONLY | O_CREAT | O_EXCL, "be created");
  try {
    for (const auto part : parts) file.write_all(part);
    file.sync();
    file.close();
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
}

void sync_file(const std::filesystem::path& path) {
  OpenFile file(path, O_RDONLY, "be opened");
  file.sync();
  file.close();
}

void sync_folder(const std::filesystem::path& folder) {
  const OpenFile entries(folder, O_RDONLY | O_DIRECTORY, "be opened as a folder");
  entries.sync_entries();
}

std::vector<std::filesystem::path> regular_files(const std::filesystem::path& folder, std::string_view beginning) {
  std::vector<std::filesystem::path> files;
  if (core::fails_at("folder.list")) throw_last_error(folder, "be listed");
  const std::unique_ptr<DIR, CloseListing> listing(::opendir(folder.c_str()));
  if (!listing) {
    if (errno == ENOENT) return files;
    throw_last_error(folder, "be listed");
  }
  while (true) {
    errno = 0;  // tells an error from the end
    const auto* entry = ::readdir(listing.get());
    if (entry == nullptr && errno != 0) throw_last_error(folder, "be listed");
    if (entry == nullptr) break;
    const auto* name = static_cast<const char*>(entry->d_name);
    if (!std::string_view(name).starts_with(beginning)) continue;
    auto path = folder / name;
    if (is_regular(path, entry->d_type)) files.push_back(std::move(path));
  }
  // Paths of one folder differ in their names alone; comparing paths as such would take them apart each time.
  std::ranges::sort(files, {}, [](const std::filesystem::path& path) -> const std::string& { return path.native(); });
  return files;
}

void remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_last_error(path, "be removed");
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw_error(folder, "be created", error);
}

void make_folder_below(const std::filesystem::path& root, const std::filesystem::path& folder) {
  auto path = root;
  for (const auto& part : folder.lexically_relative(root)) {
    path /= part;
    if (!core::fails_at("folder.create") && ::mkdir(path.c_str(), 0777) == 0) continue;
    const std::error_code cause(errno, std::generic_category());
    if (std::filesystem::is_directory(path)) continue;
    if (cause == std::errc::no_such_file_or_directory && !std::filesystem::exists(root)) {
      throw core::StorageError(root.string() + ": is gone (removed, or its file system was taken away)", cause);
    }
    throw_error(folder, "be created", cause);
  }
}

bool move_without_replacing(const std::filesystem::path& from, const std::filesystem::path& to) {
  const bool is_linked = !core::fails_at("file.link") && ::link(from.c_str(), to.c_str()) == 0;
  if (is_linked || are_one_file(from, to)) {
    const bool is_removed = !core::fails_at("file.unlink") && ::unlink(from.c_str()) == 0;
    if (!is_removed && errno != ENOENT) throw_last_error(from, "be removed");
    return true;
  }
  if (errno == EEXIST) return false;
  const bool has_no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK;
  if (!has_no_links) throw_last_error(from, "be linked as " + to.filename().string());
  // File systems without hard links (exFAT, some FUSE ones) are local and know the atomic rename instead.
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  throw_last_error(from, "be published as " + to.filename().string() +
                             " (the file system knows neither hard links nor rename without replacing)");
}

}  // namespace lethe::ledger
