#include "worker/commands/tally.h"

#include <sstream>

namespace lethe::worker::inline commands {
namespace {

std::string counts_of(const Tally& tally) {
  return std::to_string(tally.correct) + " of " + std::to_string(tally.asked);
}

}  // namespace

void RecordShares::add(const std::vector<bool>& answers) {
  Tally record;
  for (const bool is_correct : answers) record.add(is_correct);
  const auto percent = record.percent();
  if (!percent) return;
  tokens.correct += record.correct;
  tokens.asked += record.asked;
  ++num_records;
  sum_of_percents += *percent;
}

std::optional<double> RecordShares::percent() const {
  if (num_records == 0) return std::nullopt;
  return sum_of_percents / static_cast<double>(num_records);
}

std::string percent_text(std::optional<double> percent) {
  if (!percent) return "–";
  std::ostringstream text;
  text << *percent << " %";
  return text.str();
}

std::string share_text(const Tally& tally) { return counts_of(tally) + " (" + percent_text(tally.percent()) + ")"; }

std::string share_text(const RecordShares& shares) {
  return percent_text(shares.percent()) + " a record (" + counts_of(shares.tokens) + " tokens)";
}

}  // namespace lethe::worker::inline commands
