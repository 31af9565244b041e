#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::model {

/// Throws `core::ModelError` if a text of so many tokens exceeds the model's positions.
void check_positions(const Network& network, std::size_t num_tokens);
/// Why a network of this shape cannot run `ids` with `num_more` tokens behind them, to stand behind what the text is
/// called ("has 1200 tokens, ..."): beyond its positions, or a token beyond its vocabulary. Empty: it can.
std::string row_problem(std::span<const TokenId> ids, std::size_t num_more, const Architecture& architecture,
                        const Tokenizer& tokenizer);
/// Throws `core::ModelError` if a row has no tokens: there is nothing to continue.
void check_not_empty(std::span<const std::vector<TokenId>> rows);

}  // namespace lethe::model
