#include "core/contract/inspection.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace lethe::core {
namespace {

Inspection example() {
  Inspection inspection;
  ModelFacts model{"small-gpt2", "gpt2", 6, 128, 512, 1000, 64, 1'240'000, "0123456789ab", {0, 3}, "ba9876543210"};
  inspection.models.push_back(model);
  CellFacts cell;
  cell.cell = {"rome", "small-gpt2", 1};
  cell.edits = 60;
  cell.edit_identity = "aaaabbbbcccc";
  cell.edit_identity_fields = {{"method", "rome"}, {"seed", "37"}};
  cell.reduction_identities = {{"tasks", "111122223333"}};
  cell.delta_bytes_per_edit = 2560;
  cell.snapshot_bytes = 7;
  inspection.cells.push_back(cell);
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
  EXPECT_EQ(model.moments_layers, (std::vector<int>{0, 3}));
  EXPECT_EQ(model.num_parameters, 1'240'000);
  const auto& cell = back.cell({"rome", "small-gpt2", 1});
  EXPECT_EQ(cell.edit_identity_fields.at("seed"), "37");
  EXPECT_EQ(cell.reduction_identities.at("tasks"), "111122223333");
  EXPECT_EQ(cell.delta_bytes_per_edit, 2560);
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
