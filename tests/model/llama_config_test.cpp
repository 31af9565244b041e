// What is read of the Llama family's config.json, and what is refused by name.

#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "model/network.h"
#include "tests/model/tiny_networks.h"
#include "tests/support/temporary_folder.h"

namespace lethe::model {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

using Change = std::function<void(json&)>;

/// The architecture of a tiny model's config.json after a change.
Architecture changed(const FamilySpec* family, const Change& change) {
  const test::TemporaryFolder folder;
  auto config = test::hugging_face_config(testing::tiny_architecture(family));
  change(config);
  std::ofstream(folder.path() / "config.json") << config.dump();
  return read_architecture(folder.path());
}

std::string refusal(const FamilySpec* family, const Change& change) {
  try {
    (void)changed(family, change);
  } catch (const core::ModelError& error) {
    return error.what();
  }
  return "no error";
}

class EachLlama : public ::testing::TestWithParam<const FamilySpec*> {};
INSTANTIATE_TEST_SUITE_P(Types, EachLlama, ::testing::Values(&kLlama, &kMistral, &kQwen2, &kQwen3),
                         [](const auto& family) { return testing::family_name(family.param); });

TEST_P(EachLlama, RefusesWhatIsNotComputedByNameWithItsValue) {
  const json demands = {{"attention_bias", true},
                        {"mlp_bias", true},
                        {"hidden_act", "gelu"},
                        {"partial_rotary_factor", 0.5},
                        {"rope_interleaved", true},
                        {"attn_logit_softcapping", 50.0},
                        {"final_logit_softcapping", 30.0},
                        {"qk_norm", true},
                        {"clip_qkv", 8.0},
                        {"embedding_multiplier", 12.0},
                        {"residual_multiplier", 0.22},
                        {"logits_scaling", 8.0},
                        {"quantization_config", {{"bits", 4}}},
                        {"dual_chunk_attention_config", {{"chunk_size", 262144}}}};
  for (const auto& [key, value] : demands.items()) {
    EXPECT_THAT(refusal(GetParam(), [&, k = key, v = value](json& c) { c[k] = v; }),
                AllOf(HasSubstr("config.json: `" + key + "` is " + value.dump()), HasSubstr("does not compute")));
  }
  EXPECT_EQ(refusal(GetParam(),
                    [](json& c) {
                      for (const auto* key : {"attention_bias", "mlp_bias", "qk_norm"}) c[key] = false;
                      c["embedding_multiplier"] = 1;
                      c["partial_rotary_factor"] = 1;
                      c["quantization_config"] = nullptr;
                      c["pretraining_tp"] = 2;
                    }),
            "no error");
}

TEST_P(EachLlama, RefusesShapesThatMakeNoSense) {
  const auto with = [&](const char* key, const json& value) {
    return refusal(GetParam(), [&](json& c) { c[key] = value; });
  };
  EXPECT_THAT(with("num_key_value_heads", 3), HasSubstr("`num_key_value_heads` does not divide"));
  EXPECT_THAT(with("head_dim", 5), HasSubstr("`head_dim` must be even"));
  EXPECT_THAT(with("head_dim", 1 << 22), HasSubstr("`head_dim` times `num_attention_heads`"));
  EXPECT_THAT(with("hidden_size", nullptr), HasSubstr("`hidden_size` is null"));
  EXPECT_THAT(with("rope_theta", 0), HasSubstr("`rope_theta` must be a number greater than 0"));
  EXPECT_THAT(with("rope_theta", "1e6"), HasSubstr("`rope_theta` must be a number"));
  EXPECT_THAT(with("rope_scaling", "llama3"), HasSubstr("`rope_scaling` must be an object"));
  if (GetParam() != &kQwen3) {  // which demands a `head_dim`
    EXPECT_THAT(refusal(GetParam(),
                        [](json& c) {
                          c.erase("head_dim");
                          c["num_attention_heads"] = 6;
                        }),
                HasSubstr("`num_attention_heads` does not divide `hidden_size`"));
  }
  EXPECT_THAT(with("layer_types", json{"full_attention", "linear_attention"}), HasSubstr("linear_attention"));
  EXPECT_THAT(with("layer_types", 3), HasSubstr("`layer_types` must be a list"));
}

TEST_P(EachLlama, ReadsScalingsAndRefusesOthersByName) {
  const auto with = [&](const json& scaling) {
    return refusal(GetParam(), [&](json& c) { c["rope_scaling"] = scaling; });
  };
  for (const auto* form : {"dynamic", "yarn", "longrope", "mrope"}) {
    EXPECT_THAT(with({{"rope_type", form}, {"factor", 2.0}}),
                HasSubstr("`rope_scaling.rope_type` is \"" + std::string(form)));
  }
  EXPECT_THAT(with({{"type", "linear"}}), HasSubstr("`rope_scaling.factor` is missing"));
  EXPECT_THAT(with({{"type", "linear"}, {"factor", -1}}),
              HasSubstr("`rope_scaling.factor` must be a number greater than 0"));
  EXPECT_THAT(with({{"type", "linear"}, {"factor", 2}, {"attention_factor", 1.2}}),
              HasSubstr("`rope_scaling.attention_factor` is 1.2"));
  json llama3 = test::rotary_scaling_config({RotaryScalingForm::kLlama3, 8.0, 1.0, 4.0, 8192});
  EXPECT_EQ(with(llama3), "no error");
  llama3["high_freq_factor"] = 1.0;
  EXPECT_THAT(with(llama3), HasSubstr("`rope_scaling.high_freq_factor` must be greater"));
  llama3.erase("original_max_position_embeddings");
  EXPECT_THAT(with(llama3), HasSubstr("`rope_scaling.original_max_position_embeddings` is missing"));
  const auto old = changed(GetParam(), [](json& c) { c["rope_scaling"] = {{"type", "linear"}, {"factor", 3}}; });
  EXPECT_EQ(old.rotary_scaling, (RotaryScaling{RotaryScalingForm::kLinear, 3.0}));
}

TEST_P(EachLlama, ReadsWhatTransformers5Writes) {
  const auto expected = testing::tiny_architecture(GetParam());
  const auto as_parameters = [&](json& c) {
    auto parameters = c["rope_scaling"].is_null() ? json{{"rope_type", "default"}} : c["rope_scaling"];
    parameters["rope_theta"] = c["rope_theta"];
    c.erase("rope_scaling");
    c.erase("rope_theta");
    c["rope_parameters"] = parameters;
  };
  const auto read = changed(GetParam(), as_parameters);
  EXPECT_EQ(read.rotary_base, expected.rotary_base);
  EXPECT_EQ(read.rotary_scaling, expected.rotary_scaling);
  const auto both = [&](double base) {
    return refusal(GetParam(), [&](json& c) {
      as_parameters(c);
      c["rope_theta"] = base;
      c["rope_scaling"] = test::rotary_scaling_config(expected.rotary_scaling);
    });
  };
  EXPECT_EQ(both(expected.rotary_base), "no error");
  EXPECT_THAT(both(123.0), HasSubstr("`rope_theta` or `rope_scaling` beside it say something else"));
}

TEST_P(EachLlama, GivesBackTheShapeThatWasWritten) {
  const auto expected = testing::tiny_architecture(GetParam());
  const auto read = changed(GetParam(), [](json&) {});
  EXPECT_EQ(read.family, GetParam());
  EXPECT_EQ(read.num_parameters(), expected.num_parameters());
  EXPECT_EQ(read.head_width(), 12);
  EXPECT_EQ(read.key_value_heads(), expected.key_value_heads());
  EXPECT_EQ(read.norm_epsilon, expected.norm_epsilon);
  EXPECT_EQ(read.rotary_dim, expected.rotary_dim);
  EXPECT_EQ(read.has_tied_head(), expected.has_tied_head());
  if (GetParam() == &kQwen3) return;
  EXPECT_EQ(changed(GetParam(), [](json& c) { c["head_dim"] = nullptr; }).head_width(), 8);
}

TEST(LlamaConfig, TakesTheDefaultsOfItsType) {
  const Change without = [](json& c) {
    for (const auto* key : {"num_key_value_heads", "sliding_window"}) c.erase(key);
    c["max_position_embeddings"] = 100000;
  };
  EXPECT_EQ(changed(&kLlama, without).key_value_heads(), 4) << "as many as heads";
  EXPECT_THAT(refusal(&kMistral, without), HasSubstr("`num_key_value_heads` is missing"));
  for (const auto* family : {&kQwen2, &kQwen3}) {
    EXPECT_THAT(refusal(family, without), HasSubstr("`num_key_value_heads` is missing"));
  }
  EXPECT_THAT(refusal(&kQwen3, [](json& config) { config.erase("head_dim"); }), HasSubstr("`head_dim` is missing"));
}

TEST(LlamaConfig, AWindowOfAttentionBoundsThePrompts) {
  const auto positions = [](const FamilySpec* family, const json& window, const json& use) {
    return changed(family,
                   [&](json& c) {
                     c["max_position_embeddings"] = 100000;
                     c["use_sliding_window"] = use;
                     window == "absent" ? void(c.erase("sliding_window")) : void(c["sliding_window"] = window);
                   })
        .max_positions;
  };
  EXPECT_EQ(positions(&kMistral, 40, nullptr), 40);
  EXPECT_EQ(positions(&kMistral, nullptr, nullptr), 100000);
  EXPECT_EQ(positions(&kMistral, "absent", nullptr), 4096) << "the type's default";
  EXPECT_EQ(positions(&kQwen2, 40, false), 100000);
  EXPECT_EQ(positions(&kQwen2, 40, true), 40);
  EXPECT_EQ(positions(&kLlama, 40, nullptr), 100000) << "Llama has no window";
  EXPECT_THAT(refusal(&kLlama, [](json& c) { c["layer_types"] = {"sliding_attention"}; }), HasSubstr("`layer_types`"));
}

}  // namespace
}  // namespace lethe::model
