#include "model/families/number_ranges.h"

#include <algorithm>
#include <array>

namespace lethe::model::inline families {
namespace {

constexpr std::int64_t kMaxLayers = 1 << 12;

struct Whole {
  std::string_view key;
  std::int64_t largest;
};
constexpr std::array kWhole{
    // GPT-2, GPT-J
    Whole{"n_layer", kMaxLayers},
    Whole{"n_embd", kMaxSize},
    Whole{"n_head", kMaxSize},
    Whole{"n_inner", kMaxSize},
    Whole{"n_positions", kMaxSize},
    Whole{"rotary_dim", kMaxSize},
    // the Llama family
    Whole{"num_hidden_layers", kMaxLayers},
    Whole{"hidden_size", kMaxSize},
    Whole{"num_attention_heads", kMaxSize},
    Whole{"num_key_value_heads", kMaxSize},
    Whole{"head_dim", kMaxSize},
    Whole{"intermediate_size", kMaxSize},
    Whole{"max_position_embeddings", kMaxSize},
    Whole{"sliding_window", kMaxSize},
    Whole{"original_max_position_embeddings", kMaxSize},
    // all
    Whole{"vocab_size", kMaxSize},
};

struct Real {
  std::string_view key;
  double largest;
};
constexpr std::array kReal{
    Real{"layer_norm_epsilon", 1.0}, Real{"rms_norm_eps", 1.0},     Real{"rope_theta", 1e12}, Real{"factor", 1e6},
    Real{"low_freq_factor", 1e6},    Real{"high_freq_factor", 1e6},
};

}  // namespace

std::optional<std::int64_t> largest_whole(std::string_view key) {
  const auto* const found = std::ranges::find(kWhole, key, &Whole::key);
  return found == kWhole.end() ? std::nullopt : std::optional(found->largest);
}

std::optional<double> largest_real(std::string_view key) {
  const auto* const found = std::ranges::find(kReal, key, &Real::key);
  return found == kReal.end() ? std::nullopt : std::optional(found->largest);
}

}  // namespace lethe::model::inline families
