#include "ledger/temporary_file.h"

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "ledger/durable_file.h"
#include "ledger/process_name.h"

namespace lethe::ledger {
namespace {

constexpr std::string_view kTemporaryExtension = ".tmp";

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

// A file that cannot be removed either is left to `remove_stale_temporaries`; the error that brought us here is told.
TemporaryFile::~TemporaryFile() { ::unlink(path_.c_str()); }

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
