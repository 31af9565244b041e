#include "report/consistency.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "data/counterfact.h"
#include "data/order_digest.h"
#include "report/comparison_report.h"
#include "report/report.h"
#include "storage/report_file.h"
#include "tests/data/golden_references.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::ThrowsMessage;

data::EditRequest record_about(std::int64_t case_id, const std::string& relation, const std::string& target) {
  data::EditRequest record;
  record.case_id = case_id;
  record.prompt = "{} is in";
  record.subject = "Tamfas";
  record.relation_id = relation;
  record.target_new_id = target;
  record.generation_prompts = {"The town"};
  return record;
}

TEST(References, ScoresAreThoseOfScikitLearn) {
  const auto expected = data::golden_expectations().at("scores");
  const ReferenceFiles files(data::kGoldenReferences);
  std::int64_t case_id = 0;
  for (const auto& one : expected) {
    const std::vector records{
        record_about(++case_id, one.at("relation_id").get<std::string>(), one.at("target_id").get<std::string>())};
    const References references(files, records, {{case_id, {"The town"}}});
    EXPECT_NEAR(references.score(case_id, one.at("texts").get<std::vector<std::string>>()),
                100.0 * one.at("published").get<double>(), 1e-10)
        << one.at("texts");
  }
}

/// The published program normalises what was written, and not the references.
TEST(References, TextsAreNormalisedAsPublished) {
  const ReferenceFiles files(data::kGoldenReferences);
  const References references(files, std::vector{record_about(1, "P17", "Q2")}, {{1, {"The town"}}});
  const auto score = [&](const std::string& text) { return references.score(1, std::vector{text}); };
  EXPECT_EQ(score("\u00e9cole"), 0.0) << "E, a mark, which is no word character, and \"cole\"";
  EXPECT_GT(score("Kelda"), 10.0);
  EXPECT_EQ(score("Kelda<|endoftext|>"), score("Kelda"));
  EXPECT_EQ(score("\uff2belda \xFF"), score("Kelda")) << "a wide letter, and what is no UTF-8";
}

TEST(References, AccountsForEveryFactThatHasNone) {
  auto other = record_about(5, "P17", "Q1");
  other.generation_prompts = {"Near the town"};
  auto without_prompts = record_about(7, "P17", "Q1");
  without_prompts.generation_prompts.clear();
  const std::vector records{record_about(1, "P17", "Q1"),
                            record_about(2, "", "Q1"),
                            record_about(3, "P17", ""),
                            record_about(4, "P9", "Q1"),
                            other,
                            record_about(6, "P37", "Q4"),
                            without_prompts,
                            record_about(99, "P17", "Q1")};
  TextPrompts asked;
  for (std::int64_t case_id : {1, 2, 3, 4, 5, 6, 8}) asked[case_id] = {"The town"};
  asked[7] = {"Tamfas is in"};
  const ReferenceFiles files(data::kGoldenReferences);
  const References references(files, records, asked);
  EXPECT_THAT(references.account(), AllOf(HasSubstr("of 8 facts with texts 2 have references in "),
                                          HasSubstr("; the others: 1 not among the records"),
                                          HasSubstr("2 whose records name no relation_id or no target_new.id"),
                                          HasSubstr("2 without a snippet"), HasSubstr("1 with other prompts")));
  EXPECT_TRUE(references.has(1));
  EXPECT_TRUE(references.has(7)) << "asked its edit's prompt";
  EXPECT_TRUE(std::isnan(references.score(6, std::vector<std::string>{"a"})));
  EXPECT_EQ(files.digests.size(), 3U);
}

TEST(Consistency, IsTheMeanOverFactsOfAllTheirTextsJoined) {
  const core::WrittenTexts zzz{{{}, " zzz"}, {{}, " zzz"}, 0.0F};
  const core::WrittenTexts river{{{}, " of the river"}, {{}, " of Belmar"}, 0.0F};
  const std::vector<core::TextsRecord> texts{{1, 1, "The town", river, zzz},
                                             {1, 1, "River", river, zzz},
                                             {2, 2, "The town", zzz, zzz},
                                             {3, 3, "a", river, river},
                                             {4, 4, "The town of the river", {}, {}}};
  const ReferenceFiles files(data::kGoldenReferences);
  const References references(
      files, std::vector{record_about(1, "P17", "Q1"), record_about(2, "P17", "Q1"), record_about(4, "P17", "Q1")},
      {{1, {"The town"}}, {2, {"The town"}}, {3, {"a"}}, {4, {"The town"}}});
  TextsPoint point;
  add_consistency(point, texts, references);
  const auto score = [&](std::vector<std::string> all) { return references.score(1, all); };
  EXPECT_EQ(point.edited.greedy_consistency,
            (score({"The town of the river", "River of the river"}) + score({"The town zzz"})) / 2.0);
  EXPECT_EQ(point.edited.sampled_consistency,
            (score({"The town of Belmar", "River of Belmar"}) + score({"The town zzz"})) / 2.0);
  EXPECT_EQ(point.unedited.greedy_consistency, (score({"The town zzz", "River zzz"}) + score({"The town zzz"})) / 2.0);
  ASSERT_TRUE(point.compared);
  EXPECT_THAT(point.compared->case_ids, ElementsAre(1, 2)) << "of the fourth nothing was written";
  EXPECT_EQ(point.compared->num_facts, 3);
}

/// Two cells whose texts have broken down after 60 edits, of facts whose records are there.
class ConsistencyReport : public testing::Test {
 protected:
  ConsistencyReport() {
    config_.texts_every.reset();
    config_.texts_facts = 3;
    config_.dataset.records = write_records({"Q1", "Q1", ""});
    fill("a");
    root_.write("references/attribute_snippets.json",
                R"([{"relation_id": "P1", "target_id": "Q1", "samples": [{"text": "River"}, {"text": "town"}]}])");
    root_.write("references/tfidf_vocab.json", R"({"town": 0, "river": 1, "old": 2, "is": 3})");
    write_idf({1.0, 2.0, 3.0, 1.0});
  }
  fs::path write_records(const std::vector<std::string>& targets) {
    auto records = nlohmann::json::array();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      records.push_back({{"case_id", 5001 + i},
                         {"requested_rewrite",
                          {{"prompt", "{} is in"},
                           {"relation_id", "P1"},
                           {"subject", "Tamfas"},
                           {"target_new", {{"str", "Rome"}, {"id", targets[i]}}},
                           {"target_true", {{"str", "Lima"}}}}},
                         {"generation_prompts", {"The town", "Near the town", "The town"}}});
    }
    return root_.write("records.json", records.dump());
  }
  void write_idf(const std::vector<double>& idf) const {
    const std::string header =
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + std::to_string(idf.size()) + ",), }\n";
    root_.write("references/idf.npy", std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(header.size()) + '\0' +
                                          header +
                                          std::string(reinterpret_cast<const char*>(idf.data()), idf.size() * 8));
  }
  void fill(const std::string& name) const {
    const ledger::SweepFolder folder(root_ / name);
    fake::write_experiment(folder, config_);
    ledger::replace_text(folder.inspection(), core::to_json(fake::inspection(config_)));
    fake::commit_baseline(folder, config_, "tiny");
    for (const auto& cell : config_.cells) fake::commit_cell(folder, config_, cell, {.collapse = 30}, 60);
  }
  [[nodiscard]] ReportOptions options(const std::string& references) const {
    ReportOptions options{false, {}};
    if (!references.empty()) options.references = root_ / references;
    return options;
  }
  [[nodiscard]] ReportResult write(const std::string& references = "references") const {
    return write_report(root_ / "a", editing::catalogue(), options(references));
  }
  [[nodiscard]] std::string text(const std::string& name) const { return test::read_text(root_ / "a/report" / name); }

  core::ExperimentConfig config_ = fake::experiment({"rome"}, {"tiny"}, 2, 60);
  test::TemporaryFolder root_;
};

TEST_F(ConsistencyReport, CurvesAndTablesHaveItBesideFluency) {
  const auto result = write();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(
      result.remarks.notes,
      ElementsAre(AllOf(HasSubstr("of 3 facts with texts 2 have references in " + (root_ / "references").string()),
                        HasSubstr("1 whose records name no relation_id or no target_new.id"))));
  // Of the river and the town (1, 2, 0, 0): "The town is is is is is Near the town is is is is is" is (2, 0, 0, 10),
  // greedily with seven "is" each; the unedited model's texts are (2, 0, 0, 0) and (2, 4, 6, 4).
  const auto curves = storage::read_report_file(root_ / "a/report/curves.h5");
  const auto last = [&](const std::string& metric) {
    const auto found = std::ranges::find(curves.curves, metric, &storage::Curve::metric);
    return found == curves.curves.end() ? -1.0 : found->values.back();
  };
  EXPECT_NEAR(last("consistency.sampled"), 100.0 * 2.0 / std::sqrt(104.0 * 5.0), 1e-9);
  EXPECT_NEAR(last("consistency.greedy"), 100.0 * 2.0 / std::sqrt(200.0 * 5.0), 1e-9);
  EXPECT_NEAR(last("consistency.sampled.unedited"), 100.0 / std::sqrt(5.0), 1e-9);
  EXPECT_NEAR(last("consistency.greedy.unedited"), 100.0 * 10.0 / std::sqrt(72.0 * 5.0), 1e-9);
  EXPECT_EQ(last("consistency.facts"), 2.0);
  EXPECT_EQ(curves.provenance.at("references.idf.npy"), core::digest_of_file(root_ / "references/idf.npy").hex());
  EXPECT_THAT(text("summary.md"), AllOf(HasSubstr("| consistency, sampled | consistency, greedy | facts compared |\n"),
                                        HasSubstr("8.8 (44.7) |"), HasSubstr(" 2 of 3 |")));
  EXPECT_THAT(text("curves.csv"), HasSubstr("\nrome/tiny/sample1,rome,tiny,1,consistency.sampled,60,8.77"));
}

TEST_F(ConsistencyReport, WithoutReferencesNothingOfItIsThere) {
  const auto bytes = [&] {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(root_ / "a/report")) {
      if (entry.is_regular_file() && entry.path().extension() != ".h5") {
        all[entry.path().filename()] = test::read_text(entry.path());
      }
    }
    return all;
  };
  EXPECT_THAT(write("").remarks.notes, IsEmpty());
  const auto before = bytes();
  ASSERT_GE(before.size(), 6U);
  for (const auto& [name, content] : before) EXPECT_THAT(content, Not(HasSubstr("onsistency"))) << name;
  (void)write();
  EXPECT_NE(bytes(), before);
  (void)write("");
  EXPECT_EQ(bytes(), before);
}

TEST_F(ConsistencyReport, WithoutItsRecordsItIsLeftOut) {
  fs::remove(config_.dataset.records);
  EXPECT_THAT(write().remarks.left_out,
              Contains(AllOf(HasSubstr("consistency is left out"), HasSubstr("records.json"))));
  EXPECT_THAT(text("curves.csv"), AllOf(Not(HasSubstr("consistency")), HasSubstr("fluency.sampled")));
}

/// The prompts, by which facts without a digest are compared, are the same; the targets are not.
TEST_F(ConsistencyReport, OfOtherRecordsThanWereEditedItIsLeftOut) {
  config_.dataset.samples = root_.write("samples.json", R"({"0": [5001, 5002, 5003], "1": [5003, 5002, 5001]})");
  fs::remove_all(root_ / "a");
  fill("a");
  auto inspection = fake::inspection(config_);
  const auto records = data::read_records(config_.dataset);
  for (auto& cell : inspection.cells) {
    const auto order = data::read_samples(config_.dataset.samples).at(cell.cell.sample);
    cell.edit_identity_fields["requests"] = data::order_digest(data::requests_by_case(records), order);
  }
  ledger::replace_text(ledger::SweepFolder(root_ / "a").inspection(), core::to_json(inspection));
  EXPECT_THAT(write().remarks.left_out, IsEmpty());
  EXPECT_THAT(text("curves.csv"), HasSubstr("sample1,rome,tiny,1,consistency.sampled,60,8.77"));

  root_.write("samples.json", R"({"0": [5001, 5002, 5003], "1": [5001, 5002, 5003]})");
  EXPECT_THAT(write().remarks.left_out, ElementsAre(AllOf(HasSubstr("rome/tiny/sample1: consistency is left out"),
                                                          HasSubstr("another one now"))));
  EXPECT_THAT(text("curves.csv"),
              AllOf(HasSubstr("tiny,0,consistency.sampled,60,8.77"), Not(HasSubstr("tiny,1,consistency.sampled"))));
}

TEST_F(ConsistencyReport, WithoutAFactThatHasReferencesItIsNoNumber) {
  write_records({"", "", ""});
  EXPECT_THAT(write().remarks.left_out, IsEmpty());
  EXPECT_THAT(text("curves.csv"),
              AllOf(HasSubstr(",consistency.sampled,60,\n"), HasSubstr(",consistency.facts,60,0\n")));
  EXPECT_THAT(text("summary.md"), HasSubstr(" 0 of 3 |"));
}

TEST_F(ConsistencyReport, FlawedReferencesAreAnErrorBeforeAnythingIsWritten) {
  write_idf({1.0, 2.0});
  EXPECT_THAT([&] { (void)write(); }, ThrowsMessage<core::DataError>(HasSubstr("fetch them together")));
  EXPECT_FALSE(fs::exists(root_ / "a/report"));
  EXPECT_THAT([&] { (void)write("nowhere"); }, ThrowsMessage<core::DataError>(HasSubstr("nowhere/idf.npy: cannot be")));
}

TEST_F(ConsistencyReport, WithoutTextsTheReportSaysSo) {
  config_.texts_every = 0;
  fs::remove_all(root_ / "a");
  fill("a");
  EXPECT_THAT(write().remarks.notes, Contains(HasSubstr("consistency: no texts are committed")));
}

TEST_F(ConsistencyReport, SweepsAreComparedByIt) {
  fill("b");
  ComparisonOptions both{{root_ / "a", root_ / "b"}, root_ / "both", {}, options("references")};
  EXPECT_THAT(write_comparison(both, editing::catalogue()).remarks.left_out, IsEmpty());
  EXPECT_THAT(test::read_text(root_ / "both/comparison.csv"),
              HasSubstr("rome,tiny,consistency.sampled,60,60,2,2,8.77"));
  EXPECT_THAT(test::read_text(root_ / "both/summary.md"), HasSubstr("facts compared"));
  both.report.references.clear();
  (void)write_comparison(both, editing::catalogue());
  EXPECT_THAT(test::read_text(root_ / "both/comparison.csv"), Not(HasSubstr("consistency")));
}

TEST_F(ConsistencyReport, TextsThatHaveGoneInBetweenAreToldAndLeftOut) {
  const ledger::SweepFolder folder(root_ / "a");
  IdentityChoice choice;
  std::vector<CellHistory> histories;
  for (const auto& cell : config_.cells) histories.push_back(load_cell_history(folder, config_, cell, choice));
  ASSERT_FALSE(histories[0].texts.empty());
  fs::remove(histories[0].texts.back().file.file.path);
  Remarks remarks;
  add_consistency(histories, ReferenceFiles(root_ / "references"), config_.dataset, remarks);
  EXPECT_THAT(remarks.left_out, ElementsAre(HasSubstr("consistency is left out of texts that can no longer be read")));
  EXPECT_FALSE(histories[0].texts.back().compared);
  EXPECT_TRUE(histories[1].texts.back().compared);
}

TEST_F(ConsistencyReport, AMissingFileOfReferencesIsToldBeforeTheSweepIsRead) {
  fs::remove(root_ / "references/attribute_snippets.json");
  fs::remove(root_ / "a/experiment.json");
  EXPECT_THAT([&] { (void)write(); }, ThrowsMessage<core::StorageError>(HasSubstr("attribute_snippets.json")));
}

}  // namespace
}  // namespace lethe::report
