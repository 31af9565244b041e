#include "model/network.h"

#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "tests/model/tiny_networks.h"

namespace lethe::model {
namespace {

using testing::EachNetwork;
using testing::test_device;
using testing::token_row;

using Rows = std::vector<std::vector<TokenId>>;

TokenRows padded(const Rows& rows) { return pad_rows(rows, test_device()); }

torch::Tensor indices(std::vector<std::int64_t> values) {
  return torch::tensor(values, torch::kInt64).to(test_device());
}

std::vector<TokenId> joined(std::vector<TokenId> first, const std::vector<TokenId>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// K/V and last hidden states of rows run from their beginning.
struct Run {
  torch::Tensor hidden_BTD;
  KeyValues collected;
};
Run run(const Network& network, const Rows& rows) {
  Run result;
  ForwardOptions options;
  options.collected = &result.collected;
  result.hidden_BTD = network.forward_layers(network.embed(padded(rows).ids_BT), options);
  return result;
}

class NetworkForward : public EachNetwork {};
LETHE_INSTANTIATE_EACH_NETWORK(NetworkForward);

TEST_P(NetworkForward, LayerRangesComposeToTheWhole) {
  const auto net = network();
  const auto embedded = net.embed(padded({token_row(0, 9), token_row(1, 9)}).ids_BT);
  ForwardOptions below;
  below.last_layer = 0;
  ForwardOptions above;
  above.first_layer = 1;
  const auto whole = net.forward_layers(embedded);
  expect_close(net.forward_layers(net.forward_layers(embedded, below), above), whole);
  EXPECT_GT((whole - embedded).abs().max().item<double>(), 0.1);
}

TEST_P(NetworkForward, ReadPositionsGiveWhatTheWholeForwardGivesThere) {
  const auto net = network();
  const auto embedded = net.embed(padded({token_row(0, 9), token_row(1, 6), token_row(2, 8)}).ids_BT);
  const auto whole = run(net, {token_row(0, 9), token_row(1, 6), token_row(2, 8)});
  KeyValues collected;
  ForwardOptions options;
  options.collected = &collected;
  options.read_positions_N = indices({8, 9 + 5, 18 + 7, 18 + 2});
  const auto read_ND = net.forward_layers(embedded, options);
  expect_close(read_ND, whole.hidden_BTD.flatten(0, 1).index_select(0, options.read_positions_N));
  const auto last = collected.keys.size() - 1;
  expect_close(collected.keys[last], whole.collected.keys[last]);
  options.read_positions_N = indices({});
  EXPECT_EQ(net.forward_layers(embedded, options).size(0), 0);
  expect_close(collected.values[last], whole.collected.values[last]);
}

TEST_P(NetworkForward, ReadPositionsWithoutLayersAreASelection) {
  const auto net = network();
  const auto embedded = net.embed(padded({token_row(0, 4)}).ids_BT);
  ForwardOptions none;
  none.first_layer = static_cast<int>(net.architecture().num_layers);
  none.read_positions_N = indices({2});
  EXPECT_TRUE(net.forward_layers(embedded, none).equal(embedded.flatten(0, 1).narrow(0, 2, 1)));
}

TEST_P(NetworkForward, NoLayersIsIdentity) {
  const auto net = network();
  const auto embedded = net.embed(padded({token_row(0, 4)}).ids_BT);
  ForwardOptions none;
  none.first_layer = 3;
  EXPECT_TRUE(torch::equal(net.forward_layers(embedded, none), embedded));
}

TEST_P(NetworkForward, RightPaddingNeverReachesRealTokens) {
  const auto net = network();
  const auto alone = net.forward(padded({token_row(2, 5)}));
  const auto beside = net.forward(padded({token_row(3, 17), token_row(2, 5)}));
  expect_close(beside[1].narrow(0, 0, 5), alone[0]);
}

TEST_P(NetworkForward, LaterTokensDoNotChangeEarlierLogits) {
  const auto net = network();
  const auto full = token_row(4, 12);
  const auto cut = std::vector<TokenId>(full.begin(), full.begin() + 7);
  expect_close(net.forward(padded({full}))[0].narrow(0, 0, 7), net.forward(padded({cut}))[0]);
}

TEST_P(NetworkForward, SharedPrefixEqualsConcatenatedRows) {
  const auto net = network();
  const auto prefix = token_row(5, 11);
  const Rows rows{token_row(6, 3), token_row(7, 8), token_row(8, 1)};
  const auto shared = run(net, {prefix});
  ForwardOptions options;
  options.prefix = &shared.collected;
  const auto own = padded(rows);
  const auto hidden = net.forward_layers(net.embed(own.ids_BT, shared.collected.lengths), options);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto whole = run(net, {joined(prefix, rows[r])}).hidden_BTD;
    const auto length = static_cast<std::int64_t>(rows[r].size());
    expect_close(hidden[static_cast<std::int64_t>(r)].narrow(0, 0, length), whole[0].narrow(0, 11, length));
  }
}

TEST_P(NetworkForward, SharedPrefixIsReadOnlyUpToItsLength) {
  const auto net = network();
  const auto prefix = token_row(5, 11);
  auto shared = run(net, {prefix}).collected;
  shared.lengths = indices({7});
  ForwardOptions options;
  options.prefix = &shared;
  const auto own = padded({token_row(6, 3), token_row(7, 3)});
  const auto hidden = net.forward_layers(net.embed(own.ids_BT, shared.lengths), options);
  const std::vector<TokenId> cut(prefix.begin(), prefix.begin() + 7);
  expect_close(hidden[1], run(net, {joined(cut, token_row(7, 3))}).hidden_BTD[0].narrow(0, 7, 3));
}

TEST_P(NetworkForward, RaggedRowPrefixEqualsConcatenatedRows) {
  const auto net = network();
  const Rows prefixes{token_row(1, 9), token_row(2, 4), token_row(3, 6), token_row(4, 0)};
  const Rows rows{token_row(5, 2), token_row(6, 6), token_row(7, 1), token_row(8, 5)};
  const auto before = padded(prefixes);
  const auto collected = rows_before(run(net, prefixes).collected, before.lengths_B);
  ForwardOptions options;
  options.prefix = &collected;
  const auto own = padded(rows);
  const auto hidden = net.forward_layers(net.embed(own.ids_BT, collected.lengths), options);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto whole = run(net, {joined(prefixes[r], rows[r])}).hidden_BTD;
    const auto start = static_cast<std::int64_t>(prefixes[r].size());
    const auto length = static_cast<std::int64_t>(rows[r].size());
    expect_close(hidden[static_cast<std::int64_t>(r)].narrow(0, 0, length), whole[0].narrow(0, start, length));
  }
}

TEST_P(NetworkForward, SharedAndRowPrefixTogetherEqualConcatenatedRows) {
  const auto net = network();
  const auto first = token_row(9, 7);
  const Rows second{token_row(1, 5), token_row(2, 3)};
  const Rows third{token_row(3, 2), token_row(4, 4)};
  const auto shared = run(net, {first}).collected;
  KeyValues collected;
  ForwardOptions options;
  options.prefix = &shared;
  options.collected = &collected;
  const auto middle = padded(second);
  (void)net.forward_layers(net.embed(middle.ids_BT, shared.lengths), options);
  const auto row_prefix = rows_before(collected, middle.lengths_B);
  options.row_prefix = &row_prefix;
  options.collected = nullptr;
  const auto own = padded(third);
  const auto hidden = net.forward_layers(net.embed(own.ids_BT, shared.lengths + row_prefix.lengths), options);
  for (std::size_t r = 0; r < third.size(); ++r) {
    const auto whole = run(net, {joined(joined(first, second[r]), third[r])}).hidden_BTD;
    const auto start = static_cast<std::int64_t>(first.size() + second[r].size());
    const auto length = static_cast<std::int64_t>(third[r].size());
    expect_close(hidden[static_cast<std::int64_t>(r)].narrow(0, 0, length), whole[0].narrow(0, start, length));
  }
}

TEST_P(NetworkForward, AppendedRowsContinueAsIfNeverCut) {
  const auto net = network();
  const Rows starts{token_row(1, 6), token_row(2, 2)};
  const auto lengths = padded(starts).lengths_B;
  auto cache = rows_before(run(net, starts).collected, lengths);
  const Rows nexts{token_row(3, 2), token_row(4, 2)};
  KeyValues collected;
  ForwardOptions options;
  options.row_prefix = &cache;
  options.collected = &collected;
  (void)net.forward_layers(net.embed(padded(nexts).ids_BT, cache.lengths), options);
  cache = append(cache, collected);
  options.collected = nullptr;
  const Rows lasts{{11}, {12}};
  const auto hidden = net.forward_layers(net.embed(padded(lasts).ids_BT, cache.lengths), options);
  for (std::size_t r = 0; r < 2; ++r) {
    const auto whole = run(net, {joined(joined(starts[r], nexts[r]), lasts[r])}).hidden_BTD[0];
    expect_close(hidden[static_cast<std::int64_t>(r)][0], whole[whole.size(0) - 1]);
  }
}

TEST_P(NetworkForward, SuffixFromALayerUpContinuesTheFullForward) {
  const auto net = network();
  const Rows rows{token_row(1, 9), token_row(2, 7), token_row(3, 8)};
  const std::vector<std::int64_t> starts{4, 1, 7};
  KeyValues collected;
  std::vector<Tap> taps(1);
  taps[0].layer = 1;
  ForwardOptions options;
  options.collected = &collected;
  options.taps = taps;
  const auto whole = net.forward_layers(net.embed(padded(rows).ids_BT), options);
  const auto prefix = rows_before(collected, indices(starts));
  auto suffix = torch::zeros({3, 6, 32}, taps[0].value.options());
  for (std::int64_t r = 0; r < 3; ++r) {
    const auto start = starts[static_cast<std::size_t>(r)];
    const auto length = static_cast<std::int64_t>(rows[static_cast<std::size_t>(r)].size()) - start;
    suffix[r].narrow(0, 0, length).copy_(taps[0].value[r].narrow(0, start, length));
  }
  ForwardOptions above;
  above.first_layer = 2;
  above.prefix = &prefix;
  const auto hidden = net.forward_layers(suffix, above);
  for (std::int64_t r = 0; r < 3; ++r) {
    const auto start = starts[static_cast<std::size_t>(r)];
    const auto length = static_cast<std::int64_t>(rows[static_cast<std::size_t>(r)].size()) - start;
    expect_close(hidden[r].narrow(0, 0, length), whole[r].narrow(0, start, length));
  }
}

TEST_P(NetworkForward, SelectedPrefixRowsCanRepeatAndReorder) {
  const auto net = network();
  const auto source = run(net, {token_row(1, 6), token_row(2, 6)}).collected;
  const auto chosen = select_prefix(source, indices({3, 6, 2}), indices({1, 0, 1}));
  EXPECT_EQ(chosen.keys[2].sizes(), torch::IntArrayRef({3, source.keys[2].size(1), 6, source.keys[2].size(3)}));
  EXPECT_TRUE(torch::equal(chosen.keys[2][2], source.keys[2][1]));
  EXPECT_TRUE(torch::equal(chosen.values[0][1], source.values[0][0]));
}

TEST_P(NetworkForward, TapsReadTheMlpAndTheResidualStream) {
  const auto net = network();
  const auto rows = padded({token_row(1, 6), token_row(2, 4)});
  std::vector<Tap> taps(4);
  taps[0] = {1, Site::kProjectionInput, {}, {}};
  taps[1] = {1, Site::kProjectionOutput, {}, {}};
  taps[2] = {1, Site::kBlockOutput, {}, {}};
  taps[3] = {1, Site::kProjectionOutput, indices({5, 3}), {}};
  ForwardOptions options;
  options.taps = taps;
  options.last_layer = 1;
  const auto hidden = net.forward_layers(net.embed(rows.ids_BT), options);
  const auto names = net.architecture().down_projection(1);
  const auto expected = torch::linear(taps[0].value, net.parameter(names.weight),
                                      names.bias ? net.parameter(*names.bias) : torch::Tensor());
  EXPECT_EQ(taps[0].value.sizes(), torch::IntArrayRef({2, 6, 80}));
  expect_close(taps[1].value, expected);
  EXPECT_TRUE(torch::equal(taps[2].value, hidden));
  EXPECT_TRUE(torch::equal(taps[3].value[0], taps[1].value[0][5]));
  EXPECT_TRUE(torch::equal(taps[3].value[1], taps[1].value[1][3]));
}

TEST_P(NetworkForward, HookShiftsTheResidualStreamByWhatItAdds) {
  const auto net = network();
  const auto embedded = net.embed(padded({token_row(1, 5)}).ids_BT);
  const auto shift = torch::full({32}, 0.25, embedded.options());
  std::vector<Tap> taps(1);
  taps[0] = {1, Site::kProjectionOutput, {}, {}};
  ForwardOptions plain;
  plain.last_layer = 1;
  ForwardOptions shifted = plain;
  shifted.taps = taps;
  shifted.modified_layer = 1;
  torch::Tensor seen;
  shifted.modify_projection_output = [&](const torch::Tensor& output_BTD) {
    seen = output_BTD;
    return output_BTD + shift;
  };
  expect_close(net.forward_layers(embedded, shifted), net.forward_layers(embedded, plain) + shift);
  EXPECT_TRUE(torch::equal(taps[0].value, seen));
}

TEST_P(NetworkForward, LogitsAreTheHeadOfTheNormalisedState) {
  const auto net = network();
  const auto hidden = run(net, {token_row(3, 4)}).hidden_BTD[0];
  const auto& a = net.architecture();
  const auto centred = a.family->norm == NormForm::kLayerNorm ? hidden - hidden.mean(1, true) : hidden;
  const auto variance = centred.square().mean(1, true);
  const auto norm = a.names_of(Role::kFinalNorm);
  auto normed = centred / (variance + a.norm_epsilon).sqrt() * net.parameter(norm.weight);
  if (norm.bias) normed = normed + net.parameter(*norm.bias);
  const auto head = net.architecture().head();
  auto expected = normed.matmul(net.parameter(head.weight).t());
  if (head.bias) expected = expected + net.parameter(*head.bias);
  expect_close(net.logits(hidden), expected);
}

TEST_P(NetworkForward, EditedParameterChangesThisNetworkOnly) {
  auto edited = network();
  const Network original(edited.base());
  const auto name = edited.architecture().down_projection(1).weight;
  const auto rows = padded({token_row(1, 5)});
  const auto before = original.forward(rows);
  edited.set_parameter(name, original.parameter(name) * 2.0);
  EXPECT_THAT(edited.edited_parameters(), ::testing::ElementsAre(name));
  EXPECT_GT((edited.forward(rows) - before).abs().max().item<double>(), 1e-2);
  EXPECT_TRUE(torch::equal(original.forward(rows), before));
  edited.set_parameter(name, edited.base()->tensor(name));
  EXPECT_TRUE(edited.edited_parameters().empty());
  EXPECT_TRUE(torch::equal(edited.forward(rows), before));
}

TEST_P(NetworkForward, BitsOfAnEditedNetworkDoNotDependOnTheValuesLayout) {
  auto one = network();
  auto other = network();
  const auto name = one.architecture().down_projection(0).weight;
  const auto value = one.parameter(name) * 1.5;
  one.set_parameter(name, value);
  other.set_parameter(name, value.t().contiguous().t());
  const auto rows = padded({token_row(1, 9)});
  EXPECT_TRUE(torch::equal(one.forward(rows), other.forward(rows)));
}

class NetworkGradient : public ::testing::TestWithParam<const FamilySpec*> {};
INSTANTIATE_TEST_SUITE_P(Tiny, NetworkGradient, ::testing::ValuesIn(all_families()),
                         [](const auto& family) { return testing::family_name(family.param); });

/// Largest difference between `gradient` and central differences of `loss` at a few coordinates of `at`.
double gradient_error(const std::function<torch::Tensor(const torch::Tensor&)>& loss, const torch::Tensor& at,
                      const torch::Tensor& gradient) {
  const torch::NoGradGuard no_grad;
  const double step = 1e-5;
  double worst = 0.0;
  for (std::int64_t i = 0; i < at.numel(); i += std::max<std::int64_t>(1, at.numel() / 17)) {
    auto up = at.detach().clone();
    auto down = at.detach().clone();
    up.view(-1)[i] += step;
    down.view(-1)[i] -= step;
    const double slope = (loss(up) - loss(down)).item<double>() / (2 * step);
    worst = std::max(worst, std::abs(slope - gradient.reshape(-1)[i].item<double>()));
  }
  return worst;
}

TEST_P(NetworkGradient, OfASuffixBehindARaggedPrefixMatchesFiniteDifferences) {
  const Network net(testing::formula_weights(GetParam(), torch::kFloat64));
  const Rows rows{token_row(1, 8), token_row(2, 8)};
  KeyValues collected;
  ForwardOptions options;
  options.collected = &collected;
  (void)net.forward_layers(net.embed(padded(rows).ids_BT), options);
  const auto prefix = rows_before(collected, indices({5, 2}));
  const auto loss = [&](const torch::Tensor& hidden_BTD) {
    ForwardOptions above;
    above.first_layer = 1;
    above.prefix = &prefix;
    const auto last = at_positions(net.forward_layers(hidden_BTD, above), indices({2, 1}));
    return -net.logits(last).log_softmax(-1).select(1, 7).sum();
  };
  const auto hidden =
      testing::formula_numbers(9000, 2 * 3 * 32).view({2, 3, 32}).to(test_device()).requires_grad_(true);
  const auto gradient = torch::autograd::grad({loss(hidden)}, {hidden})[0];
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-3);
  EXPECT_LT(gradient_error(loss, hidden, gradient), 1e-8);
  EXPECT_EQ(gradient[1][2].abs().max().item<double>(), 0.0) << "padding has no influence";
}

TEST_P(NetworkGradient, OfAVectorAddedByTheHookMatchesFiniteDifferences) {
  const Network net(testing::formula_weights(GetParam(), torch::kFloat64));
  const auto embedded = net.embed(padded({token_row(1, 6), token_row(2, 4)}).ids_BT);
  const auto loss = [&](const torch::Tensor& delta_D) {
    ForwardOptions options;
    options.modified_layer = 1;
    options.modify_projection_output = [&](const torch::Tensor& output_BTD) {
      const auto at = torch::one_hot(indices({3, 1}), 6).to(output_BTD.dtype()).unsqueeze(2);
      return output_BTD + at * delta_D;
    };
    const auto last = at_positions(net.forward_layers(embedded, options), indices({5, 3}));
    return -net.logits(last).log_softmax(-1).select(1, 9).mean();
  };
  const auto delta = (0.1 * testing::formula_numbers(500, 32)).to(test_device()).requires_grad_(true);
  const auto gradient = torch::autograd::grad({loss(delta)}, {delta})[0];
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-3);
  EXPECT_LT(gradient_error(loss, delta, gradient), 1e-8);
}

TEST_P(NetworkGradient, OfAProjectionMatchesFiniteDifferences) {
  const Network base(testing::formula_weights(GetParam(), torch::kFloat64));
  const auto name = base.architecture().down_projection(0).weight;
  const auto rows = padded({token_row(1, 6)});
  const auto loss = [&](const torch::Tensor& weight) {
    auto net = base;
    net.set_parameter(name, weight);
    return -net.forward(rows)[0][5].log_softmax(-1)[3];
  };
  const auto weight = base.parameter(name).clone().requires_grad_(true);
  const auto gradient = torch::autograd::grad({loss(weight)}, {weight})[0];
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-4);
  EXPECT_LT(gradient_error(loss, weight, gradient), 1e-8);
}

TEST(NetworkMisuse, IsRefusedWithAReason) {
  Network net(testing::formula_weights(&kGpt2, torch::kFloat32));
  EXPECT_THROW((void)net.parameter("transformer.h.3.mlp.c_proj.weight"), core::ModelError);
  EXPECT_THROW(net.set_parameter("transformer.h.0.mlp.c_proj.weight", torch::zeros({80, 32})), core::ModelError);
  EXPECT_THROW(net.set_parameter("transformer.h.0.mlp.c_proj.weight", torch::zeros({32, 80}, torch::kFloat64)),
               core::ModelError);
  EXPECT_THROW((void)net.embed(torch::zeros({1, 49}, torch::kInt64).to(test_device())), core::ModelError);
  const auto embedded = net.embed(padded({token_row(1, 3), token_row(2, 3)}).ids_BT);
  ForwardOptions beyond;
  beyond.last_layer = 3;
  EXPECT_THROW((void)net.forward_layers(embedded, beyond), core::ModelError);
  std::vector<Tap> taps(1);
  taps[0].layer = 2;
  ForwardOptions unreached;
  unreached.last_layer = 1;
  unreached.taps = taps;
  EXPECT_THROW((void)net.forward_layers(embedded, unreached), core::ModelError);
  ForwardOptions partial;
  partial.read_positions_N = indices({2});
  taps[0].layer = 2;
  partial.taps = taps;
  EXPECT_THROW((void)net.forward_layers(embedded, partial), core::ModelError);
  const auto three_rows = run(net, {token_row(1, 2), token_row(2, 2), token_row(3, 2)}).collected;
  ForwardOptions mismatched;
  mismatched.prefix = &three_rows;
  EXPECT_THROW((void)net.forward_layers(embedded, mismatched), core::ModelError);
}

}  // namespace
}  // namespace lethe::model
