#include "model/row_checks.h"

#include <algorithm>
#include <string>

#include "core/error.h"

namespace lethe::model {

void check_positions(const Network& network, std::size_t num_tokens) {
  const auto available = network.architecture().max_positions;
  if (static_cast<std::int64_t>(num_tokens) <= available) return;
  throw core::ModelError("a text of " + std::to_string(num_tokens) + " tokens exceeds the model's " +
                         std::to_string(available) + " positions; shorten the prompt or generate fewer tokens");
}

void check_not_empty(std::span<const std::vector<TokenId>> rows) {
  if (std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.empty(); })) {
    throw core::ModelError("a row to continue has no tokens; give at least one");
  }
}

}  // namespace lethe::model
