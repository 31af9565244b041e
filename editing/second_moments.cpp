#include "editing/second_moments.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "core/error.h"

namespace lethe::editing {
namespace {

using Row = std::vector<model::TokenId>;

/// Cuts rows, longest first, where the next one would make the padded batch exceed `batch_tokens`.
void append_batches(std::vector<Row> rows, std::int64_t batch_tokens, std::vector<std::vector<Row>>& batches) {
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.size() > b.size(); });
  std::vector<Row> batch;
  for (Row& row : rows) {
    const std::size_t width = batch.empty() ? row.size() : batch.front().size();
    if (!batch.empty() && static_cast<std::int64_t>(width * (batch.size() + 1)) > batch_tokens) {
      batches.push_back(std::exchange(batch, {}));
    }
    batch.push_back(std::move(row));
  }
  if (!batch.empty()) {
    batches.push_back(std::move(batch));
  }
}

}  // namespace

SecondMomentAccumulator::SecondMomentAccumulator(const model::Network& network, std::vector<int> layers)
    : network_(network), layers_(std::move(layers)) {
  const model::Architecture& architecture = network_.architecture();
  for (const int layer : layers_) {
    if (layer < 0 || layer >= architecture.num_layers) {
      throw core::ConfigError("second moments of layer " + std::to_string(layer) + ": the model has layers 0 to " +
                              std::to_string(architecture.num_layers - 1));
    }
    sums_.try_emplace(layer, architecture.inner_width, network_.device());
  }
}

void SecondMomentAccumulator::add(const model::TokenRows& rows) {
  if (layers_.empty() || rows.num_rows() == 0) {
    return;
  }
  const at::NoGradGuard no_grad;
  std::vector<model::Tap> taps;
  for (const int layer : layers_) {
    taps.push_back({.layer = layer, .site = model::Site::kProjectionInput, .positions_B = {}, .value = {}});
  }
  model::ForwardOptions options;
  options.last_layer = *std::max_element(layers_.begin(), layers_.end());
  options.taps = taps;
  static_cast<void>(network_.forward_layers(network_.embed(rows.ids_BT), options));

  const at::Tensor is_real_BT =
      at::arange(rows.ids_BT.size(1), rows.lengths_B.options()).unsqueeze(0).lt(rows.lengths_B.unsqueeze(1));
  const at::Tensor real_N = is_real_BT.flatten().nonzero().squeeze(1).to(network_.device());
  for (const model::Tap& tap : taps) {
    const at::Tensor keys_NF = tap.value.flatten(0, 1).index_select(0, real_N);
    // One batch in the network's precision, the running sum in fp64: thousands of batches lose no digits.
    sums_.at(tap.layer).add_product(keys_NF);
  }
  count_ += real_N.size(0);
}

std::map<int, SecondMoment> SecondMomentAccumulator::finish() const {
  std::map<int, SecondMoment> moments;
  for (const auto& [layer, sum] : sums_) moments[layer] = second_moment_of(sum, count_);
  return moments;
}

SecondMoment second_moment_of(const PanelTriangle& sum, std::int64_t count) {
  if (count <= 0) throw core::DataError("second moments: no token was seen; give a corpus with text in it");
  return {.moment_FF = sum.symmetric(1.0 / static_cast<double>(count)), .count = count, .factor = {}};
}

PackedDocuments pack_documents(std::span<const std::string> documents, const model::Tokenizer& tokenizer,
                               std::int64_t max_positions, std::int64_t batch_tokens) {
  if (max_positions < 1 || batch_tokens < 1) {
    throw core::ConfigError("second moments: batch_tokens and the model's positions must be positive");
  }
  const auto max_length = static_cast<std::size_t>(std::min(max_positions, batch_tokens));
  PackedDocuments packed;
  for (std::size_t begin = 0; begin < documents.size(); begin += kDocumentsPerGroup) {
    std::vector<Row> group;
    for (const std::string& document :
         documents.subspan(begin, std::min(kDocumentsPerGroup, documents.size() - begin))) {
      Row row = tokenizer.encode_prompt(document);
      packed.num_tokens_cut += std::max<std::int64_t>(0, std::ssize(row) - static_cast<std::int64_t>(max_length));
      row.resize(std::min(row.size(), max_length));
      if (!row.empty()) {
        group.push_back(std::move(row));
      }
    }
    append_batches(std::move(group), batch_tokens, packed.batches);
  }
  return packed;
}

}  // namespace lethe::editing
