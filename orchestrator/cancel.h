#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "core/config/method_config.h"

namespace lethe::orchestrator {

struct CancelOptions {
  const core::MethodCatalogue& methods;
  std::filesystem::path folder;
  std::vector<std::string> cells;  ///< names, or patterns as a shell's ("rome/*")
  std::string reason;              ///< for people; may be empty
  bool is_undo = false;
};

/// `lethe cancel`: cells of a sweep's folder are to be edited no further, or (`is_undo`) go on after all. A sweep that
/// runs, on whichever host, sees it within seconds; nothing that is committed is touched. A line a cell says what
/// became of it. Returns the exit code. Throws `core::ConfigError`, with nothing written, where a name or a pattern
/// fits no cell, `core::StorageError` if the folder is no sweep's or takes no files.
int run_cancel(const CancelOptions& options, std::ostream& out);

}  // namespace lethe::orchestrator
