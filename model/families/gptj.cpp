#include <array>

#include "model/families/families.h"
#include "model/families/gpt_config.h"

// GPT-J (Wang and Komatsuzaki, 2021), as Hugging Face stores it: parallel blocks behind one norm, rotary positions in
// interleaved pairs, attention without biases, a head of its own with a bias.

namespace lethe::model::inline families {
namespace {

constexpr std::array kBeforeBlocks{ModuleSpec{Role::kEmbedding, "transformer.wte", false}};
constexpr std::array kBlock{
    ModuleSpec{Role::kAttentionNorm, "ln_1"},
    ModuleSpec{Role::kQuery, "attn.q_proj", false},
    ModuleSpec{Role::kKey, "attn.k_proj", false},
    ModuleSpec{Role::kValue, "attn.v_proj", false},
    ModuleSpec{Role::kAttentionOutput, "attn.out_proj", false, ZeroWeight::kAddsNothing},
    ModuleSpec{Role::kUpProjection, "mlp.fc_in"},
    ModuleSpec{Role::kDownProjection, "mlp.fc_out", true, ZeroWeight::kAddsNothing},
};
constexpr std::array kAfterBlocks{ModuleSpec{Role::kFinalNorm, "transformer.ln_f"}, ModuleSpec{Role::kHead, "lm_head"}};

constexpr std::array kMlpListing{MlpProjection::kInput, MlpProjection::kOutput};

constexpr NetworkShape k6B{.num_layers = 28,
                           .width = 4096,
                           .num_heads = 16,
                           .inner_width = 16384,
                           .max_positions = 2048,
                           .vocab_size = 50400,
                           .rotary_dim = 64};
constexpr std::array kPublished{PublishedShape{"gpt-j-6b", k6B}, PublishedShape{"gpt-j", k6B}};

NetworkShape read_shape(const ConfigFile& config) {
  auto shape = read_gpt_shape(config);
  config.require_flag("tie_word_embeddings", false, false);
  shape.rotary_dim = config.size("rotary_dim");
  if (shape.rotary_dim % 2 != 0 || shape.rotary_dim > shape.head_width()) {
    config.refuse("rotary_dim", "must be even and at most the head's width, " + std::to_string(shape.head_width()));
  }
  return shape;
}

}  // namespace

constinit const FamilySpec kGptj{
    .name = "gptj",
    .config_class = "transformers.models.gptj.configuration_gptj.GPTJConfig",
    .prefix = "transformer.",
    .block_prefix = "transformer.h.",
    .before_blocks = kBeforeBlocks,
    .block = kBlock,
    .after_blocks = kAfterBlocks,
    .norm = NormForm::kLayerNorm,
    .rotary = RotaryForm::kInterleavedPairs,
    .mlp = MlpForm::kGelu,
    .residual = ResidualForm::kParallel,
    .storage = ProjectionStorage::kOutputsByInputs,
    .mlp_listing = kMlpListing,
    .read_shape = read_shape,
    .published = kPublished,
};

}  // namespace lethe::model::inline families
