#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "editing/edit_method.h"
#include "editing/panel_triangle.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::editing {

/// Sums k k^T of the MLP projections' inputs of several layers in one pass over token rows.
class SecondMomentAccumulator {
 public:
  SecondMomentAccumulator(const model::Network& network, std::vector<int> layers);

  /// Adds every real token of the rows.
  void add(const model::TokenRows& rows);
  /// Number of tokens seen.
  [[nodiscard]] std::int64_t count() const { return count_; }
  /// C = sum / count by layer; throws `core::DataError` if no token was seen.
  [[nodiscard]] std::map<int, SecondMoment> finish() const;
  /// The sums so far, by layer.
  [[nodiscard]] const std::map<int, PanelTriangle>& sums() const { return sums_; }

 private:
  const model::Network& network_;
  std::vector<int> layers_;
  std::map<int, PanelTriangle> sums_;
  std::int64_t count_ = 0;
};

/// C = sum / count. Throws `core::DataError` if `count` is 0.
SecondMoment second_moment_of(const PanelTriangle& sum, std::int64_t count);

/// Documents that the published data loader takes together; a longer list of documents may be packed in pieces of
/// this size with the same batches.
inline constexpr std::size_t kDocumentsPerGroup = 100;

struct PackedDocuments {
  std::vector<std::vector<std::vector<model::TokenId>>> batches;
  std::int64_t num_tokens_cut = 0;  ///< that stood beyond the longest row
};

/// Packs documents like the published code: truncated to `max_positions`, groups of 100 sorted by length, cut
/// into batches whose padded size stays within `batch_tokens`; an empty document is skipped.
PackedDocuments pack_documents(std::span<const std::string> documents, const model::Tokenizer& tokenizer,
                               std::int64_t max_positions, std::int64_t batch_tokens);

}  // namespace lethe::editing
