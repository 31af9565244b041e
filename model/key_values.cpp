#include "model/key_values.h"

#include <functional>

namespace lethe::model {
namespace {

/// Applies `change` to the head-first form [G,b,P,E] of every layer that was run.
KeyValues changed(const KeyValues& source, const std::function<torch::Tensor(const torch::Tensor&)>& change) {
  KeyValues result;
  for (const auto& [from, to] : {std::pair{&source.keys, &result.keys}, {&source.values, &result.values}}) {
    for (const auto& tensor : *from) {
      to->push_back(tensor.defined() ? change(tensor.transpose(0, 1)).transpose(0, 1) : torch::Tensor());
    }
  }
  return result;
}

}  // namespace

KeyValues select_prefix(const KeyValues& source, const torch::Tensor& lengths_b, const torch::Tensor& rows_b) {
  const auto longest = lengths_b.numel() == 0 ? 0 : lengths_b.max().item<std::int64_t>();
  auto result = changed(source, [&](const torch::Tensor& tensor_GbPE) {
    const auto cut = tensor_GbPE.narrow(2, 0, longest);
    return rows_b.defined() ? cut.index_select(1, rows_b.to(cut.device())) : cut.contiguous();
  });
  result.lengths = lengths_b.to(source.lengths.device());
  return result;
}

KeyValues append(const KeyValues& source, const KeyValues& next) {
  const auto longest = source.lengths.max().item<std::int64_t>();
  KeyValues result;
  result.keys.resize(source.keys.size());
  result.values.resize(source.values.size());
  for (std::size_t layer = 0; layer < source.keys.size(); ++layer) {
    for (const auto& [old_values, new_values, target] :
         {std::tuple{&source.keys[layer], &next.keys[layer], &result.keys[layer]},
          {&source.values[layer], &next.values[layer], &result.values[layer]}}) {
      if (!old_values->defined()) continue;
      const auto old_GBPE = old_values->transpose(0, 1).narrow(2, 0, longest);
      const auto new_GBTE = new_values->transpose(0, 1);
      const auto num_new = new_GBTE.size(2);
      auto joined_GBSE = torch::constant_pad_nd(old_GBPE, {0, 0, 0, num_new});
      const auto position_BT = source.lengths.unsqueeze(1) + torch::arange(num_new, source.lengths.options());
      const auto index = position_BT.view({1, -1, num_new, 1}).expand_as(new_GBTE);
      *target = joined_GBSE.scatter(2, index, new_GBTE).transpose(0, 1);
    }
  }
  result.lengths = source.lengths + next.lengths;
  return result;
}

}  // namespace lethe::model
