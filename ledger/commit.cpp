#include "ledger/commit.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/error.h"
#include "core/fault.h"
#include "core/file_text.h"
#include "core/grid_cell.h"
#include "ledger/durable_file.h"

namespace lethe::ledger {
namespace {

constexpr std::size_t kHexDigits = 32;

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

std::optional<CommittedFile> rival_of(const CommittedFile& own) {
  // Each commit of a cell lists its folder: only names that may be of this stem are taken apart.
  for (const auto& path : regular_files(folder_of(own.path), own.stem + "-")) {
    auto other = parse_committed(path);
    const bool is_same_kind = other && other->stem == own.stem && path.extension() == own.path.extension();
    if (is_same_kind && other->digest != own.digest) return other;
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

}  // namespace

CommittedFile publish(const std::filesystem::path& temporary, std::string_view stem, std::string_view extension) {
  const auto folder = folder_of(temporary);
  core::fault_point("commit.written");
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
  core::fault_point("commit.named");
  sync_folder(folder);
  return own;
}

CommittedFile commit_file(const std::filesystem::path& folder, std::string_view stem, const FileWriter& write,
                          std::string_view extension) {
  const TemporaryFile temporary(folder, stem);
  write(temporary.path());
  return publish(temporary.path(), stem, extension);
}

void replace_file(const std::filesystem::path& path, const FileWriter& write) {
  const auto folder = folder_of(path);
  const TemporaryFile temporary(folder, path.filename().string());
  write(temporary.path());
  if (core::fails_at("file.replace") || std::rename(temporary.path().c_str(), path.c_str()) != 0) {
    const std::error_code cause(errno, std::generic_category());
    throw core::StorageError(path.string() + ": cannot be replaced: " + cause.message(), cause);
  }
  sync_folder(folder);
}

void replace_text(const std::filesystem::path& path, std::string_view text) {
  replace_file(path, [&](const std::filesystem::path& temporary) { write_new_file(temporary, text); });
}

std::string read_text(const std::filesystem::path& path) {
  try {
    return core::text_of_file(path);
  } catch (const core::StorageError& error) {
    throw core::StorageError(std::string(error.what()) + "; is its folder a sweep's folder?");
  }
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

std::optional<CommittedFile> find_committed(const std::filesystem::path& folder, std::string_view stem) {
  auto files = committed_files(folder);
  const auto found = std::ranges::find(files, stem, &CommittedFile::stem);
  if (found == files.end()) return std::nullopt;
  return std::move(*found);
}

std::optional<std::string> damage_of(const CommittedFile& file) {
  const auto found = core::digest_of_file(file.path);
  if (found == file.digest) return std::nullopt;
  return file.path.string() + ": is damaged: its bytes give the digest " + found.hex() + ", its name says " +
         file.digest.hex() + "; move it away (or restore it from a copy) and run the sweep again";
}

void check_digest(const CommittedFile& file) {
  if (const auto damage = damage_of(file)) throw core::StorageError(*damage);
}

void quarantine(const std::filesystem::path& file, std::string_view reason) {
  const auto folder = folder_of(file) / "quarantine";
  make_folder_below(folder_of(file), folder);
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

}  // namespace lethe::ledger
