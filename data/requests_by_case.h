#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "data/edit_request.h"

namespace lethe::data {

using RequestsByCase = std::unordered_map<std::int64_t, const EditRequest*>;

/// The records by case id, of equal ones the first; into `records`, which must outlive it.
inline RequestsByCase requests_by_case(std::span<const EditRequest> records) {
  RequestsByCase by_case;
  by_case.reserve(records.size());
  for (const EditRequest& record : records) by_case.emplace(record.case_id, &record);
  return by_case;
}

}  // namespace lethe::data
