#include "orchestrator/scheduling/target_gpu.h"

#include <cstdlib>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "orchestrator/device_binding.h"

namespace lethe::orchestrator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

core::ListedGpu listed(int number, const std::string& name, std::int64_t mebibytes) {
  return {number, "GPU-" + std::to_string(number) + "f", name, "535.161.08", mebibytes * kMebibyte, 0, false};
}

std::string recognised(const char* name, std::int64_t mebibytes) {
  const auto* model = recognised_gpu(name, mebibytes * kMebibyte);
  return model == nullptr ? "" : std::string(model->name);
}

TEST(RecognisedGpu, IsTheKindThatDriversReport) {
  const std::tuple<const char*, std::int64_t, const char*> reports[] = {
      {"NVIDIA A100-SXM4-80GB", 81920, "a100-80"},
      {"NVIDIA A100 80GB PCIe", 81920, "a100-80"},
      {"NVIDIA A100-SXM4-40GB", 40960, "a100-40"},
      {"A100-PCIE-40GB", 40536, "a100-40"},
      {"A100-SXM-80GB", 81251, "a100-80"},
      {"NVIDIA H100 PCIe", 81559, "h100-pcie"},
      {"NVIDIA H100 80GB HBM3", 81559, "h100"},
      {"NVIDIA H200", 143771, "h200"},
      {"NVIDIA A40", 46068, "a40"},
      {"A40", 45634, "a40"},
      {"NVIDIA L40S", 46068, "l40s"},
      {"NVIDIA RTX A6000", 49140, "a6000"},
      {"RTX A6000", 48685, "a6000"},
      {"Tesla V100-SXM2-32GB", 32510, "v100-32"},
      {"Tesla V100-PCIE-16GB", 16160, "v100-16"},
      {"Tesla V100-SXM3-32GB", 32768, "v100-32"},
      {"Tesla V100-DGXS-32GB", 32505, "v100-32"},
      {"NVIDIA GeForce RTX 4090", 24564, "rtx4090"},
      {"NVIDIA GeForce RTX 3090", 24576, "rtx3090"},
      {"GeForce RTX 3090", 24268, "rtx3090"},
  };
  for (const auto& [name, mebibytes, expected] : reports) EXPECT_EQ(recognised(name, mebibytes), expected) << name;
}

TEST(RecognisedGpu, AVariantOrAShareOfAKindIsNotThatKind) {
  const std::pair<const char*, std::int64_t> reports[] = {
      {"NVIDIA H100 NVL", 95830},
      {"NVIDIA H200 NVL", 143771},
      {"NVIDIA GH200 480GB", 97871},
      {"NVIDIA H100", 65247},                         // with 64 GB
      {"NVIDIA A100-SXM-64GB", 65536},                //
      {"NVIDIA A100-SXM4-40GB MIG 3g.20gb", 20096},   //
      {"NVIDIA A100-SXM4-40GB MIG 7g.40gb", 40960},   //
      {"GRID A100D-80C", 81920},                      // a virtual one
      {"NVIDIA A40-24Q", 24576},                      //
      {"NVIDIA GeForce RTX 4090 D", 24564},           //
      {"NVIDIA GeForce RTX 4090 Laptop GPU", 16376},  //
      {"NVIDIA GeForce RTX 3090 Ti", 24564},          //
      {"NVIDIA L40", 46068},                          //
      {"NVIDIA RTX 6000 Ada Generation", 49140},      //
      {"Tesla V100S-PCIE-32GB", 32510},               //
      {"NVIDIA A100", 0},                             // memory is not told
      {"NVIDIA", 81920},                              //
      {"80GB", 81920},                                //
      {"", 81920},                                    //
      {"NVIDIA B200", 183359},                        //
      {"AMD Instinct MI300X", 196592},                //
  };
  for (const auto& [name, mebibytes] : reports) EXPECT_EQ(recognised(name, mebibytes), "") << name;
}

TEST(DecidingGpu, OfOneKindIsPricedAndFittedAsIfItWereNamed) {
  const std::vector gpus{listed(0, "NVIDIA A100-SXM4-80GB", 81920), listed(1, "NVIDIA A100-SXM4-80GB", 81920)};
  const auto gpu = deciding_gpu(gpus);
  const auto named = named_gpu("a100-80");
  ASSERT_TRUE(gpu);
  EXPECT_EQ(gpu->name, named.name);
  EXPECT_EQ(gpu->memory_bytes, named.memory_bytes);
  EXPECT_EQ(gpu->model, named.model);
  EXPECT_THAT(gpu->found, ElementsAre(Pair("NVIDIA A100-SXM4-80GB", 2)));
  EXPECT_THAT(named.found, IsEmpty());
}

TEST(DecidingGpu, ThatIsNotKnownHasTheMemoryThatItReports) {
  const auto gpu = deciding_gpu(std::vector{listed(0, "Tesla T4", 15360)});
  ASSERT_TRUE(gpu);
  EXPECT_EQ(gpu->name, "Tesla T4");
  EXPECT_EQ(gpu->memory_bytes, 15360 * kMebibyte);
  EXPECT_EQ(gpu->model, nullptr);
}

TEST(DecidingGpu, OfSeveralKindsIsThatOfTheLeastMemory) {
  const auto gpu = deciding_gpu(std::vector{listed(0, "NVIDIA A100-SXM4-80GB", 81920), listed(1, "NVIDIA A40", 46068),
                                            listed(2, "NVIDIA H200", 143771), listed(3, "NVIDIA A40", 46068)});
  ASSERT_TRUE(gpu);
  EXPECT_EQ(gpu->name, "a40");
  EXPECT_THAT(gpu->found, ElementsAre(Pair("NVIDIA A100-SXM4-80GB", 1), Pair("NVIDIA A40", 2), Pair("NVIDIA H200", 1)));
  const auto slowest =
      deciding_gpu(std::vector{listed(0, "NVIDIA H100 80GB HBM3", 81559), listed(1, "NVIDIA A100 80GB PCIe", 81920)});
  EXPECT_EQ(slowest->name, "a100-80") << "as much memory, and less speed";
  EXPECT_EQ(deciding_gpu(std::vector{listed(0, "A", 0), listed(1, "B", 1000)})->name, "B") << "what is told decides";
}

TEST(DecidingGpu, OfNothingIsNone) {
  EXPECT_FALSE(deciding_gpu({}));
  EXPECT_FALSE(deciding_gpu(std::vector{listed(0, "NVIDIA GB10", 0)}));
}

class VisibleGpus : public ::testing::Test {
 protected:
  [[nodiscard]] static std::string numbers(const std::vector<core::ListedGpu>& gpus, const DeviceChoice& choice) {
    std::string text;
    for (const auto& gpu : visible_gpus(gpus, choice)) text += std::to_string(gpu.number);
    return text;
  }
  const std::vector<core::ListedGpu> alike_{listed(0, "NVIDIA A40", 46068), listed(1, "NVIDIA A40", 46068),
                                            listed(2, "NVIDIA A40", 46068)};
  const std::vector<core::ListedGpu> mixed_{listed(0, "Tesla T4", 15360), listed(1, "NVIDIA A40", 46068)};
};

TEST_F(VisibleGpus, AreThoseThatTheEnvironmentLeaves) {
  EXPECT_EQ(numbers(alike_, {std::nullopt, false}), "012");
  EXPECT_EQ(numbers(alike_, {"", false}), "") << "set and empty hides all";
  EXPECT_EQ(numbers(alike_, {"2,0", false}), "20");
  EXPECT_EQ(numbers(alike_, {"1,-1,2", false}), "1") << "CUDA reads up to what names none";
  EXPECT_EQ(numbers(alike_, {"1,7,2", false}), "1");
  EXPECT_EQ(numbers(alike_, {"NoDevFiles", false}), "");
  EXPECT_EQ(numbers(alike_, {"GPU-2f,GPU-0", false}), "20") << "the beginning of a UUID is enough";
}

TEST_F(VisibleGpus, OfSeveralKindsAreAllWhereNumbersCountTheFastestFirst) {
  EXPECT_EQ(numbers(mixed_, {"1", false}), "01");
  EXPECT_EQ(numbers(mixed_, {"1", true}), "1");
  EXPECT_EQ(numbers(mixed_, {"GPU-1f", false}), "1");
}

TEST_F(VisibleGpus, AreChosenByTheEnvironment) {
  ::setenv("CUDA_VISIBLE_DEVICES", "3", 1);
  ::setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID", 1);
  EXPECT_EQ(device_choice().visible, "3");
  EXPECT_TRUE(device_choice().is_in_pci_order);
  ::unsetenv("CUDA_VISIBLE_DEVICES");
  ::setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST", 1);
  EXPECT_EQ(device_choice().visible, std::nullopt);
  EXPECT_FALSE(device_choice().is_in_pci_order);
  ::unsetenv("CUDA_DEVICE_ORDER");
}

}  // namespace
}  // namespace lethe::orchestrator
