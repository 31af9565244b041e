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

std::string row_problem(std::span<const TokenId> ids, std::size_t num_more, const Architecture& architecture,
                        const Tokenizer& tokenizer) {
  const auto needed = static_cast<std::int64_t>(ids.size() + num_more);
  if (needed > architecture.max_positions) {
    const auto more = num_more > 0 ? " and up to " + std::to_string(num_more) + " behind them" : std::string();
    return "has " + std::to_string(ids.size()) + " tokens" + more + ", more than the model's " +
           std::to_string(architecture.max_positions) + " positions; shorten it or leave it out";
  }
  const auto beyond = std::ranges::find_if(ids, [&](TokenId id) { return id >= architecture.vocab_size; });
  if (beyond == ids.end()) return "";
  return "has the token " + std::to_string(*beyond) + " (\"" + tokenizer.decode({&*beyond, 1}) +
         "\"), beyond the model's vocabulary of " + std::to_string(architecture.vocab_size) +
         "; do tokenizer and weights belong together?";
}

void check_not_empty(std::span<const std::vector<TokenId>> rows) {
  if (std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.empty(); })) {
    throw core::ModelError("a row to continue has no tokens; give at least one");
  }
}

}  // namespace lethe::model
