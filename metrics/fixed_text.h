#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/architecture.h"
#include "model/network.h"
#include "model/row_batches.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::metrics {

/// A row has at most so many tokens, and no more than the model's positions: models of longer context are not asked for
/// more, so that memory is bounded and what stands before a token is the same.
inline constexpr std::int64_t kWindowTokens = 1024;

/// Positions that are read at a time, padding included.
inline constexpr std::int64_t kTextBatchPositions = 4096;

/// Consecutive tokens of a document. The first is context alone, each other one is predicted from those before it.
struct TextWindow {
  std::size_t document = 0;
  std::vector<model::TokenId> ids;
};

/// A text as a model reads it, teacher-forced. Each document stands alone: tokenised as a prompt, with the
/// beginning-of-text token where the tokenizer adds one, and cut into windows that share a token, so that each of its
/// tokens but the first is predicted once.
struct FixedText {
  std::vector<TextWindow> windows;
  std::vector<std::int64_t> num_tokens;  ///< predicted, at least one, of each document that has any
};

/// The first documents of a text up to `max_tokens` predicted tokens, where the last one is cut. Documents of one token
/// are passed over. Throws `core::DataError` that begins with `place` where nothing can be predicted, or names the
/// document, counted from 1, with a token beyond the model's vocabulary.
FixedText cut_text(const std::function<std::optional<std::string>()>& next_document, std::int64_t max_tokens,
                   const model::Tokenizer& tokenizer, const model::Architecture& architecture,
                   const std::string& place);

/// The sum of the NLLs of each document's predicted tokens, nats; summed in fp64 over what the network says in its own
/// type. NaN where the network has diverged.
std::vector<double> document_nlls(const model::Network& network, const FixedText& text,
                                  const model::BeforeBatch& before_batch = {});

}  // namespace lethe::metrics
