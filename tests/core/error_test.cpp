#include "core/error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <system_error>

namespace lethe::core {
namespace {

TEST(FailureClass, NamesAndValuesAreInverse) {
  for (const std::string word : {"config", "data", "method", "crash", "oom", "hang", "infrastructure"}) {
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
  EXPECT_EQ(classify(CommError("x")), FailureClass::kInfrastructure);
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
  for (const auto reason : {std::errc::no_space_on_device, std::errc::io_error, std::errc::permission_denied,
                            std::errc::resource_unavailable_try_again}) {
    EXPECT_EQ(classify(std::filesystem::filesystem_error("remove", "/out/cells", because(reason))),
              FailureClass::kInfrastructure);
    EXPECT_EQ(classify(std::system_error(because(reason), "thread")), FailureClass::kInfrastructure);
  }
  EXPECT_EQ(classify(std::system_error(because(std::errc::not_enough_memory), "fork")), FailureClass::kOutOfMemory);
}

TEST(Classify, AThrowingCallOfTheFileSystemIsNoFaultOfTheMethod) {
  try {
    std::filesystem::remove(std::filesystem::path("/proc/self/status"));
    FAIL() << "removed";
  } catch (const std::exception& error) {
    EXPECT_EQ(classify(error), FailureClass::kInfrastructure) << error.what();
  }
}

}  // namespace
}  // namespace lethe::core
