// What every family refuses of a config.json: numbers outside their range, and variants that none computes.

#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "model/families/number_ranges.h"
#include "tests/model/tiny_networks.h"
#include "tests/support/temporary_folder.h"

namespace lethe::model {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string refusal(const std::string& config) {
  const test::TemporaryFolder folder;
  folder.write("config.json", config);
  return test::message_of<core::ModelError>([&] { (void)read_architecture(folder.path()); });
}

class ConfigJson : public ::testing::TestWithParam<const FamilySpec*> {
 protected:
  void SetUp() override {
    if (config_.contains("sliding_window") && GetParam() != &kLlama) {
      config_["sliding_window"] = 40;
      config_["use_sliding_window"] = true;
    }
    ASSERT_EQ(refusal(config_.dump()), "");
  }
  /// Expects that the number under a key, `shown` in messages, is refused outside its range and as what is no number.
  void expect_range(json& value, const std::string& shown, bool is_whole) const {
    const json sound = value;
    for (const json& wrong : {json(-1), json(0), json(-0.5), json(1e300), json(std::uint64_t{1} << 63), json("3"),
                              json(true), json::array({1})}) {
      value = wrong;
      EXPECT_THAT(refusal(config_.dump()), AllOf(HasSubstr("config.json: `" + shown + "` must be a "),
                                                 HasSubstr(" at most "), HasSubstr("not " + wrong.dump())));
    }
    value = nullptr;
    if (!is_whole) {
      EXPECT_THAT(refusal(config_.dump()), HasSubstr("`" + shown + "` "));
    }
    value = sound;
  }

  json config_ = test::hugging_face_config(testing::tiny_architecture(GetParam()));
};
INSTANTIATE_TEST_SUITE_P(Families, ConfigJson, ::testing::ValuesIn(all_families()),
                         [](const auto& family) { return testing::family_name(family.param); });

TEST_P(ConfigJson, EveryNumberIsHeldToItsRange) {
  int num_checked = 0;
  const auto check = [&](json& object, const std::string& section) {
    for (const auto& [key, value] : object.items()) {
      if (!value.is_number()) continue;
      EXPECT_NE(largest_whole(key).has_value(), largest_real(key).has_value()) << key;
      expect_range(object[key], section + key, largest_whole(key).has_value());
      ++num_checked;
    }
  };
  check(config_, "");
  if (config_.contains("rope_scaling") && config_["rope_scaling"].is_object())
    check(config_["rope_scaling"], "rope_scaling.");
  EXPECT_GE(num_checked, 7);
  const std::string epsilon = config_.contains("rms_norm_eps") ? "rms_norm_eps" : "layer_norm_epsilon";
  config_[epsilon] = 1.0;
  EXPECT_EQ(refusal(config_.dump()), "");
  config_[epsilon] = 1.5;
  EXPECT_THAT(refusal(config_.dump()),
              HasSubstr("`" + epsilon + "` must be a number greater than 0 and at most 1.0, not 1.5"));
}

TEST_P(ConfigJson, WhatNoFamilyComputesIsRefusedByEach) {
  const json demands = {{"quantization_config", {{"load_in_4bit", true}}},
                        {"compression_config", {{"format", "pack-quantized"}}},
                        {"pruned_heads", {{"1", {0}}}},
                        {"is_encoder_decoder", true},
                        {"add_cross_attention", true}};
  for (const auto& [key, value] : demands.items()) {
    auto config = config_;
    config[key] = value;
    EXPECT_THAT(refusal(config.dump()),
                AllOf(HasSubstr("config.json: `" + key + "` is " + value.dump()), HasSubstr("does not compute")));
  }
  config_["quantization_config"] = nullptr;
  config_["pruned_heads"] = json::object();
  config_["is_encoder_decoder"] = false;
  config_["add_cross_attention"] = false;
  EXPECT_EQ(refusal(config_.dump()), "");
}

TEST(EmptyConfigJson, IsCalledSo) {
  for (const char* nothing : {"", " \n"}) {
    EXPECT_THAT(refusal(nothing), HasSubstr("config.json: is empty, as a download that broke off leaves it"));
  }
}

}  // namespace
}  // namespace lethe::model
