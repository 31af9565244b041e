#include "editing/update.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/shape.h"

namespace lethe::editing {
namespace {

at::Tensor apply_low_rank(const std::string& name, const at::Tensor& weight_OI, const LowRankUpdate& update) {
  const bool fits = weight_OI.dim() == 2 && update.left_OR.dim() == 2 && update.right_IR.dim() == 2 &&
                    update.left_OR.size(0) == weight_OI.size(0) && update.right_IR.size(0) == weight_OI.size(1) &&
                    update.left_OR.size(1) == update.right_IR.size(1);
  if (!fits) {
    throw core::ModelError("update of '" + name + "': factors " + core::shape_text(update.left_OR.sizes()) + " and " +
                           core::shape_text(update.right_IR.sizes()) + " do not fit the weight " +
                           core::shape_text(weight_OI.sizes()) + "; the update belongs to another model or layer");
  }
  // Always in the layout in which operands are stored: that decides how a product of several columns is summed.
  const at::Tensor left_OR = update.left_OR.to(weight_OI.options()).contiguous();
  const at::Tensor right_IR = update.right_IR.to(weight_OI.options()).contiguous();
  // The product is rounded before it is added, as in the published code. For one column every entry is a single
  // product, so the bits depend on neither the BLAS nor its threads; a fused multiply-add would change them.
  return at::add(weight_OI, at::matmul(left_OR, right_IR.t()));
}

at::Tensor apply_dense(const std::string& name, const at::Tensor& current, const DenseUpdate& update) {
  if (!update.value.sizes().equals(current.sizes())) {
    throw core::ModelError("update of '" + name + "': a value of shape " + core::shape_text(update.value.sizes()) +
                           " does not fit the parameter " + core::shape_text(current.sizes()) +
                           "; the snapshot belongs to another model or layer");
  }
  return update.value.detach().to(current.options()).clone();
}

}  // namespace

void apply_update(model::Network& network, const ParameterUpdate& update) {
  const at::NoGradGuard no_grad;
  const at::Tensor current = network.parameter(update.parameter);
  at::Tensor value = std::holds_alternative<LowRankUpdate>(update.change)
                         ? apply_low_rank(update.parameter, current, std::get<LowRankUpdate>(update.change))
                         : apply_dense(update.parameter, current, std::get<DenseUpdate>(update.change));
  network.set_parameter(update.parameter, std::move(value));
}

void apply_updates(model::Network& network, std::span<const ParameterUpdate> updates) {
  for (const ParameterUpdate& update : updates) {
    apply_update(network, update);
  }
}

}  // namespace lethe::editing
