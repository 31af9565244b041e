#include "ledger/temporary_file.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>

#include "ledger/durable_file.h"
#include "ledger/process_name.h"

namespace lethe::ledger {
namespace {

constexpr std::string_view kTemporaryExtension = ".tmp";
constexpr std::chrono::hours kAbandonedAge(1);

/// The process in a temporary file's name; empty for any other name.
std::string_view process_of(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kTemporaryExtension)) return {};
  // .<stem>.<host>.<pid>.<start>.<n>.tmp; stems may hold dots, hosts do not.
  auto rest = name.substr(0, name.size() - kTemporaryExtension.size());
  std::array<std::size_t, 4> dots{};
  auto end = rest.size();
  for (auto& dot : dots) {
    dot = end == 0 ? std::string_view::npos : rest.rfind('.', end - 1);
    if (dot == std::string_view::npos || dot == 0) return {};
    end = dot;
  }
  const auto [counter, start, pid, host] = dots;
  const bool is_whole = is_number(rest.substr(counter + 1)) && is_number(rest.substr(start + 1, counter - start - 1)) &&
                        is_number(rest.substr(pid + 1, start - pid - 1));
  return is_whole ? rest.substr(host + 1, counter - host - 1) : std::string_view();
}

}  // namespace

std::filesystem::path temporary_path(const std::filesystem::path& folder, std::string_view stem) {
  static std::atomic<std::uint64_t> counter{0};
  std::string name(".");
  name.append(stem).append(".").append(process_name()).append(".").append(std::to_string(++counter));
  return folder / name.append(kTemporaryExtension);
}

// A file that cannot be removed either is left to `remove_stale_temporaries`; the error that brought us here is told.
TemporaryFile::~TemporaryFile() { ::unlink(path_.c_str()); }

int remove_stale_temporaries(const std::filesystem::path& folder) {
  int removed = 0;
  for (const auto& path : regular_files(folder)) {
    const auto name = path.filename().string();
    const auto process = process_of(name);
    if (process.empty() || !has_ended_here(process)) continue;
    remove_file(path);
    ++removed;
  }
  return removed;
}

int remove_abandoned_temporaries(const std::filesystem::path& folder, std::string_view except,
                                 std::filesystem::file_time_type now) {
  int removed = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    const auto name = entry->path().filename().string();
    std::error_code ignored;
    const bool is_folder = entry->is_directory(ignored);
    if (is_folder && name == except) entry.disable_recursion_pending();
    const auto process = process_of(name);
    if (is_folder || process.empty()) continue;
    const auto written = entry->last_write_time(ignored);
    const bool is_old = !ignored && now - written > kAbandonedAge;
    if (!is_old && !has_ended_here(process)) continue;
    if (::unlink(entry->path().c_str()) == 0) ++removed;
  }
  return removed;
}

}  // namespace lethe::ledger
