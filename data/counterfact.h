#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "data/edit_request.h"

namespace lethe::data {

/// Reads records of CounterFact's schema: a JSON list or JSON lines. Unknown keys are ignored; a missing or
/// mistyped key, a prompt without exactly one "{}", or a repeated case id throws `core::DataError` naming
/// file, entry and key.
std::vector<EditRequest> read_counterfact(const std::filesystem::path& path);

/// Sample orders {"0": [case ids], ...}. Throws `core::DataError`.
std::map<int, std::vector<std::int64_t>> read_samples(const std::filesystem::path& path);

/// Requests of an order's first `count` edits. Throws `core::DataError` for an unknown case id, too few ids,
/// or a repeated subject (compared in lower case): each names the sample and the case ids.
std::vector<EditRequest> select_requests(std::span<const EditRequest> records, const std::vector<std::int64_t>& order,
                                         std::int64_t count, int sample);

}  // namespace lethe::data
