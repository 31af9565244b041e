#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// What tells one family of architectures from another. A family is a file beside this one that fills one `FamilySpec`
// and a line in the table of families.cpp. Everything else asks the spec, never which family it is.
// Legend: D width, F inner width, H heads, G key and value heads, E head width, V vocabulary, P positions.

namespace lethe::model::inline families {

class ConfigFile;

/// How a family's published long-context variants change the frequencies of rotary positions.
enum class RotaryScalingForm {
  kNone,
  kLinear,  ///< all divided by `factor`
  kLlama3,  ///< Llama 3.1's: long wavelengths divided by `factor`, short ones kept, a ramp between
};
struct RotaryScaling {
  RotaryScalingForm form = RotaryScalingForm::kNone;
  double factor = 1.0;
  // Of `kLlama3`: wavelengths over original_positions / low are long, those under original_positions / high short.
  double low_frequency_factor = 1.0;
  double high_frequency_factor = 4.0;
  std::int64_t original_positions = 0;

  bool operator==(const RotaryScaling&) const = default;
};

/// Sizes and constants of one network.
struct NetworkShape {
  std::int64_t num_layers = 0;
  std::int64_t width = 0;        ///< D
  std::int64_t num_heads = 0;    ///< H
  std::int64_t inner_width = 0;  ///< F
  std::int64_t max_positions = 0;
  std::int64_t vocab_size = 0;  ///< V
  std::int64_t rotary_dim = 0;  ///< leading dimensions of a head that are rotated; 0 without rotary positions
  double norm_epsilon = 1e-5;
  std::int64_t num_key_value_heads = 0;  ///< G, which divides H; 0: as many as heads
  std::int64_t head_dimension = 0;       ///< E; 0: D / H
  double rotary_base = 10000.0;
  RotaryScaling rotary_scaling{};
  bool is_head_tied = false;  ///< the embedding is the head, in a family whose head may be its own

  [[nodiscard]] std::int64_t head_width() const { return head_dimension > 0 ? head_dimension : width / num_heads; }
  [[nodiscard]] std::int64_t key_value_heads() const {
    return num_key_value_heads > 0 ? num_key_value_heads : num_heads;
  }
  /// Query heads that read one key and value head.
  [[nodiscard]] std::int64_t heads_per_key() const { return num_heads / key_value_heads(); }
  [[nodiscard]] std::int64_t attention_width() const { return num_heads * head_width(); }
  [[nodiscard]] std::int64_t key_value_width() const { return key_value_heads() * head_width(); }
};

/// What a module does in the network; its weight's shape in memory follows from it ([O,I] for projections).
enum class Role {
  kEmbedding,          ///< [V,D]
  kPositionEmbedding,  ///< [P,D]: learned positions
  kAttentionNorm,      ///< [D]; in a parallel block the MLP's as well
  kQkv,                ///< [3D,D]: q, k and v stacked
  kQuery,              ///< [H*E,D]
  kKey,                ///< [G*E,D]
  kValue,              ///< [G*E,D]
  kQueryNorm,          ///< [E]: of each head's queries, before they are rotated
  kKeyNorm,            ///< [E]: of each head's keys
  kAttentionOutput,    ///< [D,H*E]
  kMlpNorm,            ///< [D]
  kGateProjection,     ///< [F,D]: of a gated MLP
  kUpProjection,       ///< [F,D]
  kDownProjection,     ///< [D,F]: the module that most methods edit
  kFinalNorm,          ///< [D]
  kHead,               ///< [V,D]
};

/// What a matrix of zeros alone says of its file.
enum class ZeroWeight {
  kIsDamage,     ///< the model reads nothing through it, which no training gives: the file was laid out and not filled
  kAddsNothing,  ///< the block's last step before the residual stream, where a new block begins as the identity
};

/// A module under its Hugging Face name; its parameters are this + ".weight" and, if it has one, ".bias".
struct ModuleSpec {
  Role role;
  std::string_view name;  ///< in a block: what follows the block's prefix
  bool has_bias = true;
  ZeroWeight zero_weight = ZeroWeight::kIsDamage;
};

enum class NormForm {
  kLayerNorm,
  kRmsNorm,  ///< w x / sqrt(mean(x^2) + epsilon)
};
enum class RotaryForm {
  kNone,
  kInterleavedPairs,  ///< dimensions 2j and 2j+1 turn together
  kHalfSplitPairs,    ///< dimensions j and j + E/2 turn together; all of a head's are rotated
};
enum class MlpForm {
  kGelu,    ///< down(gelu(up(x))), GELU in its tanh form
  kSwiGlu,  ///< down(silu(gate(x)) * up(x))
};
enum class ResidualForm {
  kSerial,    ///< y = x + attention(norm(x)); y + mlp(norm(y))
  kParallel,  ///< n = norm(x); x + (attention(n) + mlp(n))
};
/// How checkpoints hold a block's projections; in memory they are always [O,I].
enum class ProjectionStorage {
  kOutputsByInputs,  ///< [O,I]
  kInputsByOutputs,  ///< [I,O]
};

/// The projections of a block's MLP, in the order in which modules hold them: D -> F twice in a gated MLP, else once,
/// and F -> D.
enum class MlpProjection { kGate, kInput, kOutput };

/// A model that many people know by name, so that it has a shape before its files are there.
struct PublishedShape {
  std::string_view name;  ///< as its authors or the hub write it: "gpt2-xl"
  NetworkShape shape;
};

struct FamilySpec {
  std::string_view name;          ///< config.json's `model_type`
  std::string_view config_class;  ///< the Python class of its configuration, which pickled archives may name
  /// Names begin with this; checkpoints may leave it out.
  std::string_view prefix;
  /// Names of a block's parameters begin with this, the layer's number and a dot.
  std::string_view block_prefix;

  // All modules, in the order in which parameters are listed (and drawn, where weights are random). Modules that may
  // be missing: position embedding, norm of the MLP (parallel blocks), either `kQkv` or the three, norms of queries and
  // keys (both or none), the MLP's gate, and the head, which is then the embedding (as it is for a shape whose
  // `is_head_tied`).
  std::span<const ModuleSpec> before_blocks;
  std::span<const ModuleSpec> block;
  std::span<const ModuleSpec> after_blocks;

  NormForm norm = NormForm::kLayerNorm;
  RotaryForm rotary = RotaryForm::kNone;
  MlpForm mlp = MlpForm::kGelu;
  ResidualForm residual = ResidualForm::kSerial;
  ProjectionStorage storage = ProjectionStorage::kOutputsByInputs;
  /// The MLP's projections in the order in which published editing configurations list a block's weights. MEND's
  /// learned rates follow it.
  std::span<const MlpProjection> mlp_listing;

  /// Reads the keys of a config.json that the family understands. Throws `core::ModelError` with file and key for what
  /// is missing or makes no sense, and for variants whose mathematics lethe does not compute.
  NetworkShape (*read_shape)(const ConfigFile& config) = nullptr;
  std::span<const PublishedShape> published;
};

}  // namespace lethe::model::inline families
