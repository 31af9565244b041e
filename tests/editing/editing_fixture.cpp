#include "tests/editing/editing_fixture.h"

#include <cctype>

#include <ATen/ATen.h>

#include "core/random_stream.h"
#include "editing/second_moments.h"
#include "model/weights.h"
#include "tests/support/tiny_world.h"

namespace lethe::test {

model::Architecture lively_architecture(const model::FamilySpec* family) {
  model::Architecture architecture = tiny_architecture(family);
  architecture.num_layers = 3;
  architecture.max_positions = 96;
  return architecture;
}

std::shared_ptr<const model::Weights> lively_weights(const model::FamilySpec* family, torch::Dtype dtype) {
  return uniform_weights(lively_architecture(family), dtype);
}

model::Network lively_network(const model::FamilySpec* family, torch::Dtype dtype) {
  return model::Network(lively_weights(family, dtype));
}

const model::Tokenizer& byte_tokenizer() {
  static const model::Tokenizer tokenizer = [] {
    const TemporaryFolder folder;
    write_tiny_model(folder.path(), &model::kGpt2, 1);
    return model::Tokenizer::from_folder(folder.path());
  }();
  return tokenizer;
}

data::EditRequest request_of(const std::string& prompt, const std::string& subject, const std::string& target) {
  data::EditRequest request;
  request.case_id = 7;
  request.prompt = prompt;
  request.subject = subject;
  request.target_new = target;
  request.target_true.assign(1, 'Z');
  return request;
}

std::vector<model::TokenId> ids_of(const std::string& text) { return byte_tokenizer().encode_prompt(text); }

editing::EditContexts some_contexts() { return {{"{}", "Ab. {}", "So they say. {}", "x{y}{. {}"}}; }

std::map<int, editing::SecondMoment> some_moments(const model::Network& network, int layer, int num_rows) {
  core::RandomStream random(11, "moments");
  std::vector<std::vector<model::TokenId>> rows(static_cast<std::size_t>(num_rows));
  for (auto& row : rows) {
    for (int i = 0; i < 30; ++i) {
      row.push_back(static_cast<model::TokenId>(random.next() % 256));
    }
  }
  editing::SecondMomentAccumulator accumulator(network, {layer});
  accumulator.add(model::pad_rows(rows, network.device()));
  return accumulator.finish();
}

editing::MethodInputs inputs_of(const model::Network& network, int layer) {
  return {network, byte_tokenizer(), some_contexts(), some_moments(network, layer)};
}

editing::MethodInputs inputs_of(const model::Network& network, const std::vector<int>& layers) {
  editing::MethodInputs inputs{network, byte_tokenizer(), some_contexts(), {}};
  for (const int layer : layers) {
    inputs.second_moments.merge(some_moments(network, layer));
  }
  return inputs;
}

editing::MemitConfig memit_config(const std::vector<int>& layers) {
  editing::MemitConfig config;
  config.layers = layers;
  config.mom2_update_weight = 5.0;
  return config;
}

editing::RomeConfig rome_config(int layer) {
  editing::RomeConfig config;
  config.layer = layer;
  return config;
}

editing::FineTuneConfig fine_tune_config(int layer) {
  editing::FineTuneConfig config;
  config.layer = layer;
  config.linf_bound = 1e-3;
  return config;
}

double relative_difference(const torch::Tensor& actual, const torch::Tensor& expected) {
  const at::Tensor difference = (actual.to(at::kCPU, at::kDouble) - expected.to(at::kCPU, at::kDouble)).abs().max();
  return difference.item<double>() / std::max(1e-300, expected.abs().max().item<double>());
}

std::string variant_name(const Variant& variant) {
  std::string name(variant.family->name);
  name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
  return name + (variant.dtype == torch::kFloat32 ? "Float32" : "Float64");
}

std::vector<Variant> all_variants() {
  std::vector<Variant> variants;
  for (const auto* family : model::all_families()) {
    for (const auto dtype : {torch::kFloat32, torch::kFloat64}) variants.push_back({family, dtype});
  }
  return variants;
}

}  // namespace lethe::test
