#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <torch/types.h>

#include "model/architecture.h"
#include "model/block.h"
#include "model/key_values.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights.h"

// Legend: B rows, T tokens of a row (padded), P prefix positions, D width, F inner width, G key and value heads,
// E head width, V vocabulary, N chosen positions.

namespace lethe::model {

/// Right-padded token rows. Padding never influences a real token.
struct TokenRows {
  torch::Tensor ids_BT;     ///< int64, padded with 0
  torch::Tensor lengths_B;  ///< int64

  [[nodiscard]] std::int64_t num_rows() const { return ids_BT.size(0); }
};
TokenRows pad_rows(std::span<const std::vector<TokenId>> rows, torch::Device device);

/// Where a tap reads.
enum class Site {
  kProjectionInput,   ///< [*,F] input of the MLP's last projection, after the activation
  kProjectionOutput,  ///< [*,D] its output, bias included, before `modify_projection_output` and the residual sum
  kBlockOutput,       ///< [*,D] the residual stream after the block
};

struct Tap {
  int layer = 0;
  Site site = Site::kBlockOutput;
  /// Position read in each row, int64 [B]; undefined: all positions.
  torch::Tensor positions_B;
  /// Filled by the forward: [B,*] at positions, else [B,T,*]. Keeps the graph when gradients flow.
  torch::Tensor value;
};

struct ForwardOptions {
  int first_layer = 0;
  int last_layer = -1;                    ///< inclusive; -1: the last of the network
  const KeyValues* prefix = nullptr;      ///< positions before the rows' own, b = 1 (shared) or b = B
  const KeyValues* row_prefix = nullptr;  ///< b = B: positions between a shared `prefix` and the rows' own
  /// Receives the rows' own K/V [B,G,T,E] of the layers run, without the prefixes; `lengths` are all T
  /// (padding included: cut it off with `rows_before`).
  KeyValues* collected = nullptr;
  /// `collected` starts with the rows' own prefix, so that it can be the next step's (rows of equal length only:
  /// where a prefix is shorter than the longest, a gap would be left).
  bool collect_row_prefix = false;
  std::span<Tap> taps{};
  /// The only positions whose hidden states are wanted after the last layer, as flat indices row * T + column,
  /// int64 [N]: the result is then [N,D], and at all other positions the last layer makes keys and values only.
  /// Taps and modifications of the last layer are not allowed with it.
  torch::Tensor read_positions_N{};
  /// Called on [B,T,D] MLP outputs (Site::kProjectionOutput) of `modified_layer`; its result is used instead.
  int modified_layer = -1;
  std::function<torch::Tensor(const torch::Tensor&)> modify_projection_output{};
  /// Called with the input [N,I] and the output [N,O] (rows flattened, N = B * T; bias included) of all projections of
  /// every MLP that is run, before taps read the output; its result is used instead.
  std::function<torch::Tensor(int layer, MlpProjection which, const torch::Tensor& input_NI,
                              const torch::Tensor& output_NO)>
      modify_mlp{};
};

/// A model at one point of an edit sequence: shared base weights under an overlay of edited parameters.
/// Copying is cheap (tensors alias). All forwards are const and, where autograd is on, differentiable
/// with respect to hidden states, hooks and edited parameters.
class Network {
 public:
  explicit Network(std::shared_ptr<const Weights> weights);

  [[nodiscard]] const Architecture& architecture() const;
  [[nodiscard]] torch::Device device() const;
  [[nodiscard]] torch::Dtype dtype() const;
  [[nodiscard]] const std::shared_ptr<const Weights>& base() const { return weights_; }

  /// Current value of a parameter ([O,I] for projections) in `dtype()`; aliases it, unless it is one of the base that
  /// is held in a narrower type.
  [[nodiscard]] torch::Tensor parameter(const std::string& name) const;
  /// Replaces a parameter for this network only; the value is kept as a contiguous [O,I] tensor (aliased if it is
  /// one), so that the bits of later results do not depend on where it came from. Giving back the base's own tensor
  /// (`Weights::held`) undoes the edit. Throws `core::ModelError` on another name, shape, dtype or device.
  /// Only `editing::apply_update` calls it.
  void set_parameter(const std::string& name, torch::Tensor value);
  /// Names of the parameters that differ from the base weights, sorted.
  [[nodiscard]] std::vector<std::string> edited_parameters() const;
  /// The lowest block that an edit reaches: below it hidden states are the base's. 0 if the embedding is edited, the
  /// number of blocks if none is.
  [[nodiscard]] int first_edited_block() const;

  /// Embeddings of tokens, and of positions where they are learned, [B,T,D]. Row r's positions start at offsets[r]
  /// (default 0; [1] for all rows alike). Throws `core::ModelError` if T exceeds the model's positions; with offsets,
  /// positions beyond the last (which only padding may reach) are read as the last.
  [[nodiscard]] torch::Tensor embed(const torch::Tensor& ids_BT, const torch::Tensor& offsets_B = {}) const;
  /// Blocks first_layer..last_layer on hidden states [B,T,D] -> [B,T,D], or [N,D] with `read_positions_N`.
  /// Positions continue after the prefix.
  [[nodiscard]] torch::Tensor forward_layers(const torch::Tensor& hidden_BTD, const ForwardOptions& options = {}) const;
  /// Final norm and head on chosen hidden states [N,D] -> logits [N,V] (any leading dimensions).
  [[nodiscard]] torch::Tensor logits(const torch::Tensor& hidden_ND) const;

  /// embed + all layers + logits at every position [B,T,V]: the plain path that others are tested against.
  [[nodiscard]] torch::Tensor forward(const TokenRows& rows) const;

 private:
  struct Ends {
    torch::Tensor token_embedding, position_embedding;
    NormParameters norm;
    LinearParameters head;
  };
  /// What forwards read: the edited value, or the base's as it is held.
  [[nodiscard]] const torch::Tensor& held(const std::string& name) const;
  void resolve(const std::string& changed_parameter);
  void resolve_ends();
  [[nodiscard]] AttentionContext attention_context(const torch::Tensor& hidden_BTD,
                                                   const ForwardOptions& options) const;
  void start_collection(const AttentionContext& context, const ForwardOptions& options) const;
  [[nodiscard]] torch::Tensor forward_block(int layer, const torch::Tensor& hidden_ND, const AttentionContext& context,
                                            const ForwardOptions& options) const;
  [[nodiscard]] torch::Tensor forward_mlp(int layer, const torch::Tensor& normed_ND, const AttentionContext& context,
                                          const ForwardOptions& options) const;

  std::shared_ptr<const Weights> weights_;
  std::map<std::string, torch::Tensor> overlay_;
  std::vector<BlockParameters> blocks_;  ///< what names resolve to: overlay before base
  Ends ends_;
  RotaryTables rotary_;  ///< of all positions
};

/// Flat index row * num_columns + position of one position per row, int64 [B].
torch::Tensor flat_positions(const torch::Tensor& positions_B, std::int64_t num_columns);
/// Hidden states at one position per row: hidden_BTD[r, positions_B[r]] -> [B,D].
torch::Tensor at_positions(const torch::Tensor& hidden_BTD, const torch::Tensor& positions_B);

}  // namespace lethe::model
