#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "model/network.h"

// Legend: B rows, T tokens, D width.

namespace lethe::model {

/// What the lowest blocks make of rows of tokens: where a forward of the blocks above them begins.
struct LowerStates {
  torch::Tensor hidden_BTD;  ///< input of the first block that is left to run; undefined: nothing was run
  KeyValues keys_values;     ///< of the blocks below it, the rows' own positions

  [[nodiscard]] std::int64_t num_bytes() const;
};

/// Keeps `LowerStates` of rows that one model is asked again and again while it is edited: blocks below the lowest
/// edited one never change. Kept and computed states have the same bits, so results do not depend on the cache.
class LowerStateCache {
 public:
  /// Keeps at most `max_bytes`, on the network's device; 0: nothing.
  explicit LowerStateCache(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

  /// To be called before each use of a network. Returns the number of lowest blocks whose states are kept: all below
  /// the lowest edited one; 0 for a network without edits, because nobody asks it twice. What was kept of another
  /// model, or of another number of blocks, is let go.
  int open(const Network& network);
  /// Null: not kept. `key` names the rows; the same name must always mean the same rows.
  [[nodiscard]] const LowerStates* find(const std::string& key) const;
  /// Does nothing if the states do not fit.
  void keep(const std::string& key, const LowerStates& states);
  void clear();

  [[nodiscard]] std::int64_t num_bytes() const { return num_bytes_; }

 private:
  std::int64_t max_bytes_;
  std::int64_t num_bytes_ = 0;
  int num_blocks_ = 0;
  std::shared_ptr<const Weights> base_;
  std::map<std::string, LowerStates> states_;
};

/// Keys and values of both, which are of different blocks of the same rows and equally long.
KeyValues joined_blocks(const KeyValues& lower, const KeyValues& upper);

}  // namespace lethe::model
