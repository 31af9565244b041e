#include "worker/import_moments.h"

#include <gmock/gmock.h>

#include <fstream>

#include "core/error.h"
#include "data/published_moments.h"
#include "storage/second_moment_file.h"
#include "tests/data/zip_writer.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/recording_monitor.h"
#include "worker/moments.h"
#include "worker/planning/prerequisite_kinds.h"

namespace lethe::worker {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kWidth = 64;  // the tiny models' inner width
const core::PrerequisiteTask kImportTask{kMomentsKind, "tiny-gpt2"};

/// An npz of fp32 sums as it is published.
std::string npz_of(const torch::Tensor& sums_FF, std::int64_t count) {
  const auto member = [](const std::string& dtype, const std::string& shape, const void* values, std::size_t size) {
    auto header = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
    const auto length = static_cast<std::uint16_t>(header.size());
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes.append(reinterpret_cast<const char*>(&length), sizeof(length));
    return bytes + header + std::string(static_cast<const char*>(values), size);
  };
  const auto sums = sums_FF.to(torch::kFloat32).contiguous();
  const auto side = std::to_string(sums.size(0));
  test::ZipWriter zip;
  zip.add("mom2.mom2.npy", member("<f4", "(" + side + ", " + side + ")", sums.data_ptr(), sums.nbytes()));
  zip.add("mom2.count.npy", member("<i8", "()", &count, sizeof(count)));
  const std::int64_t samples = 100;
  zip.add("sample_size.npy", member("<i8", "()", &samples, sizeof(samples)));
  return zip.finish();
}

class ImportMoments : public testing::Test {
 protected:
  /// A config whose first model has published second moments; only ROME on it.
  core::ExperimentConfig published_config() const {
    auto config = test::load_config(config_path_);
    config.models[0].second_moments->npz = (world_.path() / "stats.{layer}.npz").string();
    return config;
  }
  void write_moments(const torch::Tensor& sums_FF, std::int64_t count) const {
    std::ofstream(world_.path() / "stats.0.npz", std::ios::binary) << npz_of(sums_FF, count);
  }
  static torch::Tensor sound_sums() {
    const auto keys = torch::arange(200 * kWidth, torch::kFloat64).mul(0.7).sin().reshape({200, kWidth});
    return keys.t().mm(keys).to(torch::kFloat32) + 0.5 * torch::eye(kWidth);
  }
  std::string import_error() const {
    Workspace workspace(published_config(), world_.path() / "out");
    test::RecordingMonitor monitor;
    try {
      run_moments(workspace, kImportTask, monitor);
    } catch (const core::DataError& error) {
      return error.what();
    }
    return "no error";
  }

  static std::filesystem::path write_world(const std::filesystem::path& folder) {
    test::TinyWorldOptions options;
    options.methods = "[rome]";
    options.models = "[tiny-gpt2]";
    options.samples = "[0]";
    return test::write_tiny_world(folder, options);
  }

  test::TemporaryFolder world_;
  std::filesystem::path config_path_ = write_world(world_.path());
};

TEST_F(ImportMoments, CommitsTheMeanWithItsSource) {
  const auto sums = sound_sums();
  write_moments(sums, 200);
  Workspace workspace(published_config(), world_.path() / "out");
  test::RecordingMonitor monitor;
  ASSERT_TRUE(run_moments(workspace, kImportTask, monitor));
  ASSERT_EQ(monitor.files.size(), 1U);
  const auto folder = workspace.prerequisite_folder(kMomentsKind, "tiny-gpt2");
  const auto stored = storage::read_second_moment(ledger::committed_files(folder).front().path);
  EXPECT_EQ(stored.layer, 0);
  EXPECT_EQ(stored.count, 200);
  EXPECT_EQ(stored.num_documents, 100);
  EXPECT_EQ(stored.provenance.at("imported_from"), (world_.path() / "stats.0.npz").string());
  EXPECT_EQ(stored.provenance.at("imported_tokens"), "200");
  const auto mean = sums.to(torch::kFloat64) / 200;
  EXPECT_EQ(stored.values, std::vector<double>(mean.data_ptr<double>(), mean.data_ptr<double>() + mean.numel()));

  test::RecordingMonitor again;
  ASSERT_TRUE(run_moments(workspace, kImportTask, again));
  EXPECT_TRUE(again.files.empty()) << "done once";
}

TEST_F(ImportMoments, TheirContentIsPartOfTheIdentities) {
  const auto identities = [&] {
    Workspace workspace(published_config(), world_.path() / "out");
    const auto& facts = workspace.inspection();
    EXPECT_TRUE(facts.problems.empty());
    return std::pair(facts.prerequisite(kMomentsKind, "tiny-gpt2").identity(), facts.cells.front().edit_identity);
  };
  write_moments(sound_sums(), 200);
  const auto before = identities();
  EXPECT_EQ(identities(), before);
  write_moments(sound_sums(), 201);
  EXPECT_NE(identities().first, before.first);
  EXPECT_NE(identities().second, before.second);
}

TEST_F(ImportMoments, BadFilesAreRefusedWithPathAndReason) {
  const auto path = (world_.path() / "stats.0.npz").string();
  EXPECT_THAT(import_error(), ::testing::AllOf(HasSubstr(path), HasSubstr("are not there; fetch them")));
  // Every entry is possible for a second moment, yet the rank is one: what a damaged download was reported to look
  // like.
  write_moments(torch::ones({kWidth, kWidth}), 500);
  EXPECT_THAT(import_error(), ::testing::AllOf(HasSubstr(path), HasSubstr("not positive definite")));
  write_moments(sound_sums(), kWidth - 1);
  EXPECT_THAT(import_error(), ::testing::AllOf(HasSubstr(path), HasSubstr("fewer than its 64 dimensions")));
  write_moments(torch::eye(kWidth + 1), 500);
  EXPECT_THAT(import_error(), HasSubstr("mom2 is 65 x 65, expected 64 x 64"));
  write_moments(sound_sums(), 200);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_THAT(import_error(), ::testing::AllOf(HasSubstr(path), HasSubstr("no end record")));
}

}  // namespace
}  // namespace lethe::worker
