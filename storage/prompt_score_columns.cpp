#include "storage/prompt_score_columns.h"

namespace lethe::storage::hdf5 {
namespace {

template <typename T, typename Field>
void write_column(const WriteGroup& group, const char* name, std::span<const core::PromptScore> scores, Field field) {
  std::vector<T> column;
  column.reserve(scores.size());
  for (const core::PromptScore& score : scores) column.push_back(static_cast<T>(field(score)));
  group.dataset(std::string(name), column);
}

using Tokens = std::vector<core::TargetToken> core::PromptScore::*;

void write_tokens(const WriteGroup& scores_group, const char* name, std::span<const core::PromptScore> scores,
                  Tokens tokens_of) {
  std::vector<std::int32_t> ids;
  std::vector<float> nlls;
  std::vector<std::int32_t> argmaxes;
  std::vector<std::int64_t> offsets{0};
  for (const core::PromptScore& score : scores) {
    for (const core::TargetToken& token : score.*tokens_of) {
      ids.push_back(token.id);
      nlls.push_back(token.nll);
      argmaxes.push_back(token.argmax);
    }
    offsets.push_back(static_cast<std::int64_t>(ids.size()));
  }
  if (ids.empty()) return;
  const WriteGroup group = scores_group.create_group(name);
  group.dataset("id", ids);
  group.dataset("nll", nlls);
  group.dataset("argmax", argmaxes);
  group.dataset("offsets", offsets);
}

void read_tokens(const ReadGroup& scores_group, const char* name, std::vector<core::PromptScore>& scores,
                 Tokens tokens_of) {
  if (!scores_group.has(name)) return;
  const ReadGroup group = scores_group.group(name);
  const auto ids = group.vector<std::int32_t>("id");
  const auto size = static_cast<std::int64_t>(ids.size());
  const auto nlls = group.vector<float>("nll", size);
  const auto argmaxes = group.vector<std::int32_t>("argmax", size);
  const auto offsets = group.offsets("offsets", static_cast<std::int64_t>(scores.size()), size);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    auto& tokens = scores[i].*tokens_of;
    for (auto t = static_cast<std::size_t>(offsets[i]); t < static_cast<std::size_t>(offsets[i + 1]); ++t) {
      tokens.push_back({ids[t], nlls[t], argmaxes[t]});
    }
  }
}

}  // namespace

void write_scores(const WriteGroup& group, std::span<const core::PromptScore> scores) {
  using core::PromptScore;
  write_column<std::uint8_t>(group, "kind", scores, [](const PromptScore& s) { return static_cast<int>(s.kind); });
  write_column<float>(group, "nll_new", scores, [](const PromptScore& s) { return s.nll_new; });
  write_column<float>(group, "nll_true", scores, [](const PromptScore& s) { return s.nll_true; });
  write_column<std::uint8_t>(group, "is_correct", scores, [](const PromptScore& s) { return s.is_correct ? 1 : 0; });
  write_column<float>(group, "margin", scores, [](const PromptScore& s) { return s.margin; });
  write_tokens(group, kTokenGroups[0], scores, &PromptScore::tokens_new);
  write_tokens(group, kTokenGroups[1], scores, &PromptScore::tokens_true);
}

std::vector<core::PromptScore> read_scores(const ReadGroup& group, std::optional<std::int64_t> num_rows) {
  const auto kinds = group.vector<std::uint8_t>("kind", num_rows);
  const auto size = static_cast<std::int64_t>(kinds.size());
  const auto nll_new = group.vector<float>("nll_new", size);
  const auto nll_true = group.vector<float>("nll_true", size);
  const auto is_correct = group.vector<std::uint8_t>("is_correct", size);
  const auto margin = group.vector<float>("margin", size);
  std::vector<core::PromptScore> scores;
  scores.reserve(kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] > static_cast<std::uint8_t>(core::PromptKind::kNeighborhood)) group.fail_at("kind", "is out of range");
    if (is_correct[i] > 1) group.fail_at("is_correct", "is neither 0 nor 1");
    scores.push_back(
        {static_cast<core::PromptKind>(kinds[i]), nll_new[i], nll_true[i], is_correct[i] == 1, margin[i], {}, {}});
  }
  read_tokens(group, kTokenGroups[0], scores, &core::PromptScore::tokens_new);
  read_tokens(group, kTokenGroups[1], scores, &core::PromptScore::tokens_true);
  return scores;
}

}  // namespace lethe::storage::hdf5
