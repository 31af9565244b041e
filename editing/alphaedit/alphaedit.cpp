#include "editing/alphaedit/alphaedit.h"

#include <utility>

#include <ATen/ATen.h>

#include "core/error.h"

namespace lethe::editing {
namespace {

/// By index of the edited layer.
struct KeyHistories final : History {
  std::vector<KeyHistory> layers;
};

std::string keys_name(int layer) { return "keys.layer_" + std::to_string(layer); }

}  // namespace

std::unique_ptr<History> KeyedSpreadMethod::begin() const {
  auto history = std::make_unique<KeyHistories>();
  for (std::size_t index = 0; index < layers().size(); ++index) history->layers.push_back(empty_history(index));
  return history;
}

torch::Tensor KeyedSpreadMethod::solve(const History* history, std::size_t index, const torch::Tensor& keys_FN) const {
  return dynamic_cast<const KeyHistories&>(*history).layers[index].solve(entered(index, keys_FN));
}

Increment KeyedSpreadMethod::increment_of(const std::vector<torch::Tensor>& keys_FN) const {
  Increment increment;
  for (std::size_t index = 0; index < layers().size(); ++index) {
    increment.rows.emplace(keys_name(layers()[index]), keys_FN[index].t().contiguous());
  }
  return increment;
}

void KeyedSpreadMethod::fold(History& history, const Increment& increment) const {
  if (increment.rows.empty()) return;  // of a failed step
  const at::NoGradGuard no_grad;
  auto& histories = dynamic_cast<KeyHistories&>(history).layers;
  for (std::size_t index = 0; index < histories.size(); ++index) {
    const auto name = keys_name(layers()[index]);
    const auto found = increment.rows.find(name);
    if (found == increment.rows.end() || found->second.dim() != 2 ||
        found->second.size(1) != histories[index].width()) {
      throw core::DataError("the stored keys lack \"" + name + "\" of width " +
                            std::to_string(histories[index].width()) + "; the segment belongs to another method");
    }
    histories[index].append(entered(index, found->second.t()));
  }
}

AlphaEditMethod::AlphaEditMethod(const AlphaEditConfig& config, const MethodInputs& inputs)
    : KeyedSpreadMethod("AlphaEdit", config, inputs),
      l2_(config.l2),
      null_spaces_(artifact_of<NullSpaces>(inputs, kProjectorKind)) {
  for (const int layer : config.layers) {
    const auto found = null_spaces_->find(layer);
    if (found != null_spaces_->end() && found->second.width() == inputs.unedited.architecture().inner_width) continue;
    throw core::DataError("AlphaEdit: the projector of layer " + std::to_string(layer) +
                          " is missing or of another width than the model's MLP");
  }
}

KeyHistory AlphaEditMethod::empty_history(std::size_t index) const {
  const NullSpace& space = null_spaces_->at(layers()[index]);
  return KeyHistory::over_identity(space.width(), l2_, space.device());
}

torch::Tensor AlphaEditMethod::entered(std::size_t index, const torch::Tensor& keys_FN) const {
  return null_spaces_->at(layers()[index]).apply(keys_FN);
}

MemitSeqMethod::MemitSeqMethod(const MemitSeqConfig& config, const MethodInputs& inputs)
    : KeyedSpreadMethod("MEMIT-seq", config, inputs), weight_(config.mom2_update_weight) {
  for (const int layer : config.layers) factors_.push_back(moment_factor(inputs, layer));
}

KeyHistory MemitSeqMethod::empty_history(std::size_t index) const {
  return KeyHistory::over_moment(*factors_[index], weight_);
}

torch::Tensor MemitSeqMethod::entered(std::size_t /*index*/, const torch::Tensor& keys_FN) const { return keys_FN; }

std::unique_ptr<EditMethod> make_method(const AlphaEditConfig& config, MethodInputs inputs) {
  return std::make_unique<AlphaEditMethod>(config, inputs);
}

std::unique_ptr<EditMethod> make_method(const MemitSeqConfig& config, MethodInputs inputs) {
  return std::make_unique<MemitSeqMethod>(config, inputs);
}

}  // namespace lethe::editing
