#include <gtest/gtest.h>

#include "tests/support/tiny_world.h"
#include "worker/workspace.h"

namespace lethe::worker {
namespace {

/// Second moments of a corpus of 60 documents, as the planner is told of them.
core::PrerequisiteFacts facts_of(std::int64_t max_documents, std::int64_t documents_per_slice) {
  const test::TemporaryFolder world;
  test::TinyWorldOptions options;
  options.models = "[tiny-gpt2]";
  auto config = test::load_config(test::write_tiny_world(world.path(), options));
  auto& moments = config.models.at(0).second_moments;
  moments->max_documents = max_documents;
  moments->documents_per_slice = documents_per_slice;
  Workspace workspace(config, world.path() / "out");
  return workspace.inspection().prerequisite("moments", "tiny-gpt2");
}

TEST(MomentsFacts, ACorpusIsCutByTheDocumentsThatItHas) {
  EXPECT_EQ(facts_of(2000, 6).num_slices, 10);
  EXPECT_EQ(facts_of(30, 6).num_slices, 5);
  EXPECT_EQ(facts_of(2000, 100).num_slices, 1);
}

TEST(MomentsFacts, ACorpusThatIsSmallerThanAskedForIsSaid) {
  EXPECT_EQ(facts_of(2000, 6).note, "over 60 documents: the corpus has no more, max_documents is 2000");
  EXPECT_EQ(facts_of(60, 6).note, "");
}

TEST(MomentsFacts, ArePricedByTheDocumentsThatAreRead) {
  const auto few = facts_of(6, 10'000).work.flops;
  const auto all = facts_of(60, 10'000).work.flops;
  EXPECT_NEAR(all / few, 10.0, 0.5) << "documents of one length";
}

}  // namespace
}  // namespace lethe::worker
