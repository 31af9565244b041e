#pragma once

#include <map>
#include <memory>
#include <vector>

#include "editing/alphaedit/alphaedit_config.h"
#include "editing/key_history.h"
#include "editing/memit/spread.h"
#include "editing/null_space.h"

// Legend: N requests of a step, F inner width.

namespace lethe::editing {

/// The projectors of a model's layers, by layer: what `kProjectorKind` holds.
using NullSpaces = std::map<int, NullSpace>;

/// A spread that holds the keys of earlier edits in place: A = (B + S + K K^T)^-1 K, S the sum of k k^T over all keys
/// used before (editing/key_history.h). The history is a `KeyHistory` for each edited layer; a step's increment holds
/// its keys, keys.layer_<l> [N,F] as they are, before any projection.
class KeyedSpreadMethod : public SpreadMethod {
 public:
  [[nodiscard]] std::unique_ptr<History> begin() const final;
  void fold(History& history, const Increment& increment) const final;

 protected:
  using SpreadMethod::SpreadMethod;

  /// The history of the edited layer with that index, without keys.
  [[nodiscard]] virtual KeyHistory empty_history(std::size_t index) const = 0;
  /// Keys [F,N] as they enter it.
  [[nodiscard]] virtual torch::Tensor entered(std::size_t index, const torch::Tensor& keys_FN) const = 0;

 private:
  [[nodiscard]] torch::Tensor solve(const History* history, std::size_t index,
                                    const torch::Tensor& keys_FN) const final;
  [[nodiscard]] Increment increment_of(const std::vector<torch::Tensor>& keys_FN) const final;
};

/// AlphaEdit (Fang et al. 2025, eq. 14): B = l2 I on keys projected by P. The published X = solve(P (K K^T + S) + l2 I,
/// P K R^T) is A R^T: X lies in P's range, where the two systems are one.
class AlphaEditMethod final : public KeyedSpreadMethod {
 public:
  /// Throws as `SpreadMethod`, and `core::DataError` for a projector that is missing or of another width.
  AlphaEditMethod(const AlphaEditConfig& config, const MethodInputs& inputs);

 private:
  [[nodiscard]] KeyHistory empty_history(std::size_t index) const override;
  [[nodiscard]] torch::Tensor entered(std::size_t index, const torch::Tensor& keys_FN) const override;

  double l2_;
  std::shared_ptr<const NullSpaces> null_spaces_;
};

/// MEMIT with the cache of earlier keys: B = lambda C.
class MemitSeqMethod final : public KeyedSpreadMethod {
 public:
  /// Throws as `MemitMethod`.
  MemitSeqMethod(const MemitSeqConfig& config, const MethodInputs& inputs);

 private:
  [[nodiscard]] KeyHistory empty_history(std::size_t index) const override;
  [[nodiscard]] torch::Tensor entered(std::size_t index, const torch::Tensor& keys_FN) const override;

  double weight_;
  std::vector<std::shared_ptr<const MomentFactor>> factors_;  ///< by index of the edited layer
};

}  // namespace lethe::editing
