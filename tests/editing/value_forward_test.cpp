#include "editing/value_forward.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using test::all_variants;
using test::byte_tokenizer;
using test::lively_network;
using test::relative_difference;
using test::request_of;
using test::Variant;

double tolerance(torch::Dtype dtype) { return dtype == torch::kFloat32 ? 1e-5 : 1e-10; }

at::Tensor some_delta(torch::Dtype dtype) {
  return test::on_test_device(at::linspace(-0.8, 1.1, 16, at::kDouble).sin().to(dtype));
}

struct Case {
  std::string what;
  data::EditRequest request;
  std::vector<std::string> templates;
  KlPosition kl_position;
};

std::vector<Case> cases() {
  const auto contexts = test::some_contexts().templates;
  return {
      {"text before the subject", request_of("The home of {} is", "Suao", "B"), contexts, KlPosition::kSubjectLast},
      {"several target tokens", request_of("{} is in", "Suao", "Xyz"), contexts, KlPosition::kLast},
      {"subject at the end", request_of("Who is {}", "Suao", "Xy"), contexts, KlPosition::kLast},
      {"one-token subject, nothing before it", request_of("{} is", "S", "B"), {"{}"}, KlPosition::kSubjectLast},
  };
}

class ValueForwardPaths : public testing::TestWithParam<Variant> {};
INSTANTIATE_TEST_SUITE_P(AllVariants, ValueForwardPaths, testing::ValuesIn(all_variants()),
                         [](const auto& param) { return test::variant_name(param.param); });

TEST_P(ValueForwardPaths, SuffixPathEqualsThePlainPath) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  for (const Case& each : cases()) {
    for (int layer = 0; layer < 3; ++layer) {
      SCOPED_TRACE(each.what + ", layer " + std::to_string(layer));
      RomeConfig config;
      config.kl_position = each.kl_position;
      const EditPrompts prompts = make_edit_prompts(config, {each.templates}, each.request, byte_tokenizer(), 96);
      const auto suffix = suffix_forward(network, prompts, layer);
      const auto plain = plain_forward(network, prompts, layer);
      const at::Tensor delta = some_delta(GetParam().dtype);
      const at::Tensor expected = plain->scored_hidden(delta);
      EXPECT_EQ(expected.size(0), static_cast<std::int64_t>(prompts.num_contexts() * prompts.target_ids.size() + 1));
      EXPECT_LT(relative_difference(suffix->scored_hidden(delta), expected), tolerance(GetParam().dtype));
      if (layer < 2) {  // at the last layer delta stays at its own position, which need not be scored
        EXPECT_GT(relative_difference(expected, plain->scored_hidden(at::zeros_like(delta))), 1e-2);
      }
      EXPECT_LT(relative_difference(suffix->initial_value(), plain->initial_value()), tolerance(GetParam().dtype));
    }
  }
}

TEST_P(ValueForwardPaths, ValueMayStandAtTheBlockOutputWithKeysOfALowerLayer) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  for (const Case& each : cases()) {
    const EditPrompts prompts = make_edit_prompts({}, {each.templates}, each.request, byte_tokenizer(), 96);
    for (const auto& [layer, key_layer] : {std::pair{0, 0}, {1, 0}, {2, 0}, {2, 1}, {2, 2}}) {
      SCOPED_TRACE(each.what + ", layers " + std::to_string(key_layer) + " to " + std::to_string(layer));
      const ValueOptions options{ValueSite::kBlockOutput, key_layer};
      const auto suffix = suffix_forward(network, prompts, layer, options);
      const auto plain = plain_forward(network, prompts, layer, options);
      const at::Tensor delta = some_delta(GetParam().dtype);
      EXPECT_LT(relative_difference(suffix->scored_hidden(delta), plain->scored_hidden(delta)),
                tolerance(GetParam().dtype));

      // The bare prompt alone, all layers.
      std::array<model::Tap, 2> taps{model::Tap{layer, model::Site::kBlockOutput, {}, {}},
                                     model::Tap{key_layer, model::Site::kProjectionInput, {}, {}}};
      model::ForwardOptions forward_options;
      forward_options.taps = taps;
      const std::vector<std::vector<model::TokenId>> bare{prompts.key_rows[0]};
      const at::Tensor embedded = network.embed(model::pad_rows(bare, test::test_device()).ids_BT);
      static_cast<void>(network.forward_layers(embedded, forward_options));
      const auto last = prompts.subject_last[0];
      for (const auto* forward : {suffix.get(), plain.get()}) {
        EXPECT_LT(relative_difference(forward->initial_value(), taps[0].value[0][last]), tolerance(GetParam().dtype));
        EXPECT_LT(relative_difference(forward->subject_states().keys_CF[0], taps[1].value[0][last]),
                  tolerance(GetParam().dtype));
        // From the kept inputs the key layer's block gives the same key again.
        std::array<model::Tap, 1> again{model::Tap{key_layer, model::Site::kProjectionInput, {}, {}}};
        model::ForwardOptions one_block;
        one_block.first_layer = one_block.last_layer = key_layer;
        one_block.taps = again;
        static_cast<void>(network.forward_layers(forward->subject_states().inputs_CTD, one_block));
        for (std::size_t row = 0; row < prompts.num_contexts(); ++row) {
          const auto index = static_cast<std::int64_t>(row);
          EXPECT_LT(relative_difference(again[0].value[index][prompts.subject_last[row]],
                                        forward->subject_states().keys_CF[index]),
                    tolerance(GetParam().dtype));
        }
      }
    }
  }
}

TEST_P(ValueForwardPaths, SuffixGradientEqualsThePlainGradient) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  for (const Case& each : cases()) {
    SCOPED_TRACE(each.what);
    const EditPrompts prompts = make_edit_prompts({}, {each.templates}, each.request, byte_tokenizer(), 96);
    const auto gradient = [&](const ValueForward& forward) {
      const at::Tensor delta = some_delta(GetParam().dtype).requires_grad_();
      return torch::autograd::grad({forward.scored_hidden(delta).sin().sum()}, {delta}).front();
    };
    EXPECT_LT(relative_difference(gradient(*suffix_forward(network, prompts, 1)),
                                  gradient(*plain_forward(network, prompts, 1))),
              tolerance(GetParam().dtype));
  }
}

TEST_P(ValueForwardPaths, ReadsKeysAndOutputsOfTheBareTexts) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const EditPrompts prompts =
      make_edit_prompts({}, test::some_contexts(), request_of("The {} is", "Suao", "Xyz"), byte_tokenizer(), 96);
  const auto suffix = suffix_forward(network, prompts, 1);
  for (std::size_t row = 0; row < prompts.num_contexts(); ++row) {
    std::array<model::Tap, 2> taps{model::Tap{1, model::Site::kProjectionInput, {}, {}},
                                   model::Tap{1, model::Site::kProjectionOutput, {}, {}}};
    model::ForwardOptions options;
    options.taps = taps;
    const std::vector<std::vector<model::TokenId>> alone{prompts.key_rows[row]};
    static_cast<void>(
        network.forward_layers(network.embed(model::pad_rows(alone, test::test_device()).ids_BT), options));
    const auto index = static_cast<std::int64_t>(row);
    const auto position = prompts.subject_last[row];
    EXPECT_LT(relative_difference(suffix->subject_states().keys_CF[index], taps[0].value[0][position]),
              tolerance(GetParam().dtype));
    EXPECT_LT(relative_difference(suffix->subject_states().outputs_CD[index], taps[1].value[0][position]),
              tolerance(GetParam().dtype));
  }
}

TEST_P(ValueForwardPaths, ReadsKeysApartWhereTheTargetChangesTheSubjectsTokens) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  EditPrompts prompts =
      make_edit_prompts({}, test::some_contexts(), request_of("{} is", "Suao", "B"), byte_tokenizer(), 96);
  const at::Tensor expected = suffix_forward(network, prompts, 1)->subject_states().keys_CF.clone();
  // As if the text with the target had merged the subject's last letter into another token.
  prompts.rows[2][static_cast<std::size_t>(prompts.subject_last[2])] = 'x';
  for (const auto& forward : {suffix_forward(network, prompts, 1), plain_forward(network, prompts, 1)}) {
    EXPECT_LT(relative_difference(forward->subject_states().keys_CF, expected), tolerance(GetParam().dtype));
  }
}

TEST_P(ValueForwardPaths, ScoresPositionsBeforeTheSubjectsLastToken) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  EditPrompts prompts =
      make_edit_prompts({}, test::some_contexts(), request_of("Who is {}", "Suao", "Xyz"), byte_tokenizer(), 96);
  // As if merged tokens had shortened every row, so that the first target position stands before the subject's end.
  for (std::size_t row = 0; row < prompts.num_contexts(); ++row) {
    prompts.rows[row].resize(static_cast<std::size_t>(prompts.subject_last[row]) + 2);
  }
  ASSERT_LT(prompts.target_position(0, 0), prompts.subject_last[0]);
  const at::Tensor delta = some_delta(GetParam().dtype);
  EXPECT_LT(relative_difference(suffix_forward(network, prompts, 1)->scored_hidden(delta),
                                plain_forward(network, prompts, 1)->scored_hidden(delta)),
            tolerance(GetParam().dtype));
}

}  // namespace
}  // namespace lethe::editing
