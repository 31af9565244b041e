#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <torch/types.h>

#include "model/architecture.h"
#include "model/tokenizer.h"
#include "model/weights.h"

// Legend: B rows, T tokens of a row (padded), P prefix positions, D width, F inner width, H heads,
// E head width, V vocabulary, N chosen positions.

namespace lethe::model {

/// Right-padded token rows. Padding never influences a real token.
struct TokenRows {
  torch::Tensor ids_BT;     ///< int64, padded with 0
  torch::Tensor lengths_B;  ///< int64

  [[nodiscard]] std::int64_t num_rows() const { return ids_BT.size(0); }
};
TokenRows pad_rows(std::span<const std::vector<TokenId>> rows, torch::Device device);

/// Keys and values of positions that precede the rows' own tokens, per layer [b,H,P,E] with b = 1 (shared by
/// all rows of a batch without being expanded) or b = B. Row r uses its first `lengths[r]` positions.
struct KeyValues {
  std::vector<torch::Tensor> keys;    ///< index = layer; undefined where a layer was not run
  std::vector<torch::Tensor> values;
  torch::Tensor lengths;              ///< int64 [b]

  [[nodiscard]] bool empty() const { return keys.empty(); }
};

/// Where a tap reads.
enum class Site {
  kProjectionInput,   ///< [*,F] input of the MLP projection (c_proj / fc_out), after the activation
  kProjectionOutput,  ///< [*,D] its output, bias included, before the residual sum
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
  int last_layer = -1;                       ///< inclusive; -1: the last of the network
  const KeyValues* prefix = nullptr;         ///< positions before the rows' own
  KeyValues* collected = nullptr;            ///< receives the rows' own K/V of the layers run (without the prefix)
  std::span<Tap> taps{};
  /// Called on [B,T,D] MLP outputs (Site::kProjectionOutput) of `modified_layer`; its result is used instead.
  int modified_layer = -1;
  std::function<torch::Tensor(const torch::Tensor&)> modify_projection_output{};
};

/// A model at one point of an edit sequence: shared base weights under an overlay of edited parameters.
/// Copying is cheap (tensors alias). All forwards are const and, where autograd is on, differentiable
/// with respect to hidden states, hooks and parameters put in place with `with_parameter`.
class Network {
 public:
  explicit Network(std::shared_ptr<const Weights> weights);

  [[nodiscard]] const Architecture& architecture() const;
  [[nodiscard]] torch::Device device() const;
  [[nodiscard]] torch::Dtype dtype() const;
  [[nodiscard]] const std::shared_ptr<const Weights>& base() const { return weights_; }

  /// Current value of a parameter ([O,I] for projections); aliases it.
  [[nodiscard]] const torch::Tensor& parameter(const std::string& name) const;
  /// Replaces a parameter for this network only. Only `editing::apply_update` and trial scopes call it.
  void set_parameter(const std::string& name, torch::Tensor value);
  /// Names of the parameters that differ from the base weights, sorted.
  [[nodiscard]] std::vector<std::string> edited_parameters() const;

  /// Token (and for GPT-2 position) embeddings [B,T,D]. Row r's positions start at offsets[r] (default 0).
  [[nodiscard]] torch::Tensor embed(const torch::Tensor& ids_BT, const torch::Tensor& offsets_B = {}) const;
  /// Blocks first_layer..last_layer on hidden states [B,T,D] -> [B,T,D]. Positions continue after the prefix.
  [[nodiscard]] torch::Tensor forward_layers(const torch::Tensor& hidden_BTD, const ForwardOptions& options = {}) const;
  /// Final layer norm and head on chosen hidden states [N,D] -> logits [N,V].
  [[nodiscard]] torch::Tensor logits(const torch::Tensor& hidden_ND) const;

  /// embed + all layers + logits at every position [B,T,V]: the plain path that others are tested against.
  [[nodiscard]] torch::Tensor forward(const TokenRows& rows) const;

 private:
  std::shared_ptr<const Weights> weights_;
  std::map<std::string, torch::Tensor> overlay_;
};

/// Hidden states at one position per row: hidden_BTD[r, positions_B[r]] -> [B,D].
torch::Tensor at_positions(const torch::Tensor& hidden_BTD, const torch::Tensor& positions_B);

}  // namespace lethe::model
