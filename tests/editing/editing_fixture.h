#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "core/config/method_config.h"
#include "data/edit_request.h"
#include "editing/edit_method.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"
#include "tests/support/uniform_weights.h"

namespace lethe::test {

/// Three layers of width 16 with weights large enough that predictions differ and gradients do not vanish.
model::Architecture lively_architecture(model::Family family);
std::shared_ptr<const model::Weights> lively_weights(model::Family family, torch::Dtype dtype = torch::kFloat32);
model::Network lively_network(model::Family family, torch::Dtype dtype = torch::kFloat32);

/// Bytes as tokens: a text has as many tokens as bytes.
const model::Tokenizer& byte_tokenizer();

data::EditRequest request_of(const std::string& prompt, const std::string& subject, const std::string& target);
std::vector<model::TokenId> ids_of(const std::string& text);

/// "{}" and three prefixes of different lengths, one with braces in it.
editing::EditContexts some_contexts();

/// Second moments over `num_rows` rows of random tokens.
std::map<int, editing::SecondMoment> some_moments(const model::Network& network, int layer, int num_rows = 40);

/// Everything `make_method` needs, for a ROME or fine-tuning config at `layer`.
editing::MethodInputs inputs_of(const model::Network& network, int layer);
editing::MethodInputs inputs_of(const model::Network& network, const std::vector<int>& layers);

editing::RomeConfig rome_config(int layer);
/// With as few observed tokens as a network of random weights needs to be moved.
editing::MemitConfig memit_config(const std::vector<int>& layers);
editing::FineTuneConfig fine_tune_config(int layer);

/// Largest difference relative to the largest entry of `expected`; the two may be on different devices.
double relative_difference(const torch::Tensor& actual, const torch::Tensor& expected);

/// Names a test by family and precision.
struct Variant {
  model::Family family;
  torch::Dtype dtype;
};
std::string variant_name(const Variant& variant);
std::vector<Variant> all_variants();

}  // namespace lethe::test
