#include <array>

#include "model/families/families.h"
#include "model/families/gpt_config.h"

// GPT-2 (Radford et al., 2019), as Hugging Face stores it: serial blocks, learned positions, q, k and v in one
// projection, a head tied to the embedding, and "Conv1D" projections, which are stored [I,O].

namespace lethe::model::inline families {
namespace {

constexpr std::array kBeforeBlocks{
    ModuleSpec{Role::kEmbedding, "transformer.wte", false},
    ModuleSpec{Role::kPositionEmbedding, "transformer.wpe", false},
};
constexpr std::array kBlock{
    ModuleSpec{Role::kQkv, "attn.c_attn"},
    ModuleSpec{Role::kAttentionOutput, "attn.c_proj", true, ZeroWeight::kAddsNothing},
    ModuleSpec{Role::kUpProjection, "mlp.c_fc"},
    ModuleSpec{Role::kDownProjection, "mlp.c_proj", true, ZeroWeight::kAddsNothing},
    ModuleSpec{Role::kAttentionNorm, "ln_1"},
    ModuleSpec{Role::kMlpNorm, "ln_2"},
};
constexpr std::array kAfterBlocks{ModuleSpec{Role::kFinalNorm, "transformer.ln_f"}};

constexpr std::array kMlpListing{MlpProjection::kOutput, MlpProjection::kInput};

constexpr PublishedShape published(std::string_view name, std::int64_t num_layers, std::int64_t width) {
  constexpr std::int64_t kHeadWidth = 64;
  return {name,
          {.num_layers = num_layers,
           .width = width,
           .num_heads = width / kHeadWidth,
           .inner_width = 4 * width,
           .max_positions = 1024,
           .vocab_size = 50257}};
}
constexpr std::array kPublished{published("gpt2", 12, 768), published("gpt2-medium", 24, 1024),
                                published("gpt2-large", 36, 1280), published("gpt2-xl", 48, 1600)};

NetworkShape read_shape(const ConfigFile& config) {
  const auto shape = read_gpt_shape(config);
  config.require_flag("scale_attn_weights", true, true);
  config.require_flag("scale_attn_by_inverse_layer_idx", false, false);
  config.require_flag("tie_word_embeddings", true, true);
  return shape;
}

}  // namespace

constinit const FamilySpec kGpt2{
    .name = "gpt2",
    .config_class = "transformers.models.gpt2.configuration_gpt2.GPT2Config",
    .prefix = "transformer.",
    .block_prefix = "transformer.h.",
    .before_blocks = kBeforeBlocks,
    .block = kBlock,
    .after_blocks = kAfterBlocks,
    .norm = NormForm::kLayerNorm,
    .rotary = RotaryForm::kNone,
    .mlp = MlpForm::kGelu,
    .residual = ResidualForm::kSerial,
    .storage = ProjectionStorage::kInputsByOutputs,
    .mlp_listing = kMlpListing,
    .read_shape = read_shape,
    .published = kPublished,
};

}  // namespace lethe::model::inline families
