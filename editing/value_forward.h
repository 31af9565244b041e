#pragma once

#include <cstdint>
#include <memory>

#include <torch/types.h>

#include "editing/edit_prompts.h"
#include "model/network.h"

// Legend: B rows (contexts C, then the KL row), T tokens of a row, S scored positions, D width, F inner width.

namespace lethe::editing {

/// What is read of the context rows before any change, at the subject's last token.
struct SubjectStates {
  torch::Tensor keys_CF;     ///< projection inputs of the key layer
  torch::Tensor outputs_CD;  ///< projection outputs of the value's layer, bias included
  /// Inputs of the key layer's block up to the last of the subjects' last tokens, where `key_layer` was asked for.
  torch::Tensor inputs_CTD;
};

/// Which vector delta is added to. The sum with the residual stream is the same; v0 is another.
enum class ValueSite {
  kProjectionOutput,  ///< ROME: the MLP's output
  kBlockOutput,       ///< MEMIT: the residual stream after the block
};

struct ValueOptions {
  ValueSite site = ValueSite::kProjectionOutput;
  /// MEMIT: the layer, not above the value's, whose keys and inputs are read; -1: keys of the value's own layer.
  int key_layer = -1;
};

/// How the final hidden states at the scored positions depend on delta, the vector that is added at `layer` to every
/// row's subject_last. Scored are the target positions of each context row in order,
/// then the KL position. References must outlive the object.
class ValueForward {
 public:
  virtual ~ValueForward() = default;
  /// Hidden states before the final layer norm [S,D]; differentiable in delta.
  [[nodiscard]] virtual torch::Tensor scored_hidden(const torch::Tensor& delta_D) const = 0;
  /// v0: what delta is added to, in row 0 at its subject_last, for delta = 0.
  [[nodiscard]] const torch::Tensor& initial_value() const { return initial_value_D_; }
  [[nodiscard]] const SubjectStates& subject_states() const { return subject_states_; }

 protected:
  torch::Tensor initial_value_D_;
  SubjectStates subject_states_;
};

/// The fast path (design C6): rows go up to the edited layer once; the layers above see the tokens before the
/// subject's last one once, as K/V; each call then runs only those layers, from the subject's last token on.
/// Differs from the plain path by rounding alone.
std::unique_ptr<ValueForward> suffix_forward(const model::Network& network, const EditPrompts& prompts, int layer,
                                             const ValueOptions& options = {});

/// All rows, all layers, every call: what the fast path is tested against.
std::unique_ptr<ValueForward> plain_forward(const model::Network& network, const EditPrompts& prompts, int layer,
                                            const ValueOptions& options = {});

}  // namespace lethe::editing
