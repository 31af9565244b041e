#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/requests_by_case.h"

namespace lethe::data {

/// Digest of a whole sample order and of all that edits and their scores read of its records, hexadecimal: `requests`
/// of the edit identity. Of the whole order, so that more edits continue. Case ids without a record count by
/// themselves. O(order).
std::string order_digest(const RequestsByCase& requests, std::span<const std::int64_t> order);

/// Digest of the prompts that texts are written behind, for the first `facts` of the order, hexadecimal. No edit reads
/// them, so they are part of the texts' identity alone. Case ids without a record count for nothing. O(facts).
std::string text_prompts_digest(const RequestsByCase& requests, std::span<const std::int64_t> order,
                                std::int64_t facts);

}  // namespace lethe::data
