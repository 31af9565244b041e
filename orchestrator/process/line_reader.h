#pragma once

#include <optional>
#include <string>

#include "core/unique_fd.h"

namespace lethe::orchestrator::inline process {

/// Lines from a pipe, without ever waiting for one.
class LineReader {
 public:
  LineReader() = default;
  /// Takes the descriptor and makes it non-blocking.
  explicit LineReader(core::UniqueFd fd);

  /// Next complete line without its end; nullopt if none has arrived. A last line without end is not returned.
  /// Throws `core::CommError` if a line grows beyond 1 MiB or the pipe cannot be read.
  std::optional<std::string> next();

  [[nodiscard]] bool is_at_end() const { return is_at_end_; }

 private:
  core::UniqueFd fd_;
  std::string pending_;
  std::size_t searched_ = 0;
  bool is_at_end_ = false;

  std::optional<std::string> take_line();
};

}  // namespace lethe::orchestrator::inline process
