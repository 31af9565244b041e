#include "report/records_at_hand.h"

#include "core/error.h"
#include "data/counterfact.h"
#include "data/order_digest.h"

namespace lethe::report {

RecordsAtHand::RecordsAtHand(const core::DatasetConfig& dataset) : records_(data::read_records(dataset)) {
  try {
    const auto requests = data::requests_by_case(records_);
    for (const auto& [sample, order] : data::orders_of(dataset, records_)) {
      digests_[sample] = data::order_digest(requests, order);
    }
  } catch (const core::DataError&) {
    digests_.clear();
  }
}

std::optional<bool> RecordsAtHand::are_those_of(const CellHistory& history) const {
  const auto digest = digests_.find(history.cell.sample);
  if (history.requests.empty() || digest == digests_.end()) return std::nullopt;
  return digest->second == history.requests;
}

}  // namespace lethe::report
