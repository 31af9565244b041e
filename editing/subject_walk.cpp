#include "editing/subject_walk.h"

#include <array>

#include <ATen/ATen.h>

namespace lethe::editing {

SubjectWalk::SubjectWalk(torch::Tensor inputs_CTD, std::vector<std::int64_t> subject_last, int layer)
    : inputs_CTD_(std::move(inputs_CTD)), subject_last_(std::move(subject_last)), layer_(layer) {}

SubjectReading SubjectWalk::ascend(const model::Network& network, int layer, int last_layer) {
  const at::NoGradGuard no_grad;
  const at::Tensor positions_C =
      at::tensor(subject_last_, at::TensorOptions().dtype(at::kLong)).to(inputs_CTD_.device());
  std::array<model::Tap, 2> taps{
      model::Tap{layer - 1, model::Site::kBlockOutput, {}, {}},
      model::Tap{layer, model::Site::kProjectionInput, positions_C, {}},
  };
  model::ForwardOptions options;
  options.first_layer = layer_;
  options.last_layer = layer;
  options.taps = taps;
  const at::Tensor outputs_CTD = network.forward_layers(inputs_CTD_, options);
  inputs_CTD_ = taps[0].value;
  layer_ = layer;

  const std::int64_t last = subject_last_.front();
  model::ForwardOptions bare_options;
  bare_options.first_layer = layer + 1;
  bare_options.last_layer = last_layer;
  const at::Tensor bare_1TD = outputs_CTD.narrow(0, 0, 1).narrow(1, 0, last + 1);
  return {taps[1].value, network.forward_layers(bare_1TD, bare_options).select(0, 0).select(0, last)};
}

}  // namespace lethe::editing
