#include "report/edits_csv.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;
using core::PromptKind;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

constexpr float kInfinite = std::numeric_limits<float>::infinity();

/// Edit 3 of one cell: a rewrite that succeeds, one of two paraphrases, three of four neighbours.
CellHistory edited_cell(const std::string& method, const std::map<std::string, double>& diagnostics) {
  core::MetricRecord record;
  record.edit = 3;
  record.case_id = 7401;
  record.diagnostics = diagnostics;
  record.scores = {{PromptKind::kRewrite, 0.25F, 2.0F, true, 0.0F},
                   {PromptKind::kParaphrase, 1.0F, 1.5F, true, 0.0F},
                   {PromptKind::kParaphrase, 4.0F, 0.5F, false, 0.0F}};
  for (int i = 0; i < 4; ++i) {
    record.scores.push_back({PromptKind::kNeighborhood, 3.0F, i == 0 ? 7.0F : 1.0F, i > 1, 0.0F});
  }
  CellHistory history;
  history.cell = {method, "m", 2};
  history.records = {record};
  return history;
}

std::string rows_of(const std::vector<CellHistory>& cells) { return edit_rows(cells, diagnostics_of(cells)); }

TEST(EditsCsv, ARowHasTheScoresTheMeanNllsAndTheDiagnosticsOfAnEdit) {
  const std::vector cells{edited_cell("rome", {{"k0_dot_u", -0.5}, {"delta_norm", 1.0 / 3.0}})};
  EXPECT_EQ(edit_columns(diagnostics_of(cells)),
            "cell,method,model,sample,edit,case_id,status,efficacy,paraphrase,neighborhood,efficacy_accuracy,"
            "paraphrase_accuracy,neighborhood_accuracy,efficacy_token_accuracy,paraphrase_token_accuracy,"
            "neighborhood_token_accuracy,nll_new.rewrite,nll_true.rewrite,nll_new.paraphrase,nll_true.paraphrase,"
            "nll_new.neighborhood,nll_true.neighborhood,delta_norm,k0_dot_u");
  EXPECT_EQ(
      rows_of(cells),
      "rome/m/sample2,rome,m,2,3,7401,applied,100,50,75,100,50,50,,,,0.25,2,2.5,1,3,2.5,0.3333333333333333,-0.5\n")
      << "tokens were not kept";
}

TEST(EditsCsv, AnEditWithoutParaphrasesHasEmptyFields) {
  auto cell = edited_cell("rome", {{"delta_norm", 2.0}});
  std::erase_if(cell.records[0].scores, [](const auto& score) { return score.kind == PromptKind::kParaphrase; });
  EXPECT_EQ(rows_of({cell}), "rome/m/sample2,rome,m,2,3,7401,applied,100,,75,100,,50,,,,0.25,2,,,3,2.5,2\n");
}

TEST(EditsCsv, ColumnsAreThoseOfAllCellsInOneOrder) {
  const std::vector cells{edited_cell("rome", {{"value_norm", 4.0}, {"delta_norm", 1.0}}),
                          edited_cell("ft-c", {{"delta_norm", 2.0}, {"delta_max", 0.5}, {"a,b", 7.0}})};
  EXPECT_THAT(diagnostics_of(cells), ElementsAre("a,b", "delta_max", "delta_norm", "value_norm"));
  EXPECT_THAT(edit_columns(diagnostics_of(cells)),
              EndsWith(",nll_true.neighborhood,\"a,b\",delta_max,delta_norm,value_norm"));
  EXPECT_THAT(rows_of(cells), HasSubstr(",2.5,,,1,4\nft-c/m/sample2,ft-c,m,2,3,"));
  EXPECT_THAT(rows_of(cells), EndsWith(",2.5,7,0.5,2,\n"));
}

TEST(EditsCsv, WhatIsNoNumberIsAnEmptyFieldAndAFailure) {
  auto cell = edited_cell("rome", {{"delta_norm", std::numeric_limits<double>::quiet_NaN()}, {"kl", 1.0}});
  cell.records[0].status = core::EditStatus::kNonFinite;
  cell.records[0].scores[0].nll_new = std::numeric_limits<float>::quiet_NaN();
  cell.records[0].scores[1].nll_true = kInfinite;
  EXPECT_EQ(rows_of({cell}), "rome/m/sample2,rome,m,2,3,7401,non-finite,0,50,75,100,50,50,,,,,2,2.5,,3,2.5,,1\n");
}

TEST(EditsCsv, EachRowStandsBehindWhatItIsGiven) {
  EXPECT_THAT(edit_rows(std::vector{edited_cell("rome", {})}, {}, "\"seed, 41\","),
              testing::StartsWith("\"seed, 41\",rome/m/sample2,rome,m,2,3,7401,applied,"));
  EXPECT_EQ(rows_of({CellHistory()}), "") << "a cell that nobody has begun";
}

/// Fields of a line; no field of these tests holds a comma.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == ',') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

/// `column` of a row by its name; nullopt where the field is empty.
class EditRows {
 public:
  explicit EditRows(const fs::path& path) {
    std::istringstream text(test::read_text(path));
    std::string line;
    std::getline(text, line);
    names_ = fields_of(line);
    while (std::getline(text, line)) rows_.push_back(fields_of(line));
  }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::string field(std::size_t row, const std::string& column) const {
    const auto found = std::ranges::find(names_, column);
    if (found == names_.end()) throw std::runtime_error("no column " + column);
    return rows_.at(row).at(static_cast<std::size_t>(found - names_.begin()));
  }
  [[nodiscard]] std::optional<double> value(std::size_t row, const std::string& column) const {
    const auto text = field(row, column);
    return text.empty() ? std::nullopt : std::optional(std::stod(text));
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> rows_;
};

/// The stored edits of a cell, read from its segments alone.
std::vector<core::MetricRecord> stored_edits(const fs::path& cell) {
  std::map<std::int64_t, core::MetricRecord> edits;
  for (const auto& file : ledger::committed_files(cell)) {
    if (!file.stem.starts_with("segment-")) continue;
    for (auto& edit : storage::read_segment(file.path).edits) edits[edit.record.edit] = std::move(edit.record);
  }
  std::vector<core::MetricRecord> records;
  for (auto& [edit, record] : edits) records.push_back(std::move(record));
  return records;
}

/// Share of wins in percent and mean NLLs of the prompts of a kind, summed here anew.
void expect_prompts(const EditRows& rows, std::size_t row, const core::MetricRecord& record, PromptKind kind,
                    const std::pair<std::string, std::string>& names) {
  double wins = 0.0;
  double nll_new = 0.0;
  double nll_true = 0.0;
  double count = 0.0;
  for (const auto& score : record.scores) {
    if (score.kind != kind) continue;
    const double lead = double{score.nll_true} - double{score.nll_new};
    wins += (kind == PromptKind::kNeighborhood ? -lead : lead) > 0.0 ? 1.0 : 0.0;
    nll_new += score.nll_new;
    nll_true += score.nll_true;
    count += 1.0;
  }
  ASSERT_GT(count, 0.0);
  EXPECT_DOUBLE_EQ(rows.value(row, names.first).value(), 100.0 * wins / count);
  EXPECT_DOUBLE_EQ(rows.value(row, "nll_new." + names.second).value(), nll_new / count);
  EXPECT_DOUBLE_EQ(rows.value(row, "nll_true." + names.second).value(), nll_true / count);
}

/// A sweep at work: 60 edits of one sample, 20 of another, none of the third.
class EditsReport : public testing::Test {
 protected:
  EditsReport() {
    fake::write_experiment(folder_, config_);
    ledger::replace_text(folder_.inspection(), core::to_json(fake::inspection(config_)));
    fake::commit_cell(folder_, config_, config_.cells[0], {}, 60);
    fake::commit_cell(folder_, config_, config_.cells[1], {}, 20);
  }
  [[nodiscard]] fs::path cell(std::size_t index) const {
    return folder_.cell(config_.cells[index], fake::kEditIdentity);
  }
  [[nodiscard]] EditRows report() const {
    (void)write_report(sweep_.path(), editing::catalogue(), {false, {}});
    return EditRows(folder_.report() / "edits.csv");
  }

  test::TemporaryFolder sweep_;
  ledger::SweepFolder folder_{sweep_.path()};
  core::ExperimentConfig config_ = fake::experiment({"rome"}, {"tiny"}, 3, 60);
};

TEST_F(EditsReport, HoldsWhatTheSegmentsHoldAsFarAsTheyGo) {
  const EditRows rows = report();
  ASSERT_EQ(rows.size(), 80U) << "nothing of the sample that is not begun";
  std::size_t row = 0;
  for (const std::size_t index : {0U, 1U}) {
    for (const core::MetricRecord& record : stored_edits(cell(index))) {
      EXPECT_EQ(rows.field(row, "cell"), config_.cells[index].name());
      EXPECT_EQ(rows.value(row, "edit"), static_cast<double>(record.edit));
      EXPECT_EQ(rows.value(row, "case_id"), static_cast<double>(record.case_id));
      EXPECT_EQ(rows.field(row, "status"), record.edit % 47 == 0 ? "non-finite" : "applied");
      EXPECT_EQ(rows.value(row, "delta_norm"), record.diagnostics.at("delta_norm"));
      expect_prompts(rows, row, record, PromptKind::kRewrite, {"efficacy", "rewrite"});
      expect_prompts(rows, row, record, PromptKind::kParaphrase, {"paraphrase", "paraphrase"});
      expect_prompts(rows, row, record, PromptKind::kNeighborhood, {"neighborhood", "neighborhood"});
      ++row;
    }
  }
  EXPECT_EQ(row, 80U);
}

TEST_F(EditsReport, LeavesOutWhatIsDamagedAndWhatTheExperimentDoesNotAskFor) {
  const auto segment = ledger::find_committed(cell(1), ledger::segment_stem(11, 20));
  ASSERT_TRUE(segment);
  std::ofstream(segment->path, std::ios::app) << "damage";
  fs::copy(cell(0), folder_.cell(config_.cells[0], "cccccccccccc"));
  for (auto& [cell, edits] : config_.edits) edits = 30;
  fake::write_experiment(folder_, config_);
  const EditRows rows = report();
  ASSERT_EQ(rows.size(), 40U) << "30 of the one, 10 of the other";
  EXPECT_EQ(rows.field(29, "edit"), "30");
  EXPECT_EQ(rows.field(39, "edit"), "10");
}

}  // namespace
}  // namespace lethe::report
