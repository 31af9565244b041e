#include "core/contract/executor_messages.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/contract_error.h"

namespace lethe::core {
namespace {

const GridCell kEditedCell{"ft-c", "small-gptj", 3};

const std::vector<Task>& tasks() {
  static const std::vector<Task> all{
      PrerequisiteTask{"moments", "small-gpt2"},
      PrerequisiteTask{"moments", "gpt-j", 41},
      PrerequisiteTask{"baseline", "gpt-j-6b"},
      EditTask{kEditedCell, 60},
      ReduceTask{kEditedCell, 30, {ReductionPart::kDistance, ReductionPart::kForgetting, ReductionPart::kTasks}},
      ReduceTask{kEditedCell, 1, {}}};
  return all;
}

TEST(ExecutorMessages, TasksSurviveTheTrip) {
  for (const auto& task : tasks()) {
    const auto text = to_json(task);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_EQ(task_from_json(text), task) << text;
  }
}

TEST(ExecutorMessages, DescriptionsNameTheTask) {
  EXPECT_EQ(describe(tasks()[0]), "moments small-gpt2");
  EXPECT_EQ(describe(tasks()[1]), "moments gpt-j slice 41");
  EXPECT_EQ(describe(tasks()[2]), "baseline gpt-j-6b");
  EXPECT_EQ(describe(tasks()[3]), "edit ft-c/small-gptj/sample3");
  EXPECT_EQ(describe(tasks()[4]), "reduce ft-c/small-gptj/sample3 @30");
}

TEST(ExecutorMessages, CommandsSurviveTheTrip) {
  for (const auto& task : tasks()) {
    const auto command = command_from_json(to_json(Command{RunCommand{task}}));
    ASSERT_TRUE(std::holds_alternative<RunCommand>(command));
    EXPECT_EQ(std::get<RunCommand>(command).task, task);
  }
  EXPECT_TRUE(std::holds_alternative<StopCommand>(command_from_json(to_json(Command{StopCommand{}}))));
  EXPECT_TRUE(std::holds_alternative<QuitCommand>(command_from_json(to_json(Command{QuitCommand{}}))));
}

template <typename Kind>
Kind round_trip(const Kind& event) {
  const auto text = to_json(Event{event});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  return std::get<Kind>(event_from_json(text));
}

TEST(ExecutorMessages, EventsSurviveTheTrip) {
  EXPECT_EQ(round_trip(ReadyEvent{4711, "cuda:0"}).process_id, 4711);
  EXPECT_EQ(round_trip(ReadyEvent{1, "cpu"}).device, "cpu");
  const auto progress = round_trip(ProgressEvent{"edit", 7, 60, 0.1234567890123456789});
  EXPECT_EQ(progress.stage, "edit");
  EXPECT_EQ(progress.done, 7);
  EXPECT_EQ(progress.total, 60);
  EXPECT_EQ(progress.seconds, 0.1234567890123456789);
  EXPECT_EQ(round_trip(CommittedEvent{"/a b/segment.h5", 20}).file, "/a b/segment.h5");
  EXPECT_EQ(round_trip(StoppedEvent{std::numeric_limits<std::int64_t>::max()}).edits,
            std::numeric_limits<std::int64_t>::max());
  round_trip(DoneEvent{});
  const auto failed = round_trip(FailedEvent{FailureClass::kOutOfMemory, "line 1\nline \"2\"\t\x01", 12});
  EXPECT_EQ(failed.failure, FailureClass::kOutOfMemory);
  EXPECT_EQ(failed.reason, "line 1\nline \"2\"\t\x01");
  EXPECT_EQ(failed.edit, 12);
  const auto leaving = round_trip(LeavingEvent{FailureClass::kConfig, "a command is refused"});
  EXPECT_EQ(leaving.failure, FailureClass::kConfig);
  EXPECT_EQ(leaving.reason, "a command is refused");
}

TEST(ExecutorMessages, ThoseOfAnotherBuildAreToldFromBytesOfNobody) {
  for (const auto* foreign :
       {R"({"command":"walk"})", R"({"command":"stop","x":1})", R"({"command":"run","task":{}})"}) {
    EXPECT_THROW(command_from_json(foreign), ContractError) << foreign;
  }
  for (const auto* foreign : {R"({"event":"finished"})", R"({"event":"done","more":1})",
                              R"({"event":"failed","failure":"bad","reason":"","edit":0})"}) {
    EXPECT_THROW(event_from_json(foreign), ContractError) << foreign;
  }
  try {
    event_from_json("}{ no event");
    FAIL();
  } catch (const ContractError&) {
    FAIL() << "a library that wrote into the pipe is no other build";
  } catch (const CommError&) {
    SUCCEED();
  }
}

TEST(ExecutorMessages, ReasonsThatAreNoUtf8StillTravel) {
  const auto failed = round_trip(FailedEvent{FailureClass::kData, "caf\xe9", 0});
  EXPECT_EQ(failed.reason, "caf\xef\xbf\xbd");
}

TEST(ExecutorMessages, MalformedOnesAreRefused) {
  for (const auto* bad :
       {"",
        "null",
        "[]",
        "{",
        "7",
        "\"run\"",
        "{}",
        R"({"command":"walk"})",
        R"({"command":1})",
        R"({"command":"run"})",
        R"({"command":"run","task":[]})",
        R"({"command":"stop","x":1})",
        R"({"command":"run","task":{"task":"edit","cell":"rome/m/sample0"}})",
        R"({"command":"run","task":{"task":"edit","cell":"../m/sample0","until":3}})",
        R"({"command":"run","task":{"task":"edit","cell":"rome/m/sample0","until":0}})",
        R"({"command":"run","task":{"task":"edit","cell":"rome/m/sample0","until":1.5}})",
        R"({"command":"run","task":{"task":"edit","cell":"rome/m/sample0","until":18446744073709551615}})",
        R"({"command":"run","task":{"task":"reduce","cell":"rome/m/sample0","edits":3,"parts":["x"]}})",
        R"({"command":"run","task":{"task":"reduce","cell":"rome/m/sample0","edits":3,"parts":"tasks"}})",
        R"({"command":"run","task":{"task":"moments","model":"a/b"}})"}) {
    EXPECT_THROW(command_from_json(bad), CommError) << bad;
  }
  for (const auto* bad : {"", "{}", R"({"event":"failed","failure":"bad","reason":"","edit":0})",
                          R"({"event":"progress","stage":"edit","done":1,"total":2,"seconds":null})",
                          R"({"event":"ready","process_id":"1","device":"cpu"})", R"({"event":"done","more":1})"}) {
    EXPECT_THROW(event_from_json(bad), CommError) << bad;
  }
}

}  // namespace
}  // namespace lethe::core
