#include "ledger/folder_probe.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>

#include "core/error.h"
#include "core/file_text.h"
#include "core/unique_fd.h"
#include "ledger/durable_file.h"
#include "ledger/temporary_file.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;

std::string last_error() { return std::strerror(errno); }

std::string try_durable_file(const fs::path& folder) {
  write_new_file(folder / "first", "first");
  sync_folder(folder);
  return core::text_of_file(folder / "first") == "first" ? "" : "it was read back with other contents";
}

/// Ownership and publishing rest on it: of several who give a name, one gets it.
std::string try_names_that_are_taken(const fs::path& folder) {
  write_new_file(folder / "second", "second");
  if (move_without_replacing(folder / "second", folder / "first")) return "the file that had the name was replaced";
  if (!move_without_replacing(folder / "second", folder / "third")) return "a free name was refused";
  return core::text_of_file(folder / "third") == "second" ? "" : "the file has other contents under its new name";
}

std::string try_links(const fs::path& folder) {
  const auto target = folder / "linked";
  if (::link((folder / "first").c_str(), target.c_str()) != 0) return last_error();
  if (::link((folder / "third").c_str(), target.c_str()) == 0) return "a second link took a name that was taken";
  return errno == EEXIST ? "" : last_error();
}

std::string try_mapping(const fs::path& folder) {
  const core::UniqueFd file(::open((folder / "first").c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return last_error();
  void* const mapped = ::mmap(nullptr, 5, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0);
  if (mapped == MAP_FAILED) return last_error();
  const bool is_right = std::memcmp(mapped, "first", 5) == 0;
  ::munmap(mapped, 5);
  return is_right ? "" : "the mapping shows other contents";
}

std::string try_long_name(const fs::path& folder) {
  // Of a quarantined segment with its identity and number; cells' folders are as long.
  constexpr std::size_t kLongest = 200;
  write_new_file(folder / std::string(kLongest, 'n'), "");
  return "";
}

/// An owner's beat is written in place, and read by others through a descriptor of their own.
std::string try_beat(const fs::path& folder) {
  const core::UniqueFd writer(::open((folder / "first").c_str(), O_WRONLY | O_CLOEXEC));
  if (writer.get() < 0) return last_error();
  if (::pwrite(writer.get(), "beats", 5, 0) != 5) return last_error();
  return core::text_of_file(folder / "first") == "beats" ? "" : "what is written in place is not seen by a reader";
}

struct Trial {
  const char* what;
  std::function<std::string(const fs::path&)> run;
};

FolderTrial outcome_of(const Trial& trial, const fs::path& folder) {
  try {
    return {trial.what, trial.run(folder)};
  } catch (const std::exception& error) {
    return {trial.what, error.what()};
  }
}

}  // namespace

std::vector<FolderTrial> try_folder(const fs::path& folder) {
  auto pattern = (folder / ".lethe-doctor-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return {{"takes new folders", last_error()}};
  const fs::path room(pattern);
  const std::vector<Trial> trials{
      {"keeps files durably (fsync of files and folders)", try_durable_file},
      {"gives a name only once (rename without replacing)", try_names_that_are_taken},
      {"has hard links, and refuses one where the name is taken", try_links},
      {"maps files into memory", try_mapping},
      {"takes long names", try_long_name},
      {"shows at once what is written in place", try_beat},
  };
  std::vector<FolderTrial> outcomes;
  for (const auto& trial : trials) {
    outcomes.push_back(outcome_of(trial, room));
    if (outcomes.size() == 1 && !outcomes.front().trouble.empty()) break;
  }
  std::error_code error;
  fs::remove_all(room, error);
  return outcomes;
}

FolderRoom room_in(const fs::path& folder) {
  struct statvfs state {};
  if (::statvfs(folder.c_str(), &state) != 0) return {};
  FolderRoom room;
  if (state.f_blocks > 0) room.free_bytes = static_cast<std::int64_t>(state.f_bavail * state.f_frsize);
  if (state.f_files > 0) room.free_files = static_cast<std::int64_t>(state.f_favail);
  room.is_read_only = (state.f_flag & ST_RDONLY) != 0;
  return room;
}

std::string trouble_of(const fs::path& folder) {
  constexpr std::int64_t kLeastBytes = std::int64_t{1} << 20U;
  constexpr std::int64_t kLeastFiles = 16;
  const auto room = room_in(folder);
  if (room.is_read_only) return folder.string() + ": is on a file system that takes no writing";
  const auto has_only = folder.string() + ": its file system has only ";
  if (room.free_bytes >= 0 && room.free_bytes < kLeastBytes) {
    return has_only + std::to_string(room.free_bytes / 1024) + " KiB free";
  }
  if (room.free_files >= 0 && room.free_files < kLeastFiles) {
    return has_only + "room for " + std::to_string(room.free_files) + " more files (inodes), whatever their size";
  }
  return {};
}

std::string trouble_by_trial(const fs::path& folder) {
  constexpr std::size_t kTrialBytes = 4096;
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0 || facts.st_uid != ::geteuid()) return {};
  const TemporaryFile trial(folder, "trial");
  try {
    write_new_file(trial.path(), std::string(kTrialBytes, '\n'));
    return {};
  } catch (const core::StorageError& error) {
    return folder.string() + ": takes no file: " + error.cause().message() + remedy_of(error.cause());
  }
}

}  // namespace lethe::ledger
