#pragma once

#include <cstdint>
#include <vector>

#include "core/config/context_length.h"
#include "core/config/method_config.h"
#include "core/contract/work.h"
#include "model/architecture.h"

// Legend: D width, F inner width.

namespace lethe::editing {

/// What a method asks of a machine, by itself: for plans and schedules, from shapes alone.
struct Price {
  core::Work edit;         ///< of one fact, a step's shared work divided among its facts
  core::Work solve;        ///< of one fact too, where the factored second moments are: on the device, or on the host
  std::int64_t bytes = 0;  ///< of memory beside the model and the factored second moments
  std::int64_t factor_bytes = 0;    ///< of the factored second moments
  std::int64_t delta_bytes = 0;     ///< of disk an edit: low-rank factors, and what the method remembers
  std::int64_t snapshot_bytes = 0;  ///< of disk a checkpoint, for methods that store snapshots
};

/// In a cell of `num_facts` facts.
Price price_of(const core::MethodConfig& method, const model::Architecture& architecture, std::int64_t num_facts);

// What the methods' prices are put together from.

inline constexpr std::int64_t kFloatBytes = 4;
inline constexpr std::int64_t kDoubleBytes = 8;
/// Measured on CounterFact with the GPT-2 tokenizer: a prompt has 8 tokens, 4.1 of them from the subject's last on.
inline constexpr double kPromptTokens = 8.0;

/// `num_passes` passes of `tokens` positions through `layers` blocks, and `head_tokens` of them through the head.
core::Work passes(const model::Architecture& architecture, double num_passes, double layers, double tokens,
                  double head_tokens);

/// Rows that a prompt becomes in its contexts: `count` prefixes of each length for each of `num_seeds` texts that they
/// begin with, and the bare prompt. What a contexts file holds is not known here: it is taken for as many.
std::int64_t num_contexts(const std::vector<core::ContextLength>& lengths, std::size_t num_seeds = 1);

/// How many tokens a method that gives the subject a value looks at, measured as above.
struct ValueTokens {
  std::int64_t contexts = 0;  ///< `num_contexts`
  double row_tokens = 0.0;    ///< of all rows, whole

  /// Of all rows, that of the KL term among them, from the subject's last on.
  [[nodiscard]] double step_tokens() const { return 4.1 * static_cast<double>(contexts) + 1.0; }
};
/// Forwards and backwards of the value's optimisation above `layer`, and the pass below that it starts from.
core::Work value_work(const model::Architecture& architecture, int layer, int num_steps, const ValueTokens& tokens);

/// A pair of triangular solves with a factored second moment of `num_layers` layers, half a matrix each, for one fact.
core::Work solve_work(const model::Architecture& architecture, std::int64_t num_layers, int batch_size);

/// [D,F] in fp32.
std::int64_t projection_bytes(const model::Architecture& architecture);
/// Kept for the backward pass of so many tokens.
std::int64_t graph_bytes(const model::Architecture& architecture, std::int64_t tokens);
/// Rows that a value is optimised over: so many tokens each, from the subject's last on, with room.
inline constexpr std::int64_t kOptimisedTokens = 12;
/// Low-rank factors of one fact in `num_layers` projections.
std::int64_t factor_pair_bytes(const model::Architecture& architecture, std::int64_t num_layers);

}  // namespace lethe::editing
