#include "worker/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <sstream>

#include "core/contract/executor_messages.h"
#include "core/contract_error.h"
#include "editing/methods/catalogue.h"
#include "tests/support/foreign_device.h"
#include "tests/support/tiny_world.h"
#include "worker/planning/prerequisite_kinds.h"

namespace lethe::worker {
namespace {

const core::PrerequisiteTask kMomentsRun{kMomentsKind, "tiny-gpt2"};
const core::PrerequisiteTask kBaselineRun{kBaselineKind, "tiny-gpt2"};

/// `serve` on a thread, with this test as its supervisor.
class Serve : public testing::Test {
 protected:
  Serve() {
    EXPECT_EQ(::pipe(commands_), 0);
    EXPECT_EQ(::pipe(events_), 0);
    const auto config = test::write_tiny_world(world_.path());
    served_ = std::async(std::launch::async, [this, config] {
      // A reader of events meets the end of the file where serving ends before its time.
      const std::unique_ptr<const int, void (*)(const int*)> end(&events_[1], [](const int* fd) { ::close(*fd); });
      Workspace workspace(test::load_config(config), world_.path() / "out");
      serve(workspace, commands_[0], events_[1]);
    });
    reader_ = ::fdopen(events_[0], "r");
  }
  ~Serve() override {
    send(core::QuitCommand{});
    if (served_.valid()) served_.wait();
    std::fclose(reader_);
  }

  void send(const core::Command& command) { send_lines(core::to_json(command) + "\n"); }
  void send_lines(const std::string& lines) {
    ASSERT_EQ(::write(commands_[1], lines.data(), lines.size()), static_cast<ssize_t>(lines.size()));
  }
  core::Event next() {
    char* line = nullptr;
    std::size_t size = 0;
    const auto count = ::getline(&line, &size, reader_);
    EXPECT_GT(count, 0);
    const std::string text(line, count > 0 ? static_cast<std::size_t>(count) : 0);
    std::free(line);
    return core::event_from_json(text);
  }
  /// Events up to the task's last one.
  std::vector<core::Event> events_of(const core::Task& task) {
    send(core::RunCommand{task});
    return next_events();
  }
  std::vector<core::Event> next_events() {
    std::vector<core::Event> events;
    while (true) {
      events.push_back(next());
      const bool is_last = std::holds_alternative<core::DoneEvent>(events.back()) ||
                           std::holds_alternative<core::FailedEvent>(events.back()) ||
                           std::holds_alternative<core::StoppedEvent>(events.back());
      if (is_last) return events;
    }
  }

  test::TemporaryFolder world_;
  int commands_[2]{};
  int events_[2]{};
  std::FILE* reader_ = nullptr;
  std::future<void> served_;
};

TEST_F(Serve, RunsTasksAndTellsWhatWasCommitted) {
  ASSERT_TRUE(std::holds_alternative<core::ReadyEvent>(next()));
  const auto cell = core::GridCell::from_name("rome/tiny-gpt2/sample0");
  EXPECT_TRUE(std::holds_alternative<core::DoneEvent>(events_of(kMomentsRun).back()));
  EXPECT_TRUE(std::holds_alternative<core::DoneEvent>(events_of(kBaselineRun).back()));
  std::vector<std::int64_t> checkpoints;
  for (const auto& event : events_of(core::EditTask{cell, 6})) {
    if (const auto* committed = std::get_if<core::CommittedEvent>(&event)) checkpoints.push_back(committed->edits);
  }
  EXPECT_EQ(checkpoints, (std::vector<std::int64_t>{2, 3, 4, 6}));
  const auto reduced = events_of(core::ReduceTask{cell, 6, {core::ReductionPart::kForgetting}});
  EXPECT_TRUE(std::holds_alternative<core::DoneEvent>(reduced.back()));
}

TEST_F(Serve, ReportsAFailedTaskAndLivesOn) {
  ASSERT_TRUE(std::holds_alternative<core::ReadyEvent>(next()));
  const auto cell = core::GridCell::from_name("rome/tiny-gpt2/sample0");
  const auto events = events_of(core::EditTask{cell, 6});  // its second moments are not there
  ASSERT_TRUE(std::holds_alternative<core::FailedEvent>(events.back()));
  EXPECT_NE(std::get<core::FailedEvent>(events.back()).reason.find("second moments"), std::string::npos);
  EXPECT_TRUE(std::holds_alternative<core::DoneEvent>(events_of(kMomentsRun).back()));
}

TEST_F(Serve, LivesOnAfterATaskThatDoesNotFitItsConfig) {
  ASSERT_TRUE(std::holds_alternative<core::ReadyEvent>(next()));
  const auto events = events_of(core::PrerequisiteTask{kMomentsKind, "tiny-gpt2", 3});  // of one slice
  ASSERT_TRUE(std::holds_alternative<core::FailedEvent>(events.back()));
  const auto& failed = std::get<core::FailedEvent>(events.back());
  EXPECT_EQ(failed.failure, core::FailureClass::kConfig);
  EXPECT_NE(failed.reason.find("slice 3 of 1"), std::string::npos) << failed.reason;
  EXPECT_TRUE(std::holds_alternative<core::DoneEvent>(events_of(kBaselineRun).back()));
}

TEST_F(Serve, ARefusedCommandIsThrownAndNeverTakenForAnEnd) {
  ASSERT_TRUE(std::holds_alternative<core::ReadyEvent>(next()));
  // The second is read while the first one loads its model: it is not told as stopped.
  send_lines(core::to_json(core::Command{core::RunCommand{kBaselineRun}}) + "\n" +
             R"({"command":"run","task":{"task":"prerequisite","kind":"moments","model":"tiny-gpt2","slice":-1}})"
             "\n");
  served_.wait();
  try {
    served_.get();
    FAIL() << "left as if it had been told to";
  } catch (const core::ContractError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("slice"));
    EXPECT_THAT(error.what(), testing::HasSubstr("different builds"));
  }
}

TEST(TellDeparture, GivesClassAndReason) {
  int events[2];
  ASSERT_EQ(::pipe(events), 0);
  tell_departure(core::ContractError("a command is refused"), events[1]);
  ::close(events[1]);
  char text[1000];
  const auto count = ::read(events[0], text, sizeof text);
  ::close(events[0]);
  ASSERT_GT(count, 0);
  const auto event = core::event_from_json(std::string(text, static_cast<std::size_t>(count) - 1));
  EXPECT_EQ(std::get<core::LeavingEvent>(event).failure, core::FailureClass::kConfig);
  EXPECT_EQ(std::get<core::LeavingEvent>(event).reason, "a command is refused");
}

TEST_F(Serve, AStopReachesATaskThatHasNotBegun) {
  ASSERT_TRUE(std::holds_alternative<core::ReadyEvent>(next()));
  const auto edits = core::EditTask{core::GridCell::from_name("ft-c/tiny-gpt2/sample0"), 6};
  // All three are read while the first one loads its model.
  send_lines(core::to_json(core::Command{core::RunCommand{kBaselineRun}}) + "\n" +
             core::to_json(core::Command{core::RunCommand{edits}}) + "\n" +
             core::to_json(core::Command{core::StopCommand{}}) + "\n");
  EXPECT_TRUE(std::holds_alternative<core::StoppedEvent>(next_events().back())) << "the baseline";
  EXPECT_TRUE(std::holds_alternative<core::StoppedEvent>(next_events().back())) << "the edits";
  // A task that comes after the stop is not meant.
  EXPECT_TRUE(std::holds_alternative<core::DoneEvent>(events_of(edits).back()));
}

// Before any other test's backward pass (foreign_device.h).
const torch::Device kBreakable = test::foreign_device();

/// How an executor takes a task while its device fails with `fault`: the event that ends the task. What `serve` throws
/// is thrown; the pipes then stay open, because its reader still waits for commands.
core::Event answer_with(const std::string& fault) {
  test::TemporaryFolder world;
  auto config = core::load_experiment_config(test::write_tiny_world(world.path()), editing::catalogue());
  config.device = c10::DeviceTypeName(kBreakable.type(), true);
  Workspace workspace(std::move(config), world.path() / "out");
  int commands[2];
  int events[2];
  EXPECT_EQ(::pipe(commands), 0);
  EXPECT_EQ(::pipe(events), 0);
  const auto send = [&](const core::Command& command) {
    const auto line = core::to_json(command) + "\n";
    EXPECT_EQ(::write(commands[1], line.data(), line.size()), static_cast<ssize_t>(line.size()));
  };
  test::break_foreign_device(fault);
  auto served = std::async(std::launch::async, [&] {
    const std::unique_ptr<const int, void (*)(const int*)> end(&events[1], [](const int* fd) { ::close(*fd); });
    serve(workspace, commands[0], events[1]);
  });
  send(core::RunCommand{kMomentsRun});
  std::FILE* reader = ::fdopen(events[0], "r");
  char* line = nullptr;
  std::size_t size = 0;
  core::Event last;
  while (!std::holds_alternative<core::FailedEvent>(last) && ::getline(&line, &size, reader) > 0) {
    last = core::event_from_json(line);
  }
  if (std::holds_alternative<core::FailedEvent>(last)) send(core::QuitCommand{});
  served.wait();
  std::free(line);
  std::fclose(reader);
  test::break_foreign_device("");
  served.get();
  for (const int fd : commands) ::close(fd);
  return last;
}

TEST(ServeOnABrokenDevice, ReportsThatMemoryWasNotEnoughAndLivesOn) {
  const auto event = answer_with("CUDA out of memory. Tried to allocate 2.00 GiB");
  ASSERT_TRUE(std::holds_alternative<core::FailedEvent>(event));
  EXPECT_EQ(std::get<core::FailedEvent>(event).failure, core::FailureClass::kOutOfMemory);
}

TEST(ServeOnABrokenDevice, LeavesAfterAnErrorThatTheProcessCannotRecoverFrom) {
  EXPECT_THROW(answer_with("CUDA error: an illegal memory access was encountered"), c10::Error);
}

}  // namespace
}  // namespace lethe::worker
