#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/task_monitor.h"

namespace lethe::test {

/// Remembers what was committed and asks to stop after a number of steps, which are edits if they hold one fact each.
class RecordingMonitor final : public worker::TaskMonitor {
 public:
  explicit RecordingMonitor(int stop_after_steps = -1) : stop_after_steps_(stop_after_steps) {}

  void progress(std::string_view stage, std::int64_t, std::int64_t, double) override {
    if (stage == "edit") ++num_steps_;
  }
  void committed(const std::filesystem::path& file, std::int64_t) override { files.push_back(file.filename()); }
  [[nodiscard]] bool should_stop() const override { return stop_after_steps_ >= 0 && num_steps_ >= stop_after_steps_; }

  std::vector<std::string> files;

 private:
  int stop_after_steps_;
  int num_steps_ = 0;
};

}  // namespace lethe::test
