#include "worker/planning/input_digests.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "ledger/commit.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_world.h"
#include "worker/workspace.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class InputDigestsMemory : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  fs::path file_ = folder_.path() / "file";
  fs::path memory_ = folder_.path() / "digests.json";

  void SetUp() override { write("abc"); }
  /// Other bytes in the same file; size and time of modification stay.
  void write(const std::string& text) const {
    std::ofstream(file_, std::ios::binary | std::ios::in | std::ios::out).close();
    std::ofstream(file_, std::ios::binary) << text;
    const timespec times[] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, file_.c_str(), times, 0), 0);
  }
  /// The memory of a process that read the file as it was, under the stamp that it has now: what damage looks like.
  void remember_as(const std::string& text) {
    InputDigests digests(memory_);
    static_cast<void>(digests.of_file(file_));
    digests.save();
    auto memory = nlohmann::json::parse(ledger::read_text(memory_));
    memory[file_.string()]["digest"] = core::digest_of(text).hex();
    ledger::replace_text(memory_, memory.dump());
  }
  template <typename Action>
  std::string data_error_of(const Action& action) {
    return test::message_of<core::DataError>(action);
  }
};

TEST_F(InputDigestsMemory, SeesAChangeThatKeepsSizeAndTime) {
  InputDigests before(memory_);
  EXPECT_EQ(before.of_file(file_), core::digest_of("abc"));
  before.save();
  write("xyz");
  EXPECT_EQ(InputDigests(memory_).of_file(file_), core::digest_of("xyz"));
}

TEST_F(InputDigestsMemory, OneProcessHoldsToOneContent) {
  InputDigests digests(memory_);
  static_cast<void>(digests.of_file(file_));
  digests.confirm(file_);
  write("xyz");
  EXPECT_THAT(data_error_of([&] { digests.confirm(file_); }), HasSubstr("its content is not the one"));
  EXPECT_THAT(data_error_of([&] { static_cast<void>(digests.of_file(file_)); }), HasSubstr(file_.string()));
  write("abc");
  digests.confirm(file_);
}

TEST_F(InputDigestsMemory, WhatIsRememberedIsConfirmedByReading) {
  remember_as("as it was");
  InputDigests digests(memory_);
  EXPECT_EQ(digests.of_file(file_), core::digest_of("as it was"));
  EXPECT_THAT(data_error_of([&] { digests.confirm(file_); }), HasSubstr("restore it"));
  InputDigests unused(memory_);
  unused.confirm(file_);  // no identity was made from it
}

TEST_F(InputDigestsMemory, OfOlderVersionsIsReadAnew) {
  ledger::replace_text(
      memory_,
      nlohmann::json{
          {file_.string(),
           {{"size", 3}, {"modified_ns", 1'700'000'000'000'000'000}, {"digest", core::digest_of("old").hex()}}}}
          .dump());
  EXPECT_EQ(InputDigests(memory_).of_file(file_), core::digest_of("abc"));
}

/// A sweep's folder whose memory says that a file still has the content that it had.
class DamagedInput : public testing::Test {
 protected:
  test::TemporaryFolder world_;
  fs::path config_ = test::write_tiny_world(world_.path());
  fs::path out_ = world_.path() / "out";

  /// The reason why a workspace that trusts the memory cannot load a model.
  std::string load_after_damage(const fs::path& file) {
    {
      Workspace planner(test::load_config(config_), out_);
      static_cast<void>(planner.facts());
      planner.save_digests();
    }
    const auto path = out_ / "input-digests.json";
    auto memory = nlohmann::json::parse(ledger::read_text(path));
    EXPECT_TRUE(memory.contains(file.string())) << file;
    memory[file.string()]["digest"] = core::digest_of("before").hex();
    ledger::replace_text(path, memory.dump());
    Workspace executor(test::load_config(config_), out_);
    static_cast<void>(executor.facts());
    return test::message_of<core::DataError>([&] { static_cast<void>(executor.model("tiny-gpt2")); });
  }
};

TEST_F(DamagedInput, IsFoundWhenWeightsOrExamplesAreLoaded) {
  for (const auto& file : {world_.path() / "tiny-gpt2/model.safetensors", world_.path() / "tiny-gpt2/config.json",
                           world_.path() / "task.json"}) {
    EXPECT_THAT(load_after_damage(file), HasSubstr(file.string() + ": its content is not the one")) << file;
    fs::remove_all(out_);
  }
}

}  // namespace
}  // namespace lethe::worker
