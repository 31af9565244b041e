#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <torch/types.h>

#include "editing/mend/mend_config.h"
#include "editing/mend/running_moments.h"
#include "model/network.h"

// Legend: T rows (tokens), I inputs and O outputs of an edited weight, Z = I + O, R rank, M weights of one shape,
// P edited weights.

namespace lethe::editing {

/// A weight that MEND edits.
struct InnerParameter {
  std::string name;  ///< of a parameter
  int layer = 0;
  model::MlpProjection projection = model::MlpProjection::kOutput;
  std::size_t network = 0;       ///< which editor network: one per shape
  std::int64_t mode = 0;         ///< its place among the weights of that shape
  std::size_t rate_as_read = 0;  ///< index of its rate where rates are read in the order of the model's parameters
};

/// The edited weights in the published order: block by block, the MLP's projections as the model's family lists them.
/// `configured`: as `MendConfig::layers`. Throws `core::ConfigError` for a layer the model does not have.
std::vector<InnerParameter> inner_parameters(const std::vector<int>& configured,
                                             const model::Architecture& architecture);

/// One residual layer: z + max(0, (left (right z) + bias) * scale_m + shift_m).
struct EditorLayer {
  torch::Tensor left_ZR;
  torch::Tensor right_RZ;
  torch::Tensor bias_Z;
  torch::Tensor scale_MZ;
  torch::Tensor shift_MZ;
};

/// Editor of all weights of one shape.
struct EditorNetwork {
  std::int64_t num_inputs = 0;   ///< I
  std::int64_t num_outputs = 0;  ///< O
  std::vector<EditorLayer> layers;
  RunningMoments moments;  ///< of training

  /// Differentiable in the layers' tensors. `mode`: which of the shape's weights.
  [[nodiscard]] torch::Tensor transform(const torch::Tensor& rows_TZ, std::int64_t mode) const;
};

/// What an editor's form must agree on with the config that uses it.
struct EditorForm {
  InputNormalization normalization = InputNormalization::kRunning;
  bool last_bias = true;
  UpdateSign sign = UpdateSign::kPlus;
  bool operator==(const EditorForm&) const = default;
};
EditorForm form_of(const MendConfig& config);

/// All that training makes.
struct MendEditor {
  EditorForm form;
  std::vector<InnerParameter> parameters;
  std::vector<EditorNetwork> networks;
  torch::Tensor rates_P;  ///< in the order of `parameters`

  /// The tensors that training changes, in a fixed order, under the names of `tensors_of`; they alias the editor's.
  [[nodiscard]] std::vector<std::pair<std::string, torch::Tensor>> trained() const;
};

/// An untrained editor: left 0, right N(0, 1) drawn with `training.seed`, bias 0, scale 1, shift 0, no statistics. It
/// is the identity on its (normalised) inputs.
MendEditor initial_editor(const MendConfig& config, const model::Architecture& architecture, torch::Device device,
                          torch::Dtype dtype);

/// An editor by name, as files hold it: "rates" [P]; for each shape with `n` = "<I>x<O>": n.layer<k>.left, .right,
/// .bias (absent in a last layer without one), .scale, .shift; n.mean, n.squares [Z] fp64 and n.count [1].
std::map<std::string, torch::Tensor> tensors_of(const MendEditor& editor);

/// The editor that a file's tensors make for a model. Throws `core::DataError` beginning with `place` (the file) for a
/// tensor that is missing, left over, not finite or of another shape, and for another form.
MendEditor editor_from_tensors(const std::map<std::string, torch::Tensor>& tensors, const EditorForm& form,
                               const MendConfig& config, const model::Architecture& architecture,
                               const std::string& place, torch::Device device, torch::Dtype dtype);
/// The same for who knows of the method only that editors are for it.
MendEditor editor_from_tensors(const std::map<std::string, torch::Tensor>& tensors, const EditorForm& form,
                               const core::MethodConfig& mend, const model::Architecture& architecture,
                               const std::string& place, torch::Device device, torch::Dtype dtype);

/// The tensors of a published `mend-*.pt` (its entry "model": "edit_lrs", "mend.(6400, 1600).mlp.layers.0.u", ...;
/// older files say "gtn." for "mend.") under the names of `tensors_of`. Keys of the language model itself are ignored.
/// Throws `core::DataError` beginning with `place`.
std::map<std::string, torch::Tensor> tensors_of_published(const std::map<std::string, torch::Tensor>& state,
                                                          const std::string& place);

}  // namespace lethe::editing
