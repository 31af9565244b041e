#include "editing/mend/mend_editor.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/random_stream.h"
#include "core/shape.h"
#include "editing/mend/normal_matrix.h"
#include "editing/methods/settings_of.h"

namespace lethe::editing {
namespace {

std::string network_name(const EditorNetwork& network) {
  return std::to_string(network.num_inputs) + "x" + std::to_string(network.num_outputs);
}

std::string layer_name(const EditorNetwork& network, std::size_t layer) {
  return network_name(network) + ".layer" + std::to_string(layer);
}

std::pair<std::int64_t, std::int64_t> inputs_and_outputs(const model::Architecture& a, model::MlpProjection which) {
  return which == model::MlpProjection::kOutput ? std::pair(a.inner_width, a.width) : std::pair(a.width, a.inner_width);
}

/// The editor's frame: networks without layers, one for each shape that occurs.
MendEditor frame_of(const MendConfig& config, const model::Architecture& architecture) {
  MendEditor editor;
  editor.form = form_of(config);
  editor.parameters = inner_parameters(config.layers, architecture);
  for (const InnerParameter& parameter : editor.parameters) {
    const auto [inputs, outputs] = inputs_and_outputs(architecture, parameter.projection);
    if (parameter.network < editor.networks.size()) continue;
    editor.networks.push_back({inputs, outputs, {}, RunningMoments::none(inputs + outputs)});
  }
  return editor;
}

std::int64_t num_modes(const MendEditor& editor, std::size_t network) {
  return std::count_if(editor.parameters.begin(), editor.parameters.end(),
                       [&](const InnerParameter& parameter) { return parameter.network == network; });
}

/// Takes tensors out of a file's map; what is left over at the end is refused.
class TensorSource {
 public:
  TensorSource(const std::map<std::string, torch::Tensor>& tensors, std::string place)
      : tensors_(tensors), place_(std::move(place)) {}

  [[nodiscard]] bool has(const std::string& name) const { return tensors_.contains(name); }
  [[nodiscard]] std::size_t num_taken() const { return num_taken_; }
  [[noreturn]] void fail(const std::string& what) const {
    throw core::DataError(place_ + ": " + what +
                          "; name an editor that was trained for this model and these layers, or leave `editor:` out "
                          "to have one trained");
  }

  /// A negative expected size stands for any.
  at::Tensor take(const std::string& name, const std::vector<std::int64_t>& expected) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) fail("has no tensor `" + name + "`");
    const at::Tensor& tensor = found->second;
    bool fits = tensor.dim() == static_cast<std::int64_t>(expected.size()) && tensor.is_floating_point();
    for (std::size_t i = 0; fits && i < expected.size(); ++i) {
      fits = expected[i] < 0 || tensor.size(static_cast<std::int64_t>(i)) == expected[i];
    }
    if (!fits)
      fail("`" + name + "` has the shape " + core::shape_text(tensor.sizes()) + ", expected " +
           core::shape_text(expected));
    if (!at::isfinite(tensor).all().item<bool>()) fail("`" + name + "` holds numbers that are not finite");
    ++num_taken_;
    return tensor;
  }

  void finish() const {
    if (num_taken_ == tensors_.size()) return;
    fail("holds " + std::to_string(tensors_.size()) + " tensors, " + std::to_string(num_taken_) +
         " belong to an editor of these layers");
  }

 private:
  const std::map<std::string, torch::Tensor>& tensors_;
  std::string place_;
  std::size_t num_taken_ = 0;
};

RunningMoments read_moments(TensorSource& source, const EditorNetwork& network) {
  const std::int64_t width = network.num_inputs + network.num_outputs;
  const std::string name = network_name(network);
  RunningMoments moments;
  const double count = source.take(name + ".count", {1}).to(at::kDouble).item<double>();
  if (count < 0.0 || count > 9e15 || count != std::floor(count)) source.fail("`" + name + ".count` is no count");
  moments.count = static_cast<std::int64_t>(count);
  moments.mean_Z = source.take(name + ".mean", {width}).to(at::kCPU, at::kDouble).contiguous();
  moments.squares_Z = source.take(name + ".squares", {width}).to(at::kCPU, at::kDouble).contiguous();
  if ((moments.squares_Z < 0).any().item<bool>()) source.fail("`" + name + ".squares` holds negative numbers");
  return moments;
}

EditorLayer read_layer(TensorSource& source, const std::string& name, std::int64_t width, std::int64_t modes,
                       bool has_bias, const torch::TensorOptions& options) {
  const auto take = [&](const char* part, const std::vector<std::int64_t>& shape) {
    return source.take(name + part, shape).to(options).contiguous();
  };
  EditorLayer layer;
  layer.left_ZR = take(".left", {width, -1});
  layer.right_RZ = take(".right", {layer.left_ZR.size(1), width});
  layer.bias_Z = has_bias ? take(".bias", {width}) : at::zeros({width}, options);
  layer.scale_MZ = take(".scale", {modes, width});
  layer.shift_MZ = take(".shift", {modes, width});
  return layer;
}

}  // namespace

std::vector<InnerParameter> inner_parameters(const std::vector<int>& configured,
                                             const model::Architecture& architecture) {
  const auto num_layers = static_cast<int>(architecture.num_layers);
  const auto layers = mend_layers(configured, num_layers);
  if (architecture.inner_width == architecture.width) {
    throw core::ConfigError(
        "mend: the weights of this model's blocks have one shape, which would share an editor; "
        "lethe edits models whose MLP is wider than the residual stream");
  }
  const std::span<const model::MlpProjection> order = architecture.mlp_listing();
  std::vector<InnerParameter> parameters;
  // Weights of one shape share an editor network and are told apart by their mode.
  std::vector<std::pair<std::int64_t, std::int64_t>> shapes;
  std::vector<std::int64_t> num_modes;
  for (std::size_t block = 0; block < layers.size(); ++block) {
    const int layer = layers[block];
    if (layer < 0 || layer >= num_layers) {
      throw core::ConfigError("mend: layer " + std::to_string(layer) + ": the model has layers 0 to " +
                              std::to_string(num_layers - 1));
    }
    for (std::size_t place = 0; place < order.size(); ++place) {
      const auto shape = inputs_and_outputs(architecture, order[place]);
      const auto network = static_cast<std::size_t>(std::ranges::find(shapes, shape) - shapes.begin());
      if (network == shapes.size()) {
        shapes.push_back(shape);
        num_modes.push_back(0);
      }
      // Rates as read follow the model's own order of modules.
      const auto num_before = std::ranges::count_if(order, [&](auto other) { return other < order[place]; });
      parameters.push_back({architecture.mlp_projection(layer, order[place]).weight, layer, order[place], network,
                            num_modes[network]++, order.size() * block + static_cast<std::size_t>(num_before)});
    }
  }
  return parameters;
}

torch::Tensor EditorNetwork::transform(const torch::Tensor& rows_TZ, std::int64_t mode) const {
  at::Tensor z_TZ = rows_TZ;
  for (const EditorLayer& layer : layers) {
    const at::Tensor low_TR = at::matmul(z_TZ, layer.right_RZ.t());
    const at::Tensor before_TZ = at::matmul(low_TR, layer.left_ZR.t()) + layer.bias_Z;
    // A clamp, not a ReLU: its gradient at 0, where an untrained layer stands, is 1.
    z_TZ = z_TZ + at::clamp_min(before_TZ * layer.scale_MZ.select(0, mode) + layer.shift_MZ.select(0, mode), 0);
  }
  return z_TZ;
}

EditorForm form_of(const MendConfig& config) {
  return {config.input_normalization, config.last_bias, config.update_sign};
}

std::vector<std::pair<std::string, torch::Tensor>> MendEditor::trained() const {
  std::vector<std::pair<std::string, torch::Tensor>> tensors{{"rates", rates_P}};
  for (const EditorNetwork& network : networks) {
    for (std::size_t index = 0; index < network.layers.size(); ++index) {
      const EditorLayer& layer = network.layers[index];
      const std::string name = layer_name(network, index);
      tensors.emplace_back(name + ".left", layer.left_ZR);
      tensors.emplace_back(name + ".right", layer.right_RZ);
      if (form.last_bias || index + 1 < network.layers.size()) tensors.emplace_back(name + ".bias", layer.bias_Z);
      tensors.emplace_back(name + ".scale", layer.scale_MZ);
      tensors.emplace_back(name + ".shift", layer.shift_MZ);
    }
  }
  return tensors;
}

MendEditor initial_editor(const MendConfig& config, const model::Architecture& architecture, torch::Device device,
                          torch::Dtype dtype) {
  const auto options = torch::TensorOptions().device(device).dtype(dtype);
  MendEditor editor = frame_of(config, architecture);
  const auto seed = static_cast<std::uint64_t>(config.training.seed);
  std::uint64_t drawn = 0;
  for (std::size_t index = 0; index < editor.networks.size(); ++index) {
    EditorNetwork& network = editor.networks[index];
    const std::int64_t width = network.num_inputs + network.num_outputs;
    const std::int64_t rank = std::min<std::int64_t>(config.training.rank, width);
    const std::int64_t modes = num_modes(editor, index);
    for (int layer = 0; layer <= config.training.hidden_layers; ++layer) {
      const at::Tensor right = normal_matrix(rank, width, core::RandomStream(seed, "mend editor", drawn++));
      network.layers.push_back({at::zeros({width, rank}, options), right.to(options), at::zeros({width}, options),
                                at::ones({modes, width}, options), at::zeros({modes, width}, options)});
    }
  }
  const auto num_weights = static_cast<std::int64_t>(editor.parameters.size());
  editor.rates_P = at::full({num_weights}, config.training.initial_rate, options);
  return editor;
}

std::map<std::string, torch::Tensor> tensors_of(const MendEditor& editor) {
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, tensor] : editor.trained()) tensors.emplace(name, tensor);
  for (const EditorNetwork& network : editor.networks) {
    const std::string name = network_name(network);
    tensors.emplace(name + ".mean", network.moments.mean_Z);
    tensors.emplace(name + ".squares", network.moments.squares_Z);
    tensors.emplace(name + ".count", at::full({1}, static_cast<double>(network.moments.count), at::kDouble));
  }
  return tensors;
}

MendEditor editor_from_tensors(const std::map<std::string, torch::Tensor>& tensors, const EditorForm& form,
                               const MendConfig& config, const model::Architecture& architecture,
                               const std::string& place, torch::Device device, torch::Dtype dtype) {
  TensorSource source(tensors, place);
  MendEditor editor = frame_of(config, architecture);
  if (!(form == editor.form)) {
    source.fail(
        "is an editor of another form: its input_normalization, last_bias or update_sign differ from the config's");
  }
  const auto options = torch::TensorOptions().device(device).dtype(dtype);
  editor.rates_P = source.take("rates", {static_cast<std::int64_t>(editor.parameters.size())}).to(options).contiguous();
  for (std::size_t index = 0; index < editor.networks.size(); ++index) {
    EditorNetwork& network = editor.networks[index];
    const std::int64_t width = network.num_inputs + network.num_outputs;
    std::size_t num_layers = 0;
    while (source.has(layer_name(network, num_layers) + ".left")) ++num_layers;
    if (num_layers == 0) source.fail("has no layers for weights of shape " + network_name(network));
    for (std::size_t layer = 0; layer < num_layers; ++layer) {
      const bool has_bias = form.last_bias || layer + 1 < num_layers;
      network.layers.push_back(
          read_layer(source, layer_name(network, layer), width, num_modes(editor, index), has_bias, options));
    }
    network.moments = read_moments(source, network);
  }
  source.finish();
  return editor;
}

std::map<std::string, torch::Tensor> tensors_of_published(const std::map<std::string, torch::Tensor>& state,
                                                          const std::string& place) {
  // A whole archive has its entry "model" in front of the names.
  std::map<std::string, torch::Tensor> own;
  if (!state.contains("edit_lrs")) {
    constexpr std::string_view kEntry = "model.";
    for (const auto& [name, tensor] : state) {
      if (name.starts_with(kEntry)) own.emplace(name.substr(kEntry.size()), tensor);
    }
    if (own.contains("edit_lrs")) return tensors_of_published(own, place);
  }
  std::map<std::string, torch::Tensor> tensors;
  const auto get = [&](const std::string& name) -> const torch::Tensor& {
    const auto found = state.find(name);
    if (found != state.end()) return found->second;
    throw core::DataError(place + ": is no published MEND editor: it has no `" + name +
                          "`; expected the entry \"model\" of a mend-*.pt file");
  };
  tensors["rates"] = get("edit_lrs");
  constexpr std::string_view kMean = ".u_mean";
  for (const auto& [key, mean] : state) {
    if (!key.ends_with(kMean)) continue;
    const std::string prefix = key.substr(0, key.size() - kMean.size());
    const at::Tensor& output_mean = get(prefix + ".v_mean");
    if (mean.dim() != 1 || output_mean.dim() != 1) throw core::DataError(place + ": `" + key + "` is no vector");
    const std::string name = std::to_string(mean.size(0)) + "x" + std::to_string(output_mean.size(0));
    const auto joined = [&](const char* input, const char* output) {
      return at::cat({get(prefix + input).to(at::kDouble), get(prefix + output).to(at::kDouble)});
    };
    tensors[name + ".mean"] = joined(".u_mean", ".v_mean");
    tensors[name + ".squares"] = joined(".u_s", ".v_s");
    tensors[name + ".count"] = get(prefix + ".k").to(at::kDouble).reshape({1});
    for (int layer = 0; state.contains(prefix + ".mlp.layers." + std::to_string(layer) + ".u"); ++layer) {
      const std::string from = prefix + ".mlp.layers." + std::to_string(layer);
      const std::string to = name + ".layer" + std::to_string(layer);
      tensors[to + ".left"] = get(from + ".u");
      tensors[to + ".right"] = get(from + ".v");
      tensors[to + ".bias"] = get(from + ".bias");
      tensors[to + ".scale"] = get(from + ".mode_scale.weight");
      tensors[to + ".shift"] = get(from + ".mode_shift.weight");
    }
  }
  if (tensors.size() == 1) throw core::DataError(place + ": is no published MEND editor: it has no editor networks");
  return tensors;
}

MendEditor editor_from_tensors(const std::map<std::string, torch::Tensor>& tensors, const EditorForm& form,
                               const core::MethodConfig& mend, const model::Architecture& architecture,
                               const std::string& place, torch::Device device, torch::Dtype dtype) {
  return editor_from_tensors(tensors, form, config_of<MendConfig>(mend), architecture, place, device, dtype);
}

}  // namespace lethe::editing
