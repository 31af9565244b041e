#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Shares as the diagnoses count and print them. Of nothing there is no share: it is no number, and printed as a dash.

namespace lethe::worker::inline commands {

/// Share of a whole; counts are kept so that shares can be added.
struct Tally {
  std::int64_t correct = 0;
  std::int64_t asked = 0;

  void add(bool is_correct) {
    ++asked;
    correct += is_correct ? 1 : 0;
  }
  /// Percent; nothing if nothing was asked.
  [[nodiscard]] std::optional<double> percent() const {
    if (asked == 0) return std::nullopt;
    return 100.0 * static_cast<double>(correct) / static_cast<double>(asked);
  }
};

/// Shares of right tokens, record by record: what the published summary takes the mean of, so that a record counts as
/// much as another whatever the length of its answer.
struct RecordShares {
  Tally tokens;  ///< of all records together
  std::int64_t num_records = 0;
  double sum_of_percents = 0.0;

  void add(const std::vector<bool>& answers);
  /// Mean over records; nothing if nothing was asked.
  [[nodiscard]] std::optional<double> percent() const;
};

/// "12.5 %", "–".
std::string percent_text(std::optional<double> percent);
/// "1 of 8 (12.5 %)", "0 of 0 (–)".
std::string share_text(const Tally& tally);
/// "12.5 % a record (1 of 10 tokens)", "– a record (0 of 0 tokens)".
std::string share_text(const RecordShares& shares);

}  // namespace lethe::worker::inline commands
