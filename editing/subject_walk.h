#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "model/network.h"

// Legend: C context rows (row 0 is the bare prompt), T tokens up to the subjects' last ones, D width, F inner width.

namespace lethe::editing {

/// What MEMIT reads of a request at one edited layer.
struct SubjectReading {
  torch::Tensor keys_CF;   ///< projection inputs of the layer at the subject's last token
  torch::Tensor output_D;  ///< block output of the last edited layer there, of the bare prompt
};

/// A request's context rows on their way up through MEMIT's edited layers, whose weights change below them. Tokens
/// after the subject cannot reach it and are left out; no block below a changed one is run again.
class SubjectWalk {
 public:
  /// `inputs_CTD`: inputs of block `layer`; the subject's last token of row r stands at `subject_last[r]`.
  SubjectWalk(torch::Tensor inputs_CTD, std::vector<std::int64_t> subject_last, int layer);

  /// Goes up to `layer`, above the present one, with the weights of `network`, and reads there; the bare prompt alone
  /// goes on to `last_layer`.
  SubjectReading ascend(const model::Network& network, int layer, int last_layer);

 private:
  torch::Tensor inputs_CTD_;
  std::vector<std::int64_t> subject_last_;
  int layer_;
};

}  // namespace lethe::editing
