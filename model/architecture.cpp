#include "model/architecture.h"

#include <cctype>
#include <fstream>
#include <functional>
#include <numeric>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace lethe::model {
namespace {

using nlohmann::json;

/// No size of a real network comes near; keeps products of a hostile config.json inside 64 bits.
constexpr std::int64_t kMaxSize = 1 << 22;
constexpr std::int64_t kMaxLayers = 1 << 12;

/// A config.json with error messages that name the file and the key.
class ConfigFile {
 public:
  explicit ConfigFile(std::filesystem::path path) : path_(std::move(path)) {
    std::ifstream stream(path_);
    if (!stream) {
      throw core::ModelError(path_.string() +
                             ": cannot be read. A model is a Hugging Face folder with config.json, vocab.json, "
                             "merges.txt and model.safetensors; check `path` in the config's `models`.");
    }
    try {
      values_ = json::parse(stream);
    } catch (const json::exception& error) {
      throw core::ModelError(path_.string() + ": not valid JSON (" + error.what() + ")");
    }
    if (!values_.is_object()) throw core::ModelError(path_.string() + ": expected a JSON object");
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& reason) const {
    throw core::ModelError(path_.string() + ": `" + key + "` " + reason);
  }

  [[nodiscard]] bool has(const std::string& key) const { return values_.contains(key) && !values_.at(key).is_null(); }

  [[nodiscard]] std::string text(const std::string& key, const std::string& fallback) const {
    if (!has(key)) return fallback;
    if (!values_.at(key).is_string()) refuse(key, "must be a string");
    return values_.at(key).get<std::string>();
  }

  [[nodiscard]] std::int64_t size(const std::string& key, std::int64_t limit = kMaxSize) const {
    if (!has(key)) refuse(key, "is missing");
    const auto& value = values_.at(key);
    if (!value.is_number_integer() || value < 1 || value > limit) {
      refuse(key, "must be a positive integer of at most " + std::to_string(limit) + ", not " + value.dump());
    }
    return value.get<std::int64_t>();
  }

  [[nodiscard]] double number(const std::string& key, double fallback) const {
    if (!has(key)) return fallback;
    if (!values_.at(key).is_number()) refuse(key, "must be a number");
    return values_.at(key).get<double>();
  }

  /// The key must be absent or equal `expected`, because nothing else is implemented.
  void require_flag(const std::string& key, bool expected, bool fallback) const {
    if (has(key) && !values_.at(key).is_boolean()) refuse(key, "must be true or false");
    const bool value = has(key) ? values_.at(key).get<bool>() : fallback;
    if (value != expected) {
      refuse(key, std::string("is ") + (value ? "true" : "false") +
                      ", which lethe does not compute; it reads GPT-2 and GPT-J as published");
    }
  }

 private:
  std::filesystem::path path_;
  json values_;
};

void require_gelu(const ConfigFile& config) {
  const auto activation = config.text("activation_function", "gelu_new");
  if (activation != "gelu_new" && activation != "gelu_pytorch_tanh") {
    config.refuse("activation_function", "is \"" + activation + "\"; only gelu_new (the tanh form) is implemented");
  }
}

void require_gpt2_as_published(const ConfigFile& config) {
  config.require_flag("scale_attn_weights", true, true);
  config.require_flag("scale_attn_by_inverse_layer_idx", false, false);
  config.require_flag("add_cross_attention", false, false);
  config.require_flag("tie_word_embeddings", true, true);
}

std::int64_t read_rotary_dim(const ConfigFile& config, std::int64_t head_width) {
  const auto rotary_dim = config.size("rotary_dim");
  if (rotary_dim % 2 != 0 || rotary_dim > head_width) {
    config.refuse("rotary_dim", "must be even and at most the head's width, " + std::to_string(head_width));
  }
  return rotary_dim;
}

std::int64_t num_elements(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

void add_gpt2_block(std::vector<ParameterShape>& shapes, const Architecture& a, const std::string& block) {
  const auto d = a.width;
  const auto f = a.inner_width;
  for (const auto& [name, outputs, inputs] :
       {std::tuple{"attn.c_attn", 3 * d, d}, {"attn.c_proj", d, d}, {"mlp.c_fc", f, d}, {"mlp.c_proj", d, f}}) {
    shapes.push_back({block + name + ".weight", {outputs, inputs}, true});
    shapes.push_back({block + name + ".bias", {outputs}, false});
  }
  for (const auto* norm : {"ln_1", "ln_2"}) {
    shapes.push_back({block + norm + ".weight", {d}, false});
    shapes.push_back({block + norm + ".bias", {d}, false});
  }
}

void add_gptj_block(std::vector<ParameterShape>& shapes, const Architecture& a, const std::string& block) {
  const auto d = a.width;
  const auto f = a.inner_width;
  shapes.push_back({block + "ln_1.weight", {d}, false});
  shapes.push_back({block + "ln_1.bias", {d}, false});
  for (const auto* name : {"q_proj", "k_proj", "v_proj", "out_proj"}) {
    shapes.push_back({block + "attn." + name + ".weight", {d, d}, false});
  }
  shapes.push_back({block + "mlp.fc_in.weight", {f, d}, false});
  shapes.push_back({block + "mlp.fc_in.bias", {f}, false});
  shapes.push_back({block + "mlp.fc_out.weight", {d, f}, false});
  shapes.push_back({block + "mlp.fc_out.bias", {d}, false});
}

}  // namespace

std::string_view to_string(Family family) { return family == Family::kGpt2 ? "gpt2" : "gptj"; }

std::string block_prefix(std::int64_t layer) { return "transformer.h." + std::to_string(layer) + "."; }

std::string Architecture::mlp_projection(std::int64_t layer) const {
  return block_prefix(layer) + (family == Family::kGpt2 ? "mlp.c_proj" : "mlp.fc_out");
}

std::string Architecture::mlp_input(std::int64_t layer) const {
  return block_prefix(layer) + (family == Family::kGpt2 ? "mlp.c_fc" : "mlp.fc_in");
}

std::int64_t Architecture::num_parameters() const {
  std::int64_t count = 0;
  for (const auto& parameter : parameter_shapes(*this)) count += num_elements(parameter.shape);
  return count;
}

Architecture read_architecture(const std::filesystem::path& folder) {
  const ConfigFile config(folder / "config.json");
  const auto type = config.text("model_type", "");
  if (type != "gpt2" && type != "gptj") {
    config.refuse("model_type", "is \"" + type + "\"; lethe edits models of type gpt2 and gptj");
  }
  Architecture architecture;
  architecture.family = type == "gpt2" ? Family::kGpt2 : Family::kGptj;
  architecture.num_layers = config.size("n_layer", kMaxLayers);
  architecture.width = config.size("n_embd");
  architecture.num_heads = config.size("n_head");
  architecture.inner_width = config.has("n_inner") ? config.size("n_inner") : 4 * architecture.width;
  architecture.max_positions = config.size("n_positions");
  architecture.vocab_size = config.size("vocab_size");
  architecture.layer_norm_epsilon = config.number("layer_norm_epsilon", 1e-5);
  if (architecture.width % architecture.num_heads != 0) {
    config.refuse("n_head", "does not divide `n_embd`");
  }
  require_gelu(config);
  if (architecture.family == Family::kGpt2) {
    require_gpt2_as_published(config);
  } else {
    config.require_flag("tie_word_embeddings", false, false);
    architecture.rotary_dim = read_rotary_dim(config, architecture.head_width());
  }
  return architecture;
}

std::vector<ParameterShape> parameter_shapes(const Architecture& a) {
  const bool is_gpt2 = a.family == Family::kGpt2;
  std::vector<ParameterShape> shapes;
  shapes.push_back({"transformer.wte.weight", {a.vocab_size, a.width}, false});
  if (is_gpt2) shapes.push_back({"transformer.wpe.weight", {a.max_positions, a.width}, false});
  for (std::int64_t layer = 0; layer < a.num_layers; ++layer) {
    is_gpt2 ? add_gpt2_block(shapes, a, block_prefix(layer)) : add_gptj_block(shapes, a, block_prefix(layer));
  }
  shapes.push_back({"transformer.ln_f.weight", {a.width}, false});
  shapes.push_back({"transformer.ln_f.bias", {a.width}, false});
  if (!is_gpt2) {
    shapes.push_back({"lm_head.weight", {a.vocab_size, a.width}, false});
    shapes.push_back({"lm_head.bias", {a.vocab_size}, false});
  }
  return shapes;
}

std::optional<Architecture> published_architecture(std::string_view name) {
  std::string plain;
  for (const unsigned char letter : name) {
    if (std::isalnum(letter) != 0) plain += static_cast<char>(std::tolower(letter));
  }
  struct Known { const char* name; Family family; std::int64_t layers, width, vocab, positions; };
  static constexpr Known kKnown[] = {{"gpt2", Family::kGpt2, 12, 768, 50257, 1024}, {"gpt2medium", Family::kGpt2, 24, 1024, 50257, 1024}, {"gpt2large", Family::kGpt2, 36, 1280, 50257, 1024}, {"gpt2xl", Family::kGpt2, 48, 1600, 50257, 1024}, {"gptj", Family::kGptj, 28, 4096, 50400, 2048}, {"gptj6b", Family::kGptj, 28, 4096, 50400, 2048}};
  for (const auto& k : kKnown) {
    if (plain != k.name) continue;
    Architecture a;
    a.family = k.family; a.num_layers = k.layers; a.width = k.width; a.num_heads = 16; a.inner_width = 4 * k.width;
    a.max_positions = k.positions; a.vocab_size = k.vocab; a.rotary_dim = k.family == Family::kGptj ? 64 : 0;
    return a;
  }
  return std::nullopt;
}

}  // namespace lethe::model
