// `weights: stored` holds matrices in the 16 bits of their files: everything else stays as it is, to the bit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/safetensors.h"
#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/cell_names.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/verify.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
using enum core::WeightsInMemory;

/// Stores a model's weights in another type.
void store_as(const fs::path& folder, torch::Dtype dtype) {
  const auto architecture = model::read_architecture(folder);
  const auto weights = model::load_weights(folder, torch::kCPU);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, tensor] : weights->all_held()) tensors.emplace(name, tensor.to(dtype));
  const auto file = folder / "model.safetensors";
  model::save_safetensors(folder / "narrow.safetensors", architecture, tensors);
  fs::rename(folder / "narrow.safetensors", file);
}

struct StoredCellCase {
  std::string cell;
  torch::Dtype dtype;
};

class StoredCell : public testing::TestWithParam<StoredCellCase> {
 protected:
  StoredCell() {
    test::TinyWorldOptions options;
    options.methods = "[" + cell_.method + "]";
    options.models = "[" + cell_.model + "]";
    config_path_ = test::write_tiny_world(world_.path(), options);
    store_as(world_.path() / cell_.model, GetParam().dtype);
  }

  Workspace workspace(const std::string& out, core::WeightsInMemory weights) {
    auto config = test::load_config(config_path_);
    for (auto& model : config.models) model.weights = weights;
    return {std::move(config), world_.path() / out};
  }
  bool run(const std::string& out, core::WeightsInMemory weights, int stop_after_edits = -1) {
    auto work = workspace(out, weights);
    test::RecordingMonitor monitor(stop_after_edits);
    return run_cell(work, cell_, monitor);
  }
  void expect_same(const std::string& left, const std::string& right) {
    test::RecordingMonitor monitor;
    EXPECT_THAT(compare_sweeps(world_.path() / left, world_.path() / right, monitor).problems, testing::IsEmpty());
  }

  test::TemporaryFolder world_;
  core::GridCell cell_ = core::GridCell::from_name(GetParam().cell);
  fs::path config_path_;
};

TEST_P(StoredCell, HasTheBitsOfOneThatIsWidenedWhenItIsLoaded) {
  ASSERT_TRUE(run("fp32", kFp32));
  ASSERT_TRUE(run("stored", kStored));
  expect_same("fp32", "stored");
  EXPECT_FALSE(run("mixed", kStored, 3));
  EXPECT_TRUE(run("mixed", kFp32)) << "a run may go on either way";
  expect_same("fp32", "mixed");
}

TEST_P(StoredCell, HoldsMatricesAsStoredAndPlansForIt) {
  auto narrow = workspace("narrow", kStored);
  const auto network = narrow.model(cell_.model)->unedited;
  const auto& a = network.architecture();
  EXPECT_EQ(network.dtype(), torch::kFloat32);
  for (const auto& name : {a.embedding().weight, a.head().weight, a.down_projection(1).weight}) {
    EXPECT_EQ(network.base()->held(name).scalar_type(), GetParam().dtype) << name;
    EXPECT_EQ(network.parameter(name).scalar_type(), torch::kFloat32) << name;
  }
  EXPECT_EQ(network.base()->held(a.names_of(model::Role::kAttentionNorm, 0).weight).scalar_type(), torch::kFloat32);
  auto wide = workspace("wide", kFp32);
  const auto widened = 4 * a.width * a.vocab_size;  // its largest matrix
  const auto saved = wide.facts().cell(cell_).worker_bytes - narrow.facts().cell(cell_).worker_bytes;
  EXPECT_GT(saved, 0.4 * static_cast<double>(4 * a.num_parameters()) - static_cast<double>(widened));
  EXPECT_EQ(wide.facts().cell(cell_).edit_identity, narrow.facts().cell(cell_).edit_identity);
}

INSTANTIATE_TEST_SUITE_P(Cells, StoredCell,
                         testing::Values(StoredCellCase{"rome/tiny-gpt2/sample0", torch::kFloat16},
                                         StoredCellCase{"memit/tiny-gptj/sample1", torch::kBFloat16},
                                         StoredCellCase{"alphaedit/tiny-llama/sample0", torch::kBFloat16},
                                         StoredCellCase{"ft-c/tiny-gpt2/sample1", torch::kBFloat16},
                                         StoredCellCase{"ft-c/tiny-llama/sample0", torch::kFloat16},
                                         StoredCellCase{"mend/tiny-gptj/sample0", torch::kFloat16},
                                         StoredCellCase{"mend/tiny-llama/sample1", torch::kBFloat16}),
                         [](const auto& instance) { return as_test_name(instance.param.cell); });

}  // namespace
}  // namespace lethe::worker
