// Logits and greedy continuations of Hugging Face transformers (golden/record_logits.py).

#include <cmath>
#include <filesystem>
#include <fstream>
#include <ostream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/generate.h"
#include "model/network.h"
#include "tests/model/tiny_networks.h"
#include "tests/support/temporary_folder.h"

namespace lethe::model {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-4;

struct Recording {
  const char* name;
  const FamilySpec* family;  ///< of formula weights; null: the recording's own config.json says
  bool is_formula;

  friend std::ostream& operator<<(std::ostream& stream, const Recording& recording) { return stream << recording.name; }
};

class GoldenLogits : public ::testing::TestWithParam<Recording> {
 protected:
  static json recorded() {
    const std::filesystem::path file = std::filesystem::path(LETHE_SOURCE_DIR) / "tests/model/golden/logits.json";
    std::ifstream stream(file);
    const auto all = json::parse(stream);
    return all.contains(GetParam().name) ? all.at(GetParam().name) : json();
  }
  /// As transformers describes it, which `read_architecture` must understand.
  static Architecture recorded_architecture() {
    const test::TemporaryFolder folder;
    std::ofstream(folder.path() / "config.json") << recorded().at("config").dump();
    return read_architecture(folder.path());
  }
  static Network network(torch::Dtype dtype) {
    if (GetParam().is_formula) {
      return Network(testing::formula_weights(
          GetParam().family != nullptr ? testing::tiny_architecture(GetParam().family) : recorded_architecture(),
          dtype));
    }
    const auto folder = std::filesystem::path(LETHE_SOURCE_DIR) / "assets" / GetParam().name;
    return Network(load_weights(folder, testing::test_device(), dtype));
  }
};
INSTANTIATE_TEST_SUITE_P(
    Recorded, GoldenLogits,
    ::testing::Values(Recording{"formula-gpt2", &kGpt2, true}, Recording{"formula-gptj", &kGptj, true},
                      Recording{"formula-llama", nullptr, true}, Recording{"formula-llama-linear-tied", nullptr, true},
                      Recording{"formula-mistral", nullptr, true}, Recording{"formula-mistral-window", nullptr, true},
                      Recording{"formula-qwen2", nullptr, true}, Recording{"formula-qwen2-tied", nullptr, true},
                      Recording{"formula-qwen3", nullptr, true}, Recording{"small-gpt2", &kGpt2, false},
                      Recording{"small-gptj", &kGptj, false}),
    [](const auto& recording) {
      std::string name = recording.param.name;
      std::erase(name, '-');
      return name;
    });

void expect_position(const torch::Tensor& logits_V, const json& expected, const std::string& where) {
  const auto row = logits_V.to(torch::kCPU, torch::kFloat64);
  for (std::size_t i = 0; i < expected["top_ids"].size(); ++i) {
    EXPECT_NEAR(row[expected["top_ids"][i].get<std::int64_t>()].item<double>(), expected["top_logits"][i].get<double>(),
                kTolerance)
        << where;
  }
  EXPECT_NEAR(row.mean().item<double>(), expected["mean"].get<double>(), kTolerance) << where;
  EXPECT_NEAR(row.square().mean().sqrt().item<double>(), expected["root_mean_square"].get<double>(), kTolerance)
      << where;
  EXPECT_NEAR(row.logsumexp(0).item<double>(), expected["log_sum_exp"].get<double>(), kTolerance) << where;
}

TEST_P(GoldenLogits, AgreeWithTransformers) {
  const auto golden = recorded();
  ASSERT_FALSE(golden.is_null()) << "not recorded: run tests/model/golden/record_logits.py";
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const auto net = network(dtype);
    for (const auto& text : golden.at("texts")) {
      const auto ids = text.at("ids").get<std::vector<TokenId>>();
      const auto logits = net.forward(pad_rows(std::vector<std::vector<TokenId>>(1, ids), net.device()))[0];
      for (const auto& position : text.at("positions")) {
        const auto index = position.at("position").get<std::int64_t>();
        expect_position(logits[index], position,
                        std::string(c10::toString(dtype)) + ", " + std::to_string(ids.size()) + " tokens, position " +
                            std::to_string(index) + "; after a new training run golden/record_logits.py again");
      }
    }
  }
}

TEST_P(GoldenLogits, GreedyContinuationsAgreeWithTransformers) {
  const auto golden = recorded();
  ASSERT_FALSE(golden.is_null()) << "not recorded: run tests/model/golden/record_logits.py";
  const auto net = network(torch::kFloat32);
  for (const auto& text : golden.at("texts")) {
    const auto expected = text.at("greedy").get<std::vector<TokenId>>();
    core::RandomStream random(1, "unused");
    GenerateOptions options;
    options.max_total_tokens = static_cast<int>(expected.size());
    const std::vector<std::vector<TokenId>> prompts(1, text.at("ids").get<std::vector<TokenId>>());
    EXPECT_EQ(generate(net, prompts, options, random)[0], expected);
  }
}

}  // namespace
}  // namespace lethe::model
