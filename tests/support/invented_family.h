#pragma once

#include <array>

#include "model/families/families.h"

// A family that nobody published, for tests that must not depend on one: other names, parallel blocks with rotary
// positions, a head of its own, no bias but the norms'. With the same weights it computes what GPT-J does with its
// biases at zero.

namespace lethe::test {

inline constexpr std::array kInventedBeforeBlocks{
    model::ModuleSpec{model::Role::kEmbedding, "net.tokens", false},
};
inline constexpr std::array kInventedBlock{
    model::ModuleSpec{model::Role::kAttentionNorm, "norm_in"},
    model::ModuleSpec{model::Role::kQuery, "mix.query", false},
    model::ModuleSpec{model::Role::kKey, "mix.key", false},
    model::ModuleSpec{model::Role::kValue, "mix.value", false},
    model::ModuleSpec{model::Role::kAttentionOutput, "mix.output", false, model::ZeroWeight::kAddsNothing},
    model::ModuleSpec{model::Role::kUpProjection, "wide.up", false},
    model::ModuleSpec{model::Role::kDownProjection, "wide.down", false, model::ZeroWeight::kAddsNothing},
};
inline constexpr std::array kInventedAfterBlocks{
    model::ModuleSpec{model::Role::kFinalNorm, "net.norm_out"},
    model::ModuleSpec{model::Role::kHead, "answers", false},
};
inline constexpr std::array kInventedMlpListing{model::MlpProjection::kInput, model::MlpProjection::kOutput};

inline constexpr model::FamilySpec kInventedFamily{
    .name = "invented",
    .config_class = "",
    .prefix = "net.",
    .block_prefix = "net.layers.",
    .before_blocks = kInventedBeforeBlocks,
    .block = kInventedBlock,
    .after_blocks = kInventedAfterBlocks,
    .rotary = model::RotaryForm::kInterleavedPairs,
    .residual = model::ResidualForm::kParallel,
    .storage = model::ProjectionStorage::kInputsByOutputs,
    .mlp_listing = kInventedMlpListing,
    .published = {},
};

}  // namespace lethe::test
