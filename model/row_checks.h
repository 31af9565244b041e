#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/network.h"

namespace lethe::model {

/// Throws `core::ModelError` if a text of so many tokens exceeds the model's positions.
void check_positions(const Network& network, std::size_t num_tokens);
/// Throws `core::ModelError` if a row has no tokens: there is nothing to continue.
void check_not_empty(std::span<const std::vector<TokenId>> rows);

}  // namespace lethe::model
