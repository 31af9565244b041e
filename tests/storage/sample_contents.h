#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "ledger/commit.h"
#include "storage/reduction.h"
#include "storage/second_moment_file.h"
#include "storage/segment.h"
#include "tests/support/temporary_folder.h"

// Small contents with every optional thing in them.

namespace lethe::storage::sample {

inline core::HostTensor matrix(std::int64_t rows, std::int64_t columns, float first) {
  core::HostTensor tensor{{rows, columns}, {}};
  for (std::int64_t i = 0; i < rows * columns; ++i) tensor.values.push_back(first + 0.125F * static_cast<float>(i));
  return tensor;
}

/// Values depend on the edit number alone, so that chains cut differently hold the same edits.
inline StoredEdit edit(std::int64_t number) {
  const auto x = static_cast<float>(number);
  StoredEdit stored;
  core::MetricRecord& record = stored.record;
  record.edit = number;
  record.case_id = 1000 + 7 * number;
  record.losses.assign(static_cast<std::size_t>(number % 4), 0.5F * x);
  record.diagnostics["delta_norm"] = 0.1 * static_cast<double>(number);
  record.seconds_edit = 0.25 * static_cast<double>(number);
  record.seconds_score = 0.5;
  record.scores = {{core::PromptKind::kRewrite, 0.1F * x, 2.0F, true, 1.5F},
                   {core::PromptKind::kParaphrase, 3.0F, 2.0F, false, -0.25F},
                   {core::PromptKind::kNeighborhood, 4.0F, 0.5F * x, true, 0.75F}};
  for (core::PromptScore& score : record.scores) {
    score.tokens_new.assign(1 + static_cast<std::size_t>(number % 3), {static_cast<std::int32_t>(number), x, 17});
    score.tokens_true = {{3, 0.25F * x, 3}, {5, -0.0F, static_cast<std::int32_t>(number)}};
  }
  if (number % 5 == 3) {  // a failed edit: no deltas, a diagnostic that is NaN, one score less
    record.status = core::EditStatus::kNonFinite;
    record.diagnostics["residual_norm"] = std::numeric_limits<double>::quiet_NaN();
    record.scores.pop_back();
    return stored;
  }
  // Applied in an order that is not the alphabet's, with ranks that differ.
  stored.deltas.push_back({"h.1.weight", matrix(3, 1, x), matrix(4, 1, -x)});
  stored.deltas.push_back({"h.0.weight", matrix(2, 1 + number % 2, x), matrix(5, 1 + number % 2, 2 * x)});
  return stored;
}

/// As a version that kept no tokens wrote it.
inline SegmentContents without_tokens(SegmentContents contents) {
  for (StoredEdit& edit : contents.edits) {
    for (core::PromptScore& score : edit.record.scores) score.tokens_new = score.tokens_true = {};
  }
  return contents;
}

inline SegmentContents segment(std::int64_t first, std::int64_t last) {
  SegmentContents contents;
  contents.cell = {"rome", "small-gpt2", 2};
  contents.edit_identity = "0123456789ab";
  if (first == 1) contents.contexts = {"{}", "Ünïcode — 漢字. {}", std::string("nul\0 at the end\0", 16), ""};
  for (std::int64_t i = first; i <= last; ++i) contents.edits.push_back(edit(i));
  for (const char* parameter : {"h.0.weight", "h.1.weight"}) {
    contents.fingerprint_before[parameter] = core::digest_of(parameter + std::to_string(first - 1));
    contents.fingerprint_after[parameter] = core::digest_of(parameter + std::to_string(last));
  }
  contents.provenance = {{"host", "node17"}, {"config", std::string(200'000, 'c')}, {"empty", ""}};
  return contents;
}

}  // namespace lethe::storage::sample
