#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/unique_fd.h"

namespace lethe::orchestrator::inline process {

/// `<out>/logs/rank-<r>.log`: the supervisor's lines and its executor's output, appended.
class RankLog {
 public:
  /// Creates the folder, but for the one around it. Throws `core::StorageError`.
  explicit RankLog(const std::filesystem::path& path);

  /// Appends "<time> supervisor: <text>". Never throws: a full disk must not stop a stop.
  void line(std::string_view text) noexcept;

  /// What an executor's standard output and error are connected to.
  [[nodiscard]] int descriptor() const { return file_.get(); }

  /// Only what is appended from now on counts for `tail`.
  void mark();
  /// The last lines since the mark, at most `num_lines` and 4 KB.
  [[nodiscard]] std::string tail(int num_lines) const;

 private:
  std::filesystem::path path_;
  core::UniqueFd file_;
  std::int64_t mark_bytes_ = 0;
};

}  // namespace lethe::orchestrator::inline process
