#pragma once

#include <string>
#include <vector>

#include "worker/task_monitor.h"

namespace lethe::test {

/// Remembers what was committed and asks to stop after a number of edits.
class RecordingMonitor final : public worker::TaskMonitor {
 public:
  explicit RecordingMonitor(int stop_after_edits = -1) : stop_after_edits_(stop_after_edits) {}

  void progress(std::string_view stage, std::int64_t, std::int64_t, double) override {
    if (stage == "edit") ++num_edits_;
  }
  void committed(const std::filesystem::path& file, std::int64_t) override { files.push_back(file.filename()); }
  [[nodiscard]] bool should_stop() const override { return stop_after_edits_ >= 0 && num_edits_ >= stop_after_edits_; }

  std::vector<std::string> files;

 private:
  int stop_after_edits_;
  int num_edits_ = 0;
};

}  // namespace lethe::test
