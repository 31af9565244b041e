#include "report/edits_csv.h"

#include <array>
#include <iterator>

#include <spdlog/fmt/fmt.h>

#include "core/score.h"
#include "report/cell_curves.h"
#include "report/csv_text.h"

namespace lethe::report {
namespace {

/// In the order of `core::PromptKind`.
constexpr const char* kKinds[] = {"rewrite", "paraphrase", "neighborhood"};

/// Mean NLLs of the prompts of a kind. A prompt without a finite one is not passed over: the mean is none then.
struct MeanNlls {
  double sum_new = 0.0;
  double sum_true = 0.0;
  double count = 0.0;

  void add(const core::PromptScore& score) {
    sum_new += score.nll_new;
    sum_true += score.nll_true;
    count += 1.0;
  }
};

std::array<MeanNlls, std::size(kKinds)> mean_nlls(std::span<const core::PromptScore> scores) {
  std::array<MeanNlls, std::size(kKinds)> means;
  for (const auto& score : scores) means.at(static_cast<std::size_t>(score.kind)).add(score);
  return means;
}

void append_values(const core::MetricRecord& record, const std::set<std::string>& diagnostics, std::string& text) {
  const auto append = [&](double value) { text += "," + csv_exact(value); };
  const core::EditScores scores = core::edit_scores(record.scores);
  for (const ScoreField& score : kScoreFields) append(100.0 * scores.*score.field);
  for (const MeanNlls& kind : mean_nlls(record.scores)) {
    append(kind.sum_new / kind.count);  // NaN of no prompts
    append(kind.sum_true / kind.count);
  }
  for (const std::string& name : diagnostics) {
    const auto found = record.diagnostics.find(name);
    append(found == record.diagnostics.end() ? kNone : found->second);
  }
}

}  // namespace

std::set<std::string> diagnostics_of(std::span<const CellHistory> cells) {
  std::set<std::string> names;
  for (const CellHistory& cell : cells) {
    for (const core::MetricRecord& record : cell.records) {
      for (const auto& [name, value] : record.diagnostics) names.insert(name);
    }
  }
  return names;
}

std::string edit_columns(const std::set<std::string>& diagnostics) {
  std::string text = "cell,method,model,sample,edit,case_id,status";
  for (const ScoreField& score : kScoreFields) text += fmt::format(",{}", score.name);
  for (const char* kind : kKinds) text += fmt::format(",nll_new.{0},nll_true.{0}", kind);
  for (const std::string& name : diagnostics) text += "," + csv_quoted(name);
  return text;
}

std::string edit_rows(std::span<const CellHistory> cells, const std::set<std::string>& diagnostics,
                      const std::string& before) {
  std::string text;
  for (const CellHistory& cell : cells) {
    const std::string begin = before + cell_fields(cell.cell);
    for (const core::MetricRecord& record : cell.records) {
      text += fmt::format("{},{},{},{}", begin, record.edit, record.case_id, status_field(record.status));
      append_values(record, diagnostics, text);
      text += "\n";
    }
  }
  return text;
}

}  // namespace lethe::report
