#include "core/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <ios>
#include <new>
#include <system_error>

#include "core/contract_error.h"

namespace lethe::core {
namespace {

TEST(FailureClass, NamesAndValuesAreInverse) {
  for (const std::string word :
       {"config", "data", "method", "mismatch", "crash", "oom", "hang", "infrastructure", "folder"}) {
    EXPECT_EQ(to_string(failure_class_from(word)), word);
  }
  EXPECT_THROW(failure_class_from("Config"), CommError);
  EXPECT_THROW(failure_class_from(""), CommError);
}

TEST(Classify, OwnExceptionsByType) {
  EXPECT_EQ(classify(ConfigError("x")), FailureClass::kConfig);
  EXPECT_EQ(classify(DataError("x")), FailureClass::kData);
  EXPECT_EQ(classify(ModelError("x")), FailureClass::kData);
  EXPECT_EQ(classify(StorageError("x")), FailureClass::kInfrastructure);
  EXPECT_EQ(classify(MismatchError("x")), FailureClass::kMismatch);
  EXPECT_EQ(classify(CommError("x")), FailureClass::kInfrastructure);
  EXPECT_EQ(classify(ContractError("x")), FailureClass::kConfig) << "another try does not help two builds";
}

TEST(Classify, ForeignExceptionsByTypeOrText) {
  EXPECT_EQ(classify(std::bad_alloc()), FailureClass::kOutOfMemory);
  EXPECT_EQ(classify(std::runtime_error("CUDA out of memory. Tried to allocate 2 GiB")), FailureClass::kOutOfMemory);
  EXPECT_EQ(classify(std::runtime_error("DefaultCPUAllocator: can't allocate memory: you tried")),
            FailureClass::kOutOfMemory);
  EXPECT_EQ(classify(std::runtime_error("CUDA error: device-side assert triggered")), FailureClass::kCrash);
  EXPECT_EQ(classify(std::runtime_error("cusolver error: CUSOLVER_STATUS_INTERNAL_ERROR")), FailureClass::kCrash);
  EXPECT_EQ(classify(std::runtime_error("mat1 and mat2 shapes cannot be multiplied")), FailureClass::kMethod);
  EXPECT_EQ(classify(std::invalid_argument("x")), FailureClass::kMethod);
}

TEST(Classify, WhatTheOperatingSystemRefusesIsRetried) {
  const auto because = [](std::errc reason) { return std::make_error_code(reason); };
  for (const auto reason : {std::errc::io_error, std::errc::no_such_file_or_directory, std::errc::too_many_files_open,
                            std::errc::resource_unavailable_try_again}) {
    EXPECT_EQ(classify(std::filesystem::filesystem_error("remove", "/out/cells", because(reason))),
              FailureClass::kInfrastructure);
    EXPECT_EQ(classify(std::system_error(because(reason), "thread")), FailureClass::kInfrastructure);
    EXPECT_EQ(classify(StorageError("x", because(reason))), FailureClass::kInfrastructure);
  }
  EXPECT_EQ(classify(StorageError("x", because(std::errc::not_enough_memory))), FailureClass::kOutOfMemory);
  EXPECT_EQ(classify(std::system_error(because(std::errc::not_enough_memory), "fork")), FailureClass::kOutOfMemory);
}

TEST(Classify, AFolderThatTakesNothingWaitsForSomeone) {
  for (const int reason : {ENOSPC, EDQUOT, EROFS, EACCES, EPERM, ESTALE, ENOTCONN, ENODEV}) {
    const std::error_code cause(reason, std::generic_category());
    EXPECT_EQ(classify(StorageError("x", cause)), FailureClass::kFolder) << cause.message();
    EXPECT_EQ(classify(std::filesystem::filesystem_error("copy", "/out", cause)), FailureClass::kFolder);
    EXPECT_EQ(classify(std::system_error(std::error_code(reason, std::system_category()))), FailureClass::kFolder);
  }
  // The same number of another category is something else.
  EXPECT_EQ(classify(std::system_error(std::error_code(ENOSPC, std::iostream_category()))),
            FailureClass::kInfrastructure);
}

TEST(Healing, WhatFailsAgainWithTheSameInputsIsNeverRetried) {
  for (const auto never : {FailureClass::kConfig, FailureClass::kData, FailureClass::kMethod, FailureClass::kMismatch})
    EXPECT_EQ(healing_of(never), Healing::kNever) << to_string(never);
  for (const auto chance : {FailureClass::kCrash, FailureClass::kOutOfMemory, FailureClass::kHang})
    EXPECT_EQ(healing_of(chance), Healing::kAnotherTry) << to_string(chance);
  EXPECT_EQ(healing_of(FailureClass::kInfrastructure), Healing::kTime);
  EXPECT_EQ(healing_of(FailureClass::kFolder), Healing::kSomeoneActs);
}

TEST(Classify, AThrowingCallOfTheFileSystemIsNoFaultOfTheMethod) {
  try {
    std::filesystem::remove(std::filesystem::path("/proc/self/status"));
    FAIL() << "removed";
  } catch (const std::exception& error) {
    EXPECT_EQ(classify(error), FailureClass::kFolder) << error.what();
  }
}

}  // namespace
}  // namespace lethe::core
