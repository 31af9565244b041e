#include "orchestrator/scheduling/journal.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/fault.h"
#include "tests/support/temporary_folder.h"

namespace lethe::orchestrator {
namespace {

class FileJournalTest : public ::testing::Test {
 protected:
  ~FileJournalTest() override { core::arm_faults(""); }

  /// The events of the lines that are JSON.
  [[nodiscard]] std::string events() const {
    std::string text;
    std::istringstream lines(test::read_text(path_));
    for (std::string line; std::getline(lines, line);) {
      const auto event = nlohmann::json::parse(line, nullptr, false);
      text += event.is_object() ? event["event"].get<std::string>() + " " : "- ";
    }
    return text;
  }

  test::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "events.jsonl";
};

TEST_F(FileJournalTest, ALineThatIsCutOrLostTakesNoOtherAlong) {
  core::arm_faults("journal.write:short:2,journal.write:enospc:4");
  FileJournal journal(path_);
  for (const char* event : {"first", "cut", "third", "lost", "fifth"}) journal.record(event, {});
  EXPECT_EQ(events(), "first - third fifth ");
}

TEST_F(FileJournalTest, ALineThatARunLeftCutIsEndedByTheNextRun) {
  std::ofstream(path_) << R"({"event": "whole"})"
                       << "\n"
                       << R"({"event": "cu)";
  FileJournal(path_).record("next", {});
  FileJournal(path_).record("last", {});
  EXPECT_EQ(events(), "whole - next last ");
}

}  // namespace
}  // namespace lethe::orchestrator
