#include "model/lower_states.h"

namespace lethe::model {

std::int64_t LowerStates::num_bytes() const {
  const auto bytes_of = [](const torch::Tensor& tensor) {
    return tensor.defined() ? tensor.numel() * static_cast<std::int64_t>(tensor.element_size()) : 0;
  };
  auto bytes = bytes_of(hidden_BTD);
  for (const auto& tensor : keys_values.keys) bytes += bytes_of(tensor);
  for (const auto& tensor : keys_values.values) bytes += bytes_of(tensor);
  return bytes;
}

int LowerStateCache::open(const Network& network) {
  if (max_bytes_ <= 0 || network.edited_parameters().empty()) return 0;
  const int num_blocks = network.first_edited_block();
  if (network.base() != base_ || num_blocks != num_blocks_) clear();
  base_ = network.base();
  num_blocks_ = num_blocks;
  return num_blocks;
}

const LowerStates* LowerStateCache::find(const std::string& key) const {
  const auto found = states_.find(key);
  return found == states_.end() ? nullptr : &found->second;
}

void LowerStateCache::keep(const std::string& key, const LowerStates& states) {
  const auto bytes = states.num_bytes();
  if (num_bytes_ + bytes > max_bytes_) return;
  if (states_.emplace(key, states).second) num_bytes_ += bytes;
}

void LowerStateCache::clear() {
  states_.clear();
  base_.reset();
  num_bytes_ = 0;
  num_blocks_ = 0;
}

KeyValues joined_blocks(const KeyValues& lower, const KeyValues& upper) {
  if (lower.empty()) return upper;
  if (upper.empty()) return lower;
  auto joined = upper;
  for (std::size_t block = 0; block < lower.keys.size(); ++block) {
    if (!lower.keys[block].defined()) continue;
    joined.keys[block] = lower.keys[block];
    joined.values[block] = lower.values[block];
  }
  return joined;
}

}  // namespace lethe::model
