#include "ledger/commit.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/error.h"
#include "core/grid_cell.h"
#include "ledger/durable_file.h"
#include "ledger/process_name.h"

namespace lethe::ledger {
namespace {

constexpr std::string_view kTemporaryExtension = ".tmp";
constexpr std::size_t kHexDigits = 32;

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

std::vector<std::filesystem::path> regular_files(const std::filesystem::path& folder) {
  const auto fail = [&](const std::error_code& error) {
    throw core::StorageError(folder.string() + ": cannot be listed: " + error.message());
  };
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return files;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code status_error;
    const bool is_file = entry->is_regular_file(status_error);
    // A file may be published or moved away while its folder is being listed.
    if (status_error && status_error != std::errc::no_such_file_or_directory) fail(status_error);
    if (is_file) files.push_back(entry->path());
  }
  if (error) fail(error);
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<CommittedFile> rival_of(const CommittedFile& own) {
  for (auto& other : committed_files(folder_of(own.path))) {
    const bool is_same_kind = other.stem == own.stem && other.path.extension() == own.path.extension();
    if (is_same_kind && other.digest != own.digest) return std::move(other);
  }
  return std::nullopt;
}

[[noreturn]] void refuse(const std::filesystem::path& file, const CommittedFile& own, const CommittedFile& rival) {
  const auto text = own.path.string() + ": not published, because " + rival.path.filename().string() +
                    " holds other contents under the same name; two processes wrote the same part of this sweep, or an "
                    "earlier one came out differently. The rejected file is in quarantine/";
  quarantine(file, text);
  throw core::StorageError(text);
}

void remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    throw core::StorageError(path.string() + ": cannot be removed: " + std::strerror(errno));
  }
}

bool is_stale(const std::filesystem::path& path) {
  const auto name = path.filename().string();
  if (!name.starts_with('.') || !name.ends_with(kTemporaryExtension)) return false;
  // .<stem>.<host>.<pid>.<start>.<n>.tmp; stems may hold dots, hosts do not.
  auto rest = std::string_view(name).substr(0, name.size() - kTemporaryExtension.size());
  const auto counter_dot = rest.rfind('.');
  rest = rest.substr(0, counter_dot);
  auto host_dot = rest.size();
  for (int i = 0; i < 3 && host_dot != std::string_view::npos && host_dot > 0; ++i) {
    host_dot = rest.rfind('.', host_dot - 1);
  }
  return host_dot != std::string_view::npos && host_dot > 0 && has_ended_here(rest.substr(host_dot + 1));
}

}  // namespace

std::filesystem::path temporary_path(const std::filesystem::path& folder, std::string_view stem) {
  static std::atomic<std::uint64_t> counter{0};
  make_folder(folder);
  std::string name(".");
  name.append(stem).append(".").append(process_name()).append(".").append(std::to_string(++counter));
  return folder / name.append(kTemporaryExtension);
}

CommittedFile publish(const std::filesystem::path& temporary, std::string_view stem, std::string_view extension) {
  const auto folder = folder_of(temporary);
  sync_file(temporary);
  CommittedFile own{{}, std::string(stem), core::digest_of_file(temporary)};
  own.path = folder / (own.stem + "-" + own.digest.hex() + std::string(extension));
  // A stem with a slash would lead out of the folder; read back, it would be another stem.
  if (const auto readable = parse_committed(own.path); !readable || readable->stem != own.stem) {
    throw core::StorageError(own.path.string() +
                             ": is no name for a committed file; stems hold letters, digits, '.', "
                             "'_' and '-', extensions lower-case letters and digits");
  }
  if (const auto rival = rival_of(own)) refuse(temporary, own, *rival);

  if (!move_without_replacing(temporary, own.path)) {
    check_digest(own);
    remove_file(temporary);
  } else if (const auto rival = rival_of(own)) {
    // Someone published between our look and our link, and may have told others already: withdraw.
    refuse(own.path, own, *rival);
  }
  sync_folder(folder);
  return own;
}

void replace_text(const std::filesystem::path& path, std::string_view text) {
  const auto folder = folder_of(path);
  const auto temporary = temporary_path(folder, path.filename().string());
  write_new_file(temporary, text);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const std::string reason = std::strerror(errno);
    ::unlink(temporary.c_str());
    throw core::StorageError(path.string() + ": cannot be replaced: " + reason);
  }
  sync_folder(folder);
}

std::optional<CommittedFile> parse_committed(const std::filesystem::path& path) {
  const auto name = path.filename().string();
  const auto dot = name.rfind('.');
  if (dot == std::string::npos || dot < kHexDigits + 2 || dot + 1 == name.size()) return std::nullopt;
  const auto is_extension_character = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (!std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(), is_extension_character)) {
    return std::nullopt;
  }
  const auto hex = std::string_view(name).substr(dot - kHexDigits, kHexDigits);
  const auto stem = std::string_view(name).substr(0, dot - kHexDigits - 1);
  const bool is_hex = hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!is_hex || name[dot - kHexDigits - 1] != '-' || !core::is_path_safe_name(stem)) return std::nullopt;
  return CommittedFile{path, std::string(stem), core::Digest::from_hex(hex)};
}

std::vector<CommittedFile> committed_files(const std::filesystem::path& folder) {
  std::vector<CommittedFile> committed;
  for (const auto& path : regular_files(folder)) {
    if (auto file = parse_committed(path)) committed.push_back(std::move(*file));
  }
  return committed;
}

void check_digest(const CommittedFile& file) {
  const auto found = core::digest_of_file(file.path);
  if (found == file.digest) return;
  throw core::StorageError(file.path.string() + ": is damaged: its bytes give the digest " + found.hex() +
                           ", its name says " + file.digest.hex() +
                           "; move it away (or restore it from a copy) and run the sweep again");
}

void quarantine(const std::filesystem::path& file, std::string_view reason) {
  const auto folder = folder_of(file) / "quarantine";
  make_folder(folder);
  const auto name = file.filename().string();
  auto target = folder / name;
  for (int attempt = 1; !move_without_replacing(file, target); ++attempt) {
    target = folder / (name + "." + std::to_string(attempt));
  }
  auto note = target;
  note += ".reason.txt";
  replace_text(note, std::string(reason) + "\n");
  sync_folder(folder_of(file));
}

int remove_stale_temporaries(const std::filesystem::path& folder) {
  int removed = 0;
  for (const auto& path : regular_files(folder)) {
    if (!is_stale(path)) continue;
    remove_file(path);
    ++removed;
  }
  return removed;
}

}  // namespace lethe::ledger
