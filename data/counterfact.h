#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "data/edit_request.h"

namespace lethe::data {

/// Reads records of CounterFact's schema: a JSON list or JSON lines. Unknown keys are ignored; a missing or
/// mistyped key, a prompt without exactly one "{}", a paraphrase, neighborhood or generation prompt with one, a
/// prompt, subject or target with a blank at an end (a target may have one in front), or a repeated case id throws
/// `core::DataError` naming file, entry and key.
std::vector<EditRequest> read_counterfact(const std::filesystem::path& path);

/// Reads MEND's zsRE files, a JSON list or JSON lines of {subject, src, rephrase, answers, loc, loc_ans}, as the
/// published reader does (algorithms 7): the question is the prompt, the first answer the target, the rephrased
/// question the paraphrase, "nq question: ...?" the neighbour with an answer of its own; a record's place is its case
/// id. `completions` ({question, text_completion_prompt}) gives records a completion form by their question. Throws
/// `core::DataError` with all problems.
std::vector<EditRequest> read_zsre(const std::filesystem::path& path, const std::filesystem::path& completions = {});

/// The records of a config's dataset, and its sample orders. Throw `core::DataError`.
std::vector<EditRequest> read_records(const core::DatasetConfig& dataset);
std::map<int, std::vector<std::int64_t>> orders_of(const core::DatasetConfig& dataset,
                                                   std::span<const EditRequest> records);

/// Records of the published CounterFact file, which the paper's orders are made of.
inline constexpr std::int64_t kNumPublishedRecords = 21'919;

/// The paper's sample orders, made from the records as its script does (algorithms 9): of each subject, compared in
/// lower case, the first record; shuffled again and again by CPython's `random.shuffle`, seeded once.
std::map<int, std::vector<std::int64_t>> published_orders(std::span<const EditRequest> records, int num_orders = 10,
                                                          std::uint32_t seed = 37);

/// Sample orders {"0": [case ids], ...}. Throws `core::DataError`.
std::map<int, std::vector<std::int64_t>> read_samples(const std::filesystem::path& path);

/// Requests of an order's first `count` edits. Throws `core::DataError` for an unknown case id, too few ids, more ids
/// than there are records, or a repeated subject (compared in lower case): each names the sample and the case ids.
std::vector<EditRequest> select_requests(std::span<const EditRequest> records, const std::vector<std::int64_t>& order,
                                         std::int64_t count, int sample);

}  // namespace lethe::data
