#include "core/nvidia_smi.h"

#include <cstdlib>
#include <filesystem>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
constexpr const char* kTwoGpus =
    "0, GPU-aa-1, 15360, 14923, 535.161.08, [N/A], Tesla T4\n"
    "1, GPU-bb-2, 81559, 80994, 535.161.08, Disabled, NVIDIA H100 80GB HBM3\n";
constexpr const char* kSplitGpu = "0, GPU-aa-1, 40960, 40000, 535.161.08, Enabled, NVIDIA A100-SXM4-40GB\n";
constexpr const char* kSlices =
    "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aa-1)\n"
    "  MIG 3g.20gb     Device  0: (UUID: MIG-1)\n"
    "  MIG 1g.5gb+me   Device  1: (UUID: MIG-2)\n"
    "  MIG 1c.2g.10gb  Device  2: (UUID: MIG-3)\n";

TEST(NvidiaSmi, ReadsAListOfGpus) {
  const auto gpus = parse_gpus(kTwoGpus);
  ASSERT_THAT(gpus, SizeIs(2));
  EXPECT_EQ(gpus[0].name, "Tesla T4");
  EXPECT_EQ(gpus[0].uuid, "GPU-aa-1");
  EXPECT_EQ(gpus[0].memory_bytes, 15360 * kMebibyte);
  EXPECT_EQ(gpus[0].free_bytes, 14923 * kMebibyte);
  EXPECT_EQ(gpus[0].driver, "535.161.08");
  EXPECT_EQ(gpus[1].number, 1);
  EXPECT_FALSE(gpus[1].is_split);
  EXPECT_TRUE(parse_gpus(kSplitGpu).front().is_split);
}

TEST(NvidiaSmi, WhatItDoesNotTellIsNotKnown) {
  const auto gpus = parse_gpus("0, GPU-c, [N/A], [Insufficient Permissions], , [N/A], NVIDIA GB10, one of a kind\r\n");
  ASSERT_THAT(gpus, SizeIs(1));
  EXPECT_EQ(gpus[0].memory_bytes, 0);
  EXPECT_EQ(gpus[0].free_bytes, 0);
  EXPECT_EQ(gpus[0].name, "NVIDIA GB10, one of a kind");
}

TEST(NvidiaSmi, LinesThatAreNoAnswerArePassedOver) {
  EXPECT_THAT(parse_gpus(""), IsEmpty());
  EXPECT_THAT(parse_gpus("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n\n"),
              IsEmpty());
  EXPECT_THAT(parse_gpus("Field \"mig.mode.current\" is not a valid field to query.\n"), IsEmpty());
  for (const char* line : {
           "0, GPU-a, 15360, 1, 535, Disabled",                 // a field too few
           "-1, GPU-a, 15360, 1, 535, Disabled, Tesla T4",      // a number that is none
           "5000, GPU-a, 15360, 1, 535, Disabled, Tesla T4",    //
           "0x0, GPU-a, 15360, 1, 535, Disabled, Tesla T4",     //
           "0, a, 15360, 1, 535, Disabled, Tesla T4",           // no UUID
           "0, GPU-a, 15360, 1, 535, Disabled, ",               // no name
           "0, GPU-a, 15360, 1, 535, Disabled, \x1b[2JTesla",   // what a terminal would obey
           "0, GPU-a, 15360, 1, 535, Disabled, Tesla \xff\xfe"  // no text
       }) {
    EXPECT_THAT(parse_gpus(line), IsEmpty()) << line;
  }
  EXPECT_THAT(parse_gpus(std::string("WARNING: infoROM is corrupted\n") + kTwoGpus + "trailing\n"), SizeIs(2));
  for (const char* memory : {"99999999999999999999999", "9223372036854775807", "-5", "15360 MiB", "1e5", ""}) {
    const auto gpus = parse_gpus(std::string("0, GPU-a, ") + memory + ", 1, 535, Disabled, Tesla T4");
    ASSERT_THAT(gpus, SizeIs(1)) << memory;
    EXPECT_EQ(gpus[0].memory_bytes, 0) << memory;
  }
}

TEST(NvidiaSmi, AnAnswerThatBreaksOffAnywhereIsRead) {
  const std::string all = kTwoGpus;
  for (std::size_t length = 0; length < all.size(); ++length) {
    EXPECT_LE(parse_gpus(all.substr(0, length)).size(), 2U);
    EXPECT_LE(parse_devices(std::string(kSlices).substr(0, length)).size(), 4U);
  }
}

TEST(NvidiaSmi, ReadsTheListOfDevices) {
  const auto uuids = [](const char* text) {
    std::vector<std::string> list;
    for (const auto& device : parse_devices(text)) list.push_back(device.uuid);
    return list;
  };
  EXPECT_THAT(uuids("GPU 0: NVIDIA H200 (UUID: GPU-aa-1)\nGPU 1: NVIDIA H200 (UUID: GPU-bb-2)\n"),
              ElementsAre("GPU-aa-1", "GPU-bb-2"));
  EXPECT_THAT(uuids("GPU 0: A100 (UUID: GPU-aa)\n  MIG 3g.20gb Device 0: (UUID: MIG-1)\n"
                    "  MIG 3g.20gb Device 1: (UUID: MIG-2)\nGPU 1: A100 (UUID: GPU-bb)\n"),
              ElementsAre("MIG-1", "MIG-2", "GPU-bb"));
  EXPECT_THAT(uuids("No devices were found\n"), IsEmpty());
}

TEST(NvidiaSmi, SlicesStandInThePlaceOfTheirGpu) {
  const auto gpus =
      with_slices(parse_gpus(std::string(kSplitGpu) + "1, GPU-bb, 40960, 1, 535, Disabled, A100-SXM4-40GB\n"),
                  parse_devices(kSlices));
  ASSERT_THAT(gpus, SizeIs(4));
  EXPECT_EQ(gpus[0].name, "NVIDIA A100-SXM4-40GB MIG 3g.20gb");
  EXPECT_EQ(gpus[0].uuid, "MIG-1");
  EXPECT_EQ(gpus[0].memory_bytes, 20'000'000'000) << "its profile's, not the card's";
  EXPECT_EQ(gpus[1].memory_bytes, 5'000'000'000);
  EXPECT_EQ(gpus[2].memory_bytes, 10'000'000'000);
  EXPECT_EQ(gpus[3].uuid, "GPU-bb");
  EXPECT_THAT(with_slices(parse_gpus(kSplitGpu), {}), IsEmpty()) << "a card that is split is never used whole";
  const auto odd =
      with_slices(parse_gpus(kSplitGpu), {{"MIG-9", "GPU-aa-1", "gb.99999gb"}, {"MIG-8", "GPU-aa-1", "?"}});
  EXPECT_THAT(odd, ElementsAre(Field(&ListedGpu::memory_bytes, 0), Field(&ListedGpu::memory_bytes, 0)));
}

/// A program of that name on PATH, which counts how often it is asked.
class FakeNvidiaSmi : public ::testing::Test {
 protected:
  FakeNvidiaSmi() {
    if (const char* path = std::getenv("PATH")) path_ = path;
    ::setenv("PATH", (folder_.path().string() + ":/usr/bin:/bin").c_str(), 1);
  }
  ~FakeNvidiaSmi() override { ::setenv("PATH", path_.c_str(), 1); }

  void say(const std::string& script) const {
    const auto program =
        folder_.write("nvidia-smi", "#!/bin/sh\necho \"$1\" >>" + (folder_ / "asked").string() + "\n" + script + "\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }
  [[nodiscard]] std::string asked() const { return test::read_text(folder_ / "asked"); }

  test::TemporaryFolder folder_;
  std::string path_;
};

TEST_F(FakeNvidiaSmi, IsAskedOnceForWholeGpus) {
  say(std::string("printf '%s' '") + kTwoGpus + "'");
  const auto listing = list_gpus();
  EXPECT_THAT(listing.gpus, SizeIs(2));
  EXPECT_EQ(listing.trouble, "");
  EXPECT_EQ(asked(), gpu_query().front() + "\n");
}

TEST_F(FakeNvidiaSmi, IsAskedOnceMoreForSlices) {
  say(std::string("[ \"$1\" = -L ] && printf '%s' '") + kSlices + "' || printf '%s' '" + kSplitGpu + "'");
  EXPECT_THAT(list_gpus().gpus, SizeIs(3));
  EXPECT_EQ(asked(), gpu_query().front() + "\n-L\n");
  say(std::string("[ \"$1\" = -L ] && exit 3; printf '%s' '") + kSplitGpu + "'");
  const auto listing = list_gpus();
  EXPECT_THAT(listing.gpus, IsEmpty());
  EXPECT_EQ(listing.trouble, "nvidia-smi failed");
}

TEST_F(FakeNvidiaSmi, WhatIsNoAnswerIsATroubleThatSaysWhy) {
  say("echo; echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18");
  EXPECT_EQ(list_gpus().trouble, "nvidia-smi failed: Failed to initialize NVML: Driver/library version mismatch");
  say("head -c 300 /dev/urandom | tr -d '\\n'; echo; echo nonsense");
  EXPECT_THAT(list_gpus().trouble, HasSubstr("nvidia-smi wrote no list of GPUs"));
  EXPECT_THAT(list_gpus().gpus, IsEmpty());
  say("exec sleep 60");
  EXPECT_EQ(list_gpus(std::chrono::seconds(1)).trouble, "nvidia-smi gave no answer within 1 s");
}

TEST_F(FakeNvidiaSmi, AMachineWithoutGpusHasNone) {
  say("echo 'No devices were found'; exit 6");
  EXPECT_THAT(list_gpus().gpus, IsEmpty());
  EXPECT_EQ(list_gpus().trouble, "");
}

TEST_F(FakeNvidiaSmi, IsTheFirstProgramOfItsNameOnThePath) {
  const auto second = std::filesystem::path(folder_.write("second/nvidia-smi", "#!/bin/sh\n"));
  ::setenv("PATH", (".:relative:" + folder_.path().string() + ":" + second.parent_path().string()).c_str(), 1);
  EXPECT_NE(nvidia_smi_path(), second.string()) << "nobody may execute it";
  std::filesystem::permissions(second, std::filesystem::perms::owner_all);
  EXPECT_EQ(nvidia_smi_path(), second.string());
  std::filesystem::create_directory(folder_ / "nvidia-smi");
  EXPECT_EQ(nvidia_smi_path(), second.string()) << "a folder is no program";
}

}  // namespace
}  // namespace lethe::core
