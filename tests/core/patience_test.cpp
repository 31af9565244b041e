#include "core/patience.h"

#include <cerrno>
#include <filesystem>
#include <new>
#include <stdexcept>

#include <gtest/gtest.h>

#include "core/exit_code.h"

namespace lethe::core {
namespace {

std::error_code because(int reason) { return {reason, std::generic_category()}; }

TEST(MayPass, WhatTheSystemRefusesMayBeGrantedAnotherTime) {
  for (const int reason : {EIO, EAGAIN, EMFILE, ENOMEM, ENOSPC, EDQUOT, EROFS, EACCES, ESTALE, ENOENT, ETIMEDOUT}) {
    EXPECT_TRUE(may_pass(StorageError("x", because(reason)))) << reason;
    EXPECT_TRUE(may_pass(RefusedError("x", because(reason)))) << reason;
    EXPECT_TRUE(may_pass(std::filesystem::filesystem_error("x", "/out", because(reason)))) << reason;
  }
  EXPECT_TRUE(may_pass(std::bad_alloc()));
}

TEST(MayPass, WhatNobodyRefusedAndAWrongPathDoNotPass) {
  EXPECT_FALSE(may_pass(StorageError("a damaged file")));
  EXPECT_FALSE(may_pass(MismatchError("a wrong digest")));
  EXPECT_FALSE(may_pass(CommError("no message")));
  EXPECT_FALSE(may_pass(ConfigError("x")));
  EXPECT_FALSE(may_pass(std::runtime_error("x")));
  for (const int reason : {ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EEXIST, EINVAL})
    EXPECT_FALSE(may_pass(StorageError("x", because(reason)))) << reason;
  EXPECT_FALSE(may_pass(std::system_error(EIO, std::iostream_category()))) << "another category's number";
}

TEST(ExitCode, FollowsFromWhatHeals) {
  EXPECT_EQ(exit_code_of(ConfigError("x")), kExitConfigError);
  EXPECT_EQ(exit_code_of(OwnedError("x")), kExitOwned);
  EXPECT_EQ(exit_code_of(StorageError("x", because(EIO))), kExitStopped);
  EXPECT_EQ(exit_code_of(RefusedError("x", because(EAGAIN))), kExitStopped);
  EXPECT_EQ(exit_code_of(StorageError("a damaged file")), kExitFailed);
  EXPECT_EQ(exit_code_of(CommError("x")), kExitFailed);
}

TEST(LastWords, SayWhatIsToBeDone) {
  EXPECT_EQ(last_words(ConfigError("c.yaml: x")), "c.yaml: x");
  EXPECT_EQ(last_words(StorageError("out: x", because(EIO))), "lethe: out: x; run again");
  EXPECT_EQ(last_words(StorageError("out: x; free some space and run again", because(ENOSPC))),
            "lethe: out: x; free some space and run again");
  EXPECT_EQ(last_words(StorageError("out: is damaged")), "lethe: out: is damaged");
}

TEST(Patience, TriesAgainWhatHealsWithTimeAndNothingElse) {
  const auto num_tries_of = [](const std::exception_ptr& error, int num_failures) {
    int num_tries = 0;
    try {
      patiently([&] {
        if (++num_tries <= num_failures) std::rethrow_exception(error);
      });
    } catch (const std::exception&) {
      return -num_tries;
    }
    return num_tries;
  };
  EXPECT_EQ(num_tries_of(std::make_exception_ptr(StorageError("x", because(EIO))), 2), 3);
  EXPECT_EQ(num_tries_of(std::make_exception_ptr(RefusedError("x", because(EAGAIN))), 1), 2);
  EXPECT_EQ(num_tries_of(std::make_exception_ptr(StorageError("x", because(EIO))), 100), -4);
  EXPECT_EQ(num_tries_of(std::make_exception_ptr(StorageError("x", because(ENOSPC))), 1), -1) << "said at once";
  EXPECT_EQ(num_tries_of(std::make_exception_ptr(StorageError("a damaged file")), 1), -1);
  EXPECT_EQ(num_tries_of(std::make_exception_ptr(ConfigError("x")), 1), -1);
}

}  // namespace
}  // namespace lethe::core
