#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// What tells one family of architectures from another. A family is a file beside this one that fills one `FamilySpec`
// and a line in the table of families.cpp. Everything else asks the spec, never which family it is.
// Legend: D width, F inner width, H heads, V vocabulary, P positions.

namespace lethe::model::inline families {

class ConfigFile;

/// Sizes and constants of one network.
struct NetworkShape {
  std::int64_t num_layers = 0;
  std::int64_t width = 0;        ///< D
  std::int64_t num_heads = 0;    ///< H
  std::int64_t inner_width = 0;  ///< F
  std::int64_t max_positions = 0;
  std::int64_t vocab_size = 0;  ///< V
  std::int64_t rotary_dim = 0;  ///< leading dimensions of a head that are rotated; 0 without rotary positions
  double layer_norm_epsilon = 1e-5;

  [[nodiscard]] std::int64_t head_width() const { return width / num_heads; }
};

/// What a module does in the network; its weight's shape in memory follows from it ([O,I] for projections).
enum class Role {
  kEmbedding,          ///< [V,D]
  kPositionEmbedding,  ///< [P,D]: learned positions
  kAttentionNorm,      ///< [D]; in a parallel block the MLP's as well
  kQkv,                ///< [3D,D]: q, k and v stacked
  kQuery,              ///< [D,D], as the next three
  kKey,
  kValue,
  kAttentionOutput,
  kMlpNorm,         ///< [D]
  kUpProjection,    ///< [F,D]
  kDownProjection,  ///< [D,F]: the module that most methods edit
  kFinalNorm,       ///< [D]
  kHead,            ///< [V,D]
};

/// A module under its Hugging Face name; its parameters are this + ".weight" and, if it has one, ".bias".
struct ModuleSpec {
  Role role;
  std::string_view name;  ///< in a block: what follows the block's prefix
  bool has_bias = true;
};

enum class NormForm { kLayerNorm };
enum class RotaryForm {
  kNone,
  kInterleavedPairs,  ///< dimensions 2j and 2j+1 turn together
};
enum class MlpForm {
  kGelu,  ///< down(gelu(up(x))), GELU in its tanh form
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

/// The two projections of a block's MLP: D -> F and F -> D.
enum class MlpProjection { kInput, kOutput };

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
  // be missing: position embedding, norm of the MLP (parallel blocks), either `kQkv` or the three, and the head, which
  // is then the embedding.
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
