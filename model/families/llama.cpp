#include <algorithm>
#include <array>

#include "model/families/families.h"
#include "model/families/llama_config.h"

// Llama (Touvron et al., 2023) and the types that share its block, Mistral (Jiang et al., 2023), Qwen 2 (Yang et al.,
// 2024) and Qwen 3 (Yang et al., 2025), as Hugging Face stores them: serial blocks, RMS norms, rotary positions in
// half-split pairs, key and value heads that several query heads share, a gated MLP. Only Qwen 2 has biases, of q, k
// and v; Qwen 3 has RMS norms of each head's queries and keys instead. Heads are tied or not.

namespace lethe::model::inline families {
namespace {

constexpr std::array kBeforeBlocks{ModuleSpec{Role::kEmbedding, "model.embed_tokens", false}};

constexpr auto block(bool has_qkv_bias) {
  return std::array{
      ModuleSpec{Role::kQuery, "self_attn.q_proj", has_qkv_bias},
      ModuleSpec{Role::kKey, "self_attn.k_proj", has_qkv_bias},
      ModuleSpec{Role::kValue, "self_attn.v_proj", has_qkv_bias},
      ModuleSpec{Role::kAttentionOutput, "self_attn.o_proj", false, ZeroWeight::kAddsNothing},
      ModuleSpec{Role::kGateProjection, "mlp.gate_proj", false},
      ModuleSpec{Role::kUpProjection, "mlp.up_proj", false},
      ModuleSpec{Role::kDownProjection, "mlp.down_proj", false, ZeroWeight::kAddsNothing},
      ModuleSpec{Role::kAttentionNorm, "input_layernorm", false},
      ModuleSpec{Role::kMlpNorm, "post_attention_layernorm", false},
  };
}
constexpr auto kPlainBlock = block(false);
constexpr auto kBiasedBlock = block(true);

constexpr auto with_head_norms(const std::array<ModuleSpec, kPlainBlock.size()>& plain) {
  std::array<ModuleSpec, kPlainBlock.size() + 2> modules{};
  std::ranges::copy(plain, modules.begin());
  modules[plain.size()] = {Role::kQueryNorm, "self_attn.q_norm", false};
  modules[plain.size() + 1] = {Role::kKeyNorm, "self_attn.k_norm", false};
  return modules;
}
constexpr auto kHeadNormedBlock = with_head_norms(kPlainBlock);

constexpr std::array kAfterBlocks{ModuleSpec{Role::kFinalNorm, "model.norm", false},
                                  ModuleSpec{Role::kHead, "lm_head", false}};

constexpr std::array kMlpListing{MlpProjection::kGate, MlpProjection::kInput, MlpProjection::kOutput};

/// Of Llama 3.1 and of 3.2, which differ in the factor.
constexpr RotaryScaling llama3_scaling(double factor) { return {RotaryScalingForm::kLlama3, factor, 1.0, 4.0, 8192}; }

constexpr NetworkShape kLlama2{.num_layers = 32,
                               .width = 4096,
                               .num_heads = 32,
                               .inner_width = 11008,
                               .max_positions = 4096,
                               .vocab_size = 32000,
                               .rotary_dim = 128,
                               .norm_epsilon = 1e-5};
constexpr NetworkShape kLlama3{.num_layers = 32,
                               .width = 4096,
                               .num_heads = 32,
                               .inner_width = 14336,
                               .max_positions = 8192,
                               .vocab_size = 128256,
                               .rotary_dim = 128,
                               .norm_epsilon = 1e-5,
                               .num_key_value_heads = 8,
                               .rotary_base = 500000.0};

constexpr NetworkShape llama31() {
  auto shape = kLlama3;
  shape.max_positions = 131072;
  shape.rotary_scaling = llama3_scaling(8.0);
  return shape;
}

constexpr NetworkShape llama32(std::int64_t num_layers, std::int64_t width, std::int64_t num_heads,
                               std::int64_t inner_width) {
  auto shape = llama31();
  shape.num_layers = num_layers;
  shape.width = width;
  shape.num_heads = num_heads;
  shape.inner_width = inner_width;
  shape.rotary_dim = width / num_heads;
  shape.rotary_scaling = llama3_scaling(32.0);
  shape.is_head_tied = true;
  return shape;
}

constexpr NetworkShape smol(std::int64_t num_layers, std::int64_t width, std::int64_t num_heads,
                            std::int64_t num_key_value_heads, std::int64_t inner_width) {
  return {.num_layers = num_layers,
          .width = width,
          .num_heads = num_heads,
          .inner_width = inner_width,
          .max_positions = 8192,
          .vocab_size = 49152,
          .rotary_dim = width / num_heads,
          .norm_epsilon = 1e-5,
          .num_key_value_heads = num_key_value_heads,
          .rotary_base = num_layers == 24 ? 130000.0 : 100000.0,
          .is_head_tied = true};
}

constexpr NetworkShape tiny_llama() {
  auto shape = kLlama2;
  shape.num_layers = 22;
  shape.width = 2048;
  shape.inner_width = 5632;
  shape.max_positions = 2048;
  shape.rotary_dim = 64;
  shape.num_key_value_heads = 4;
  return shape;
}

constexpr std::array kPublishedLlamas{
    PublishedShape{"llama-2-7b", kLlama2},
    PublishedShape{"llama-3-8b", kLlama3},
    PublishedShape{"llama-3.1-8b", llama31()},
    PublishedShape{"llama-3.2-1b", llama32(16, 2048, 32, 8192)},
    PublishedShape{"llama-3.2-3b", llama32(28, 3072, 24, 8192)},
    PublishedShape{"smollm2-135m", smol(30, 576, 9, 3, 1536)},
    PublishedShape{"smollm2-360m", smol(32, 960, 15, 5, 2560)},
    PublishedShape{"smollm2-1.7b", smol(24, 2048, 32, 32, 8192)},
    PublishedShape{"tinyllama-1.1b", tiny_llama()},
};

constexpr NetworkShape mistral(std::int64_t max_positions, std::int64_t vocab_size, double rotary_base) {
  auto shape = kLlama3;
  shape.max_positions = max_positions;
  shape.vocab_size = vocab_size;
  shape.rotary_base = rotary_base;
  return shape;
}
constexpr std::array kPublishedMistrals{
    PublishedShape{"mistral-7b-v0.1", mistral(4096, 32000, 10000.0)},
    PublishedShape{"mistral-7b-v0.3", mistral(32768, 32768, 1e6)},
};

constexpr NetworkShape qwen(std::int64_t num_layers, std::int64_t width, std::int64_t num_heads,
                            std::int64_t num_key_value_heads, std::int64_t inner_width, bool is_large = false) {
  return {.num_layers = num_layers,
          .width = width,
          .num_heads = num_heads,
          .inner_width = inner_width,
          .max_positions = is_large ? 131072 : 32768,
          .vocab_size = is_large ? 152064 : 151936,
          .rotary_dim = width / num_heads,
          .norm_epsilon = 1e-6,
          .num_key_value_heads = num_key_value_heads,
          .rotary_base = 1e6,
          .is_head_tied = !is_large};
}
constexpr std::array kPublishedQwens{
    PublishedShape{"qwen2.5-0.5b", qwen(24, 896, 14, 2, 4864)},
    PublishedShape{"qwen2.5-1.5b", qwen(28, 1536, 12, 2, 8960)},
    PublishedShape{"qwen2.5-3b", qwen(36, 2048, 16, 2, 11008)},
    PublishedShape{"qwen2.5-7b", qwen(28, 3584, 28, 4, 18944, true)},
    PublishedShape{"qwen2-7b", qwen(28, 3584, 28, 4, 18944, true)},
};

constexpr NetworkShape qwen3(std::int64_t num_layers, std::int64_t width, std::int64_t num_heads,
                             std::int64_t inner_width, bool is_head_tied) {
  return {.num_layers = num_layers,
          .width = width,
          .num_heads = num_heads,
          .inner_width = inner_width,
          .max_positions = 40960,
          .vocab_size = 151936,
          .rotary_dim = 128,
          .norm_epsilon = 1e-6,
          .num_key_value_heads = 8,
          .head_dimension = 128,
          .rotary_base = 1e6,
          .is_head_tied = is_head_tied};
}
constexpr std::array kPublishedQwen3s{
    PublishedShape{"qwen3-0.6b", qwen3(28, 1024, 16, 3072, true)},
    PublishedShape{"qwen3-1.7b", qwen3(28, 2048, 16, 6144, true)},
    PublishedShape{"qwen3-4b", qwen3(36, 2560, 32, 9728, true)},
    PublishedShape{"qwen3-8b", qwen3(36, 4096, 32, 12288, false)},
    PublishedShape{"qwen3-14b", qwen3(40, 5120, 40, 17408, false)},
};

NetworkShape read_llama(const ConfigFile& config) {
  auto shape = read_llama_shape(config);
  read_key_value_heads(config, true, shape);
  limit_positions(config, 0, shape);
  return shape;
}

NetworkShape read_mistral(const ConfigFile& config) {
  constexpr std::int64_t kDefaultWindow = 4096;
  auto shape = read_llama_shape(config);
  read_key_value_heads(config, false, shape);
  const auto given = config.has("sliding_window") ? config.size("sliding_window") : 0;
  limit_positions(config, config.names("sliding_window") ? given : kDefaultWindow, shape);
  return shape;
}

NetworkShape read_qwen(const ConfigFile& config) {
  auto shape = read_llama_shape(config);
  read_key_value_heads(config, false, shape);
  const bool has_window = config.flag("use_sliding_window", false);
  limit_positions(config, has_window ? config.size("sliding_window") : 0, shape);
  return shape;
}

/// Whose heads' width has a default of its own, which no published folder leaves to it.
NetworkShape read_qwen3(const ConfigFile& config) {
  static_cast<void>(config.size("head_dim"));
  return read_qwen(config);
}

/// What tells one of the types from another.
struct LlamaType {
  std::string_view name;
  std::string_view config_class;
  std::span<const ModuleSpec> block;
  NetworkShape (*read_shape)(const ConfigFile& config);
  std::span<const PublishedShape> published;
};

constexpr FamilySpec family_of(const LlamaType& type) {
  return {
      .name = type.name,
      .config_class = type.config_class,
      .prefix = "model.",
      .block_prefix = "model.layers.",
      .before_blocks = kBeforeBlocks,
      .block = type.block,
      .after_blocks = kAfterBlocks,
      .norm = NormForm::kRmsNorm,
      .rotary = RotaryForm::kHalfSplitPairs,
      .mlp = MlpForm::kSwiGlu,
      .residual = ResidualForm::kSerial,
      .storage = ProjectionStorage::kOutputsByInputs,
      .mlp_listing = kMlpListing,
      .read_shape = type.read_shape,
      .published = type.published,
  };
}

}  // namespace

constinit const FamilySpec kLlama{
    family_of({.name = "llama",
               .config_class = "transformers.models.llama.configuration_llama.LlamaConfig",
               .block = kPlainBlock,
               .read_shape = read_llama,
               .published = kPublishedLlamas})};

constinit const FamilySpec kMistral{
    family_of({.name = "mistral",
               .config_class = "transformers.models.mistral.configuration_mistral.MistralConfig",
               .block = kPlainBlock,
               .read_shape = read_mistral,
               .published = kPublishedMistrals})};

constinit const FamilySpec kQwen2{
    family_of({.name = "qwen2",
               .config_class = "transformers.models.qwen2.configuration_qwen2.Qwen2Config",
               .block = kBiasedBlock,
               .read_shape = read_qwen,
               .published = kPublishedQwens})};

constinit const FamilySpec kQwen3{
    family_of({.name = "qwen3",
               .config_class = "transformers.models.qwen3.configuration_qwen3.Qwen3Config",
               .block = kHeadNormedBlock,
               .read_shape = read_qwen3,
               .published = kPublishedQwen3s})};

}  // namespace lethe::model::inline families
