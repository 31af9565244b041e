#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace lethe::worker {

/// How a running task speaks to whoever started it: a supervisor's pipe, or a person's terminal.
class TaskMonitor {
 public:
  virtual ~TaskMonitor() = default;
  /// Work was done; hang detection counts only these. `seconds` is the duration of the last step.
  virtual void progress(std::string_view stage, std::int64_t done, std::int64_t total, double seconds) = 0;
  /// A file was committed; `edits` is the checkpoint reached, 0 for prerequisites.
  virtual void committed(const std::filesystem::path& file, std::int64_t edits) = 0;
  /// Asked between edits: finish, commit and return.
  [[nodiscard]] virtual bool should_stop() const = 0;
};

}  // namespace lethe::worker
