#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/unique_fd.h"

namespace lethe::orchestrator::inline scheduling {

using JournalValue = std::variant<std::string, std::int64_t, double>;
using JournalFields = std::vector<std::pair<std::string, JournalValue>>;

/// Where the coordinator tells what happens: for people and for figures of the run itself. Never read back: the
/// state of a sweep is in its committed files.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual void record(std::string_view event, const JournalFields& fields) = 0;
};

/// `events.jsonl`: one JSON object a line with "time" (UTC), "event" and the fields; appended to.
class FileJournal final : public Journal {
 public:
  /// Throws `core::StorageError` if the file cannot be opened.
  explicit FileJournal(const std::filesystem::path& path);
  /// A line that cannot be written is lost: a full disk must not end a sweep that could still stop in order. One that
  /// was cut, here or by the end of an earlier run, is ended before the next, which is whole.
  void record(std::string_view event, const JournalFields& fields) override;

 private:
  core::UniqueFd file_;
  bool is_cut_ = false;  ///< the last line has no end
};

}  // namespace lethe::orchestrator::inline scheduling
