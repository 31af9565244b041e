#include "core/contract/inspection.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

PrerequisiteFacts example_prerequisite() {
  PrerequisiteFacts facts;
  facts.kind = "moments";
  facts.model = "small-gpt2";
  facts.title = "second moments of small-gpt2, layer(s) 0, 3";
  facts.note = "over 1000 documents";
  facts.folder = "prerequisites/moments/small-gpt2/0123456789ab";
  facts.stems = {"layer-000", "layer-003"};
  facts.needs = {"editor small-gpt2"};
  facts.is_due = false;
  facts.num_slices = 5;
  facts.work = {1.5e12, 2e9, 300.0, 4e6};
  facts.step_work = {0.1, 0.2, 0.3, 0.4};
  facts.last_work = {1.0, 2.0, 3.0, 4.0};
  facts.peak_bytes = 17;
  facts.disk_bytes = 18;
  facts.slices_disk_bytes = 19;
  return facts;
}

Inspection example() {
  Inspection inspection;
  ModelFacts model{"small-gpt2",
                   "gpt2",
                   "ccccddddeeee",
                   6,
                   1'240'000,
                   2'480'000,
                   {1.0, 2.0, 3.0, 4.0},
                   {5.0, 6.0, 7.0, 8.0},
                   {9.0, 10.0, 11.0, 12.0},
                   {13.0, 14.0, 15.0, 16.0},
                   {17.0, 18.0, 19.0, 20.0},
                   9};
  inspection.models.push_back(model);
  inspection.prerequisites.push_back(example_prerequisite());
  CellFacts cell;
  cell.cell = {"rome", "small-gpt2", 1};
  cell.edits = 60;
  cell.edit_identity = "aaaabbbbcccc";
  cell.edit_identity_fields = {{"method", "rome"}, {"seed", "37"}};
  cell.reduction_identities = {{ReductionPart::kTasks, "111122223333"}};
  cell.needs = {"moments small-gpt2"};
  cell.edit_work = {1e12, 1e9, 20.0, 0.0};
  cell.host_work = {3e9, 8e9, 0.0, 0.0};
  cell.worker_bytes = 5'000'000'000;
  cell.worker_host_bytes = 2'147'483'648;
  cell.delta_bytes_per_edit = 2560;
  cell.snapshot_bytes = 7;
  inspection.cells.push_back(cell);
  inspection.tasks = {{"sst2", "0123456789ab", {{"task.sst2.prefix", "Review: "}}}};
  inspection.problems = {"a.json: is \"wrong\""};
  return inspection;
}

TEST(Inspection, SurvivesTheTrip) {
  const auto text = to_json(example());
  const auto back = inspection_from_json(text);
  EXPECT_EQ(to_json(back), text);
  EXPECT_EQ(back.problems, example().problems);
  const auto& model = back.model("small-gpt2");
  EXPECT_EQ(model.family, "gpt2");
  EXPECT_EQ(model.contents_identity, "ccccddddeeee");
  EXPECT_EQ(model.num_layers, 6);
  EXPECT_EQ(model.num_parameters, 1'240'000);
  EXPECT_EQ(model.weight_bytes, 2'480'000);
  EXPECT_EQ(model.tasks_work, example().models[0].tasks_work);
  EXPECT_EQ(model.forgetting_work, example().models[0].forgetting_work);
  EXPECT_EQ(model.scores_work, example().models[0].scores_work);
  EXPECT_EQ(model.texts_work, example().models[0].texts_work);
  EXPECT_EQ(model.monitor_work, example().models[0].monitor_work);
  EXPECT_EQ(model.reducer_bytes, 9);
  const auto& cell = back.cell({"rome", "small-gpt2", 1});
  EXPECT_EQ(cell.edits, 60);
  EXPECT_EQ(cell.edit_identity, "aaaabbbbcccc");
  EXPECT_EQ(cell.edit_identity_fields.at("seed"), "37");
  EXPECT_EQ(cell.reduction_identities.at(ReductionPart::kTasks), "111122223333");
  EXPECT_EQ(cell.needs, example().cells[0].needs);
  EXPECT_EQ(cell.edit_work, example().cells[0].edit_work);
  EXPECT_EQ(cell.host_work, example().cells[0].host_work);
  EXPECT_EQ(cell.worker_bytes, 5'000'000'000);
  EXPECT_EQ(cell.worker_host_bytes, 2'147'483'648);
  EXPECT_EQ(cell.delta_bytes_per_edit, 2560);
  EXPECT_EQ(cell.snapshot_bytes, 7);
}

TEST(Inspection, TasksSurviveTheTripAndOlderFilesHaveNone) {
  auto document = nlohmann::json::parse(to_json(example()));
  const auto back = inspection_from_json(document.dump());
  ASSERT_NE(back.find_task("sst2"), nullptr);
  EXPECT_EQ(back.find_task("sst2")->identity, "0123456789ab");
  EXPECT_EQ(back.find_task("sst2")->identity_fields, example().tasks[0].identity_fields);
  EXPECT_EQ(back.find_task("mrpc"), nullptr);
  document.erase("tasks");
  document["models"][0].erase("contents_identity");
  const auto older = inspection_from_json(document.dump());
  EXPECT_TRUE(older.tasks.empty());
  EXPECT_EQ(older.models.at(0).contents_identity, "");
}

TEST(Inspection, PrerequisitesSurviveTheTrip) {
  const auto expected = example_prerequisite();
  const auto inspection = inspection_from_json(to_json(example()));
  const auto& back = inspection.prerequisite("moments", "small-gpt2");
  EXPECT_EQ(back.title, expected.title);
  EXPECT_EQ(back.note, expected.note);
  EXPECT_EQ(back.folder, expected.folder);
  EXPECT_EQ(back.stems, expected.stems);
  EXPECT_EQ(back.needs, expected.needs);
  EXPECT_FALSE(back.is_due);
  EXPECT_EQ(back.num_slices, 5);
  EXPECT_EQ(back.work, expected.work);
  EXPECT_EQ(back.step_work, expected.step_work);
  EXPECT_EQ(back.last_work, expected.last_work);
  EXPECT_EQ(back.peak_bytes, 17);
  EXPECT_EQ(back.disk_bytes, 18);
  EXPECT_EQ(back.slices_disk_bytes, 19);
  EXPECT_EQ(back.identity(), "0123456789ab");
  EXPECT_EQ(back.key(), "moments small-gpt2");
}

TEST(Inspection, PrerequisitesAreFoundByKindAndModel) {
  const auto inspection = example();
  EXPECT_EQ(inspection.find_prerequisite("moments", "small-gpt2"), &inspection.prerequisites[0]);
  EXPECT_EQ(inspection.find_prerequisite("moments", "small-gptj"), nullptr);
  EXPECT_EQ(inspection.find_prerequisite("editor", "small-gpt2"), nullptr);
  EXPECT_THROW(static_cast<void>(inspection.prerequisite("editor", "small-gpt2")), ConfigError);
}

TEST(Inspection, OneOfAnotherVersionIsRefused) {
  const auto document = nlohmann::json::parse(to_json(example()));
  const auto refusal_of = [](const nlohmann::json& other) {
    return test::message_of<CommError>([&] { inspection_from_json(other.dump()); });
  };
  auto newer = document;
  newer["version"] = document.at("version").get<int>() + 1;
  auto unnumbered = document;  // as they were before versions were written
  unnumbered.erase("version");
  for (const auto& other : {newer, unnumbered}) {
    EXPECT_NE(refusal_of(other).find("was written by another version of lethe"), std::string::npos);
  }
  auto richer = document;
  richer["prerequisites"][0]["colour"] = "red";
  EXPECT_NE(refusal_of(richer).find("prerequisites[0]"), std::string::npos);
}

TEST(Inspection, FactsOutOfRangeAreRefused) {
  for (const auto& [key, value] : {std::pair("num_slices", 0), {"disk_bytes", -1}, {"peak_bytes", -1}}) {
    auto document = nlohmann::json::parse(to_json(example()));
    document["prerequisites"][0][key] = value;
    EXPECT_THROW(inspection_from_json(document.dump()), CommError) << key;
  }
  auto document = nlohmann::json::parse(to_json(example()));
  document["cells"][0]["reduction_identities"] = {{"dinstance", "111122223333"}};
  EXPECT_THROW(inspection_from_json(document.dump()), CommError) << "no part of a reduction";
}

TEST(Inspection, UnknownCellsAndModelsAreNamed) {
  const auto inspection = example();
  EXPECT_THROW(static_cast<void>(inspection.cell({"rome", "small-gpt2", 2})), ConfigError);
  EXPECT_THROW(static_cast<void>(inspection.model("small-gptj")), ConfigError);
}

TEST(Inspection, EveryTruncationIsRefused) {
  const auto text = to_json(example());
  // The last character is the newline after the closing brace.
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    EXPECT_THROW(inspection_from_json(text.substr(0, length)), CommError) << length;
  }
}

}  // namespace
}  // namespace lethe::core
