#include "worker/planning/editor_identity.h"

#include <gtest/gtest.h>

#include "editing/mend/mend_config.h"
#include "editing/methods/settings_of.h"

namespace lethe::worker {
namespace {

EditorInputs inputs() {
  return {core::digest_of("weights"), core::digest_of("tokenizer"), core::digest_of("records"), "corpus"};
}

std::string identity_of(const editing::MendConfig& mend, const core::ExperimentConfig& config = {}) {
  return editor_identity(config, editing::method_config(mend), inputs()).short_hex();
}

editing::MendConfig trained() {
  editing::MendConfig mend;
  mend.training.records = "t.json";
  return mend;
}

TEST(EditorIdentity, FollowsTheTrainingAndNotItsUse) {
  const auto training = identity_of(trained());
  auto mend = trained();
  mend.training.rank = 9;
  EXPECT_NE(identity_of(mend), training);
  mend = trained();
  mend.editor = "elsewhere.h5";
  mend.training.save_every = 7;
  mend.lr_scale = 3.0;
  EXPECT_EQ(identity_of(mend), training) << "none of them changes the editor";
  mend.training.records = "moved.json";
  EXPECT_EQ(identity_of(mend), training) << "the content counts";
}

TEST(EditorIdentity, FollowsTheContentsThatItIsTrainedOn) {
  const core::ExperimentConfig config;
  const auto base = editor_identity(config, editing::method_config(trained()), inputs()).digest();
  for (const auto field : {&EditorInputs::weights, &EditorInputs::tokenizer, &EditorInputs::records}) {
    auto other = inputs();
    other.*field = core::digest_of("other");
    EXPECT_NE(editor_identity(config, editing::method_config(trained()), other).digest(), base);
  }
  auto other = inputs();
  other.corpus = "";
  EXPECT_NE(editor_identity(config, editing::method_config(trained()), other).digest(), base);
}

TEST(EditorIdentity, FollowsTheSeedWhereTheAddedClassIsDrawnWithIt) {
  core::ExperimentConfig other;
  other.seed = 38;
  auto mend = trained();
  EXPECT_NE(identity_of(mend, other), identity_of(mend));
  mend.pad_class = false;
  EXPECT_EQ(identity_of(mend, other), identity_of(mend));
}

}  // namespace
}  // namespace lethe::worker
