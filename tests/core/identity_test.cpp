#include "core/contract/identity.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "core/error.h"
#include "editing/fine_tune/fine_tune_config.h"
#include "editing/methods/settings_of.h"
#include "editing/rome/rome_config.h"

namespace lethe::core {
namespace {

const GridCell kCell{"rome", "small-gpt2", 2};

ExperimentConfig config() {
  ExperimentConfig config;
  ModelConfig model;
  model.name = "small-gpt2";
  model.path = "/models/small-gpt2";
  model.second_moments.emplace().corpus = "/corpus.txt";
  model.methods.insert_or_assign("rome", editing::method_config(editing::RomeConfig{}));
  model.methods.insert_or_assign("ft-c", editing::method_config(editing::FineTuneConfig{}));
  config.models = {model};
  config.cells = {kCell};
  config.edits[kCell] = 60;
  TaskConfig task;
  task.name = "sst2";
  task.query = "Review : {sentence}\nSentiment :";
  task.marker = "Sentiment :";
  task.answers = {{"positive", 1}, {"negative", 0}};
  config.tasks = {task};
  return config;
}

EditInputs inputs() { return {digest_of("weights"), digest_of("tokenizer"), "requests", "moments", ""}; }

std::map<std::string, Digest> examples() { return {{"sst2", digest_of("examples")}}; }

/// Changes a field of a method's configuration.
template <typename Config, typename Change>
void change_method(ExperimentConfig& config, const char* name, const Change& change) {
  auto& method = config.models[0].methods.at(name);
  method = editing::with_change<Config>(method, change);
}
template <typename Change>
void change_rome(ExperimentConfig& config, const Change& change) {
  change_method<editing::RomeConfig>(config, "rome", change);
}

using Change = std::function<void(ExperimentConfig&, EditInputs&)>;

std::string edit_hex(const Change& change) {
  auto changed = config();
  auto contents = inputs();
  change(changed, contents);
  return edit_identity(changed, kCell, contents).short_hex();
}

TEST(Identity, IsTwelveHexDigitsOfItsDigest) {
  const Identity identity{{{"a", "1"}, {"b", "2"}}};
  EXPECT_EQ(identity.short_hex(), identity.digest().hex().substr(0, 12));
  EXPECT_NE(identity.digest(), (Identity{{{"a", "1b"}, {"", "2"}}}).digest());
}

TEST(EditIdentity, ChangesWithAllThatChangesEdits) {
  const std::vector<Change> changes{
      [](auto&, auto&) {},
      [](auto& c, auto&) { change_rome(c, [](auto& m) { m.layer = 1; }); },
      [](auto& c, auto&) { change_rome(c, [](auto& m) { m.v_lr = 0.25; }); },
      [](auto& c, auto&) { change_rome(c, [](auto& m) { m.residual_key = editing::ResidualKey::kContextMean; }); },
      [](auto& c, auto&) { change_rome(c, [](auto& m) { m.context_lengths[0].count = 11; }); },
      [](auto& c, auto&) { c.fidelity = Fidelity::kPaper; },
      [](auto& c, auto&) { c.seed = 38; },
      [](auto& c, auto&) { c.threads = 2; },
      [](auto& c, auto&) { c.device = "cuda"; },
      [](auto&, auto& i) { i.weights = digest_of("other"); },
      [](auto&, auto& i) { i.tokenizer = digest_of("other"); },
      [](auto&, auto& i) { i.requests = "other"; },
      [](auto&, auto& i) { i.moments_identity = "other"; },
      [](auto&, auto& i) { i.contexts_digest = "other"; },
  };
  std::set<std::string> identities;
  for (const auto& change : changes) identities.insert(edit_hex(change));
  EXPECT_EQ(identities.size(), changes.size());
}

TEST(EditIdentity, StaysWithAllThatDoesNot) {
  const auto before = edit_hex([](auto&, auto&) {});
  const std::vector<Change> changes{
      [](auto& c, auto&) { c.edits[kCell] = 1000; },
      [](auto& c, auto&) { c.checkpoint_every = c.forgetting_every = c.tasks_every = 3; },
      [](auto& c, auto&) { c.reducers = 4; },
      [](auto& c, auto&) { c.stop_at_collapse = 100; },
      [](auto& c, auto&) { c.keep_snapshots = "newest"; },
      [](auto& c, auto&) { c.reducer_cache_gb = 0.0; },
      [](auto& c, auto&) { c.name = "other"; },
      [](auto& c, auto&) { c.models[0].path = "/moved/here"; },
      [](auto& c, auto&) { c.models[0].methods.erase("ft-c"); },
      [](auto& c, auto&) { c.tasks.clear(); },
      [](auto& c, auto&) {
        change_rome(c, [](auto& m) { m.contexts_file = "/some/where.txt"; });
      },  // its digest counts
  };
  for (const auto& change : changes) EXPECT_EQ(edit_hex(change), before);
}

TEST(EditIdentity, FollowsThePlaceOfSecondMomentsWhereItChangesBits) {
  const auto identity = [](const std::string& device, SecondMomentPlacement placement, const std::string& moments) {
    return edit_hex([&](auto& c, auto& i) {
      c.device = device;
      c.models[0].second_moment_placement = placement;
      i.moments_identity = moments;
    });
  };
  using enum SecondMomentPlacement;
  EXPECT_NE(identity("cuda", kHost, "moments"), identity("cuda", kDevice, "moments"));
  EXPECT_EQ(identity("cpu", kHost, "moments"), identity("cpu", kDevice, "moments"));
  EXPECT_EQ(identity("cuda", kHost, ""), identity("cuda", kDevice, "")) << "a method without them";
}

TEST(EditIdentity, FollowsTheNumberOfEditsOnlyWhereItCutsAStep) {
  auto batched = config();
  const GridCell cell{"ft-c", "small-gpt2", 2};
  const auto identity = [&](int facts, std::int64_t edits) {
    change_method<editing::FineTuneConfig>(batched, "ft-c", [&](auto& m) { m.batch_size = facts; });
    batched.edits[cell] = edits;
    return edit_identity(batched, cell, inputs()).short_hex();
  };
  EXPECT_EQ(identity(4, 8), identity(4, 12));
  EXPECT_NE(identity(4, 8), identity(4, 10));
  EXPECT_NE(identity(4, 10), identity(4, 11));
  EXPECT_NE(identity(4, 8), identity(2, 8));
}

TEST(EditIdentity, SamplesAndMethodsDiffer) {
  auto other = config();
  const GridCell sample{"rome", "small-gpt2", 3};
  const GridCell method{"ft-c", "small-gpt2", 2};
  other.edits[sample] = other.edits[method] = 60;
  const auto base = edit_identity(other, kCell, inputs());
  EXPECT_NE(edit_identity(other, sample, inputs()).digest(), base.digest());
  EXPECT_NE(edit_identity(other, method, inputs()).digest(), base.digest());
  EXPECT_THROW(edit_identity(other, {"rome", "small-gpt2", 4}, inputs()), ConfigError);
}

TEST(MomentsIdentity, FollowsCorpusAndItsUse) {
  const auto base = config();
  const MomentsInputs contents{digest_of("w"), digest_of("t"), digest_of("c").hex()};
  const auto before = moments_identity(base, base.models[0], contents).digest();
  auto changed = base.models[0];
  changed.second_moments->max_documents = 5;
  EXPECT_NE(moments_identity(base, changed, contents).digest(), before);
  changed = base.models[0];
  changed.second_moments->documents_per_slice = 7;
  EXPECT_NE(moments_identity(base, changed, contents).digest(), before) << "it decides the last bits of the sum";
  changed = base.models[0];
  changed.second_moments->memory_gb = 7.5;
  EXPECT_EQ(moments_identity(base, changed, contents).digest(), before);
  changed = base.models[0];
  changed.second_moments->corpus = "/moved.txt";
  EXPECT_EQ(moments_identity(base, changed, contents).digest(), before);
  EXPECT_NE(moments_identity(base, changed, {contents.weights, contents.tokenizer, digest_of("d").hex()}).digest(),
            before);
  auto on_gpu = base;
  on_gpu.device = "cuda";
  EXPECT_NE(moments_identity(on_gpu, base.models[0], contents).digest(), before) << "other kernels round otherwise";
  changed.second_moments.reset();
  EXPECT_THROW(moments_identity(base, changed, contents), ConfigError);
}

TEST(Identity, OfTheCpuNamesNoDevice) {
  EXPECT_FALSE(edit_identity(config(), kCell, inputs()).fields.contains("device"))
      << "so that files made before GPUs were told apart are still continued";
}

TEST(MomentsIdentity, OfPublishedFilesIsTheirContent) {
  auto base = config();
  auto& model = base.models[0];
  const MomentsInputs corpus{digest_of("w"), digest_of("t"), digest_of("c").hex()};
  const auto of_corpus = moments_identity(base, model, corpus).digest();
  model.second_moments->npz = "/stats/{layer}.npz";
  MomentsInputs published{digest_of("w"), digest_of("t"), {}, {{17, digest_of("17")}}};
  const auto before = moments_identity(base, model, published).digest();
  EXPECT_NE(before, of_corpus);
  model.second_moments->npz = "/moved/{layer}.npz";
  EXPECT_EQ(moments_identity(base, model, published).digest(), before);
  published.published[17] = digest_of("another");
  EXPECT_NE(moments_identity(base, model, published).digest(), before);
}

TEST(ReductionIdentity, OnlyTasksFollowTheTasks) {
  const auto base = config();
  auto changed = base;
  changed.tasks[0].query = "Film : {sentence}\nSentiment :";
  using enum ReductionPart;
  EXPECT_EQ(reduction_identity(kDistance, base, {}), reduction_identity(kDistance, changed, {}));
  EXPECT_EQ(reduction_identity(kForgetting, base, {}), reduction_identity(kForgetting, changed, {}));
  EXPECT_NE(reduction_identity(kTasks, base, examples()), reduction_identity(kTasks, changed, examples()));
  EXPECT_NE(reduction_identity(kTasks, base, examples()),
            reduction_identity(kTasks, base, {{"sst2", digest_of("others")}}));
  EXPECT_NE(reduction_identity(kDistance, base, {}).digest(), reduction_identity(kForgetting, base, {}).digest());
  EXPECT_THROW(reduction_identity(kTasks, base, {}), ConfigError);
  changed = base;
  changed.tasks[0].title = "another title";
  EXPECT_EQ(reduction_identity(kTasks, base, examples()), reduction_identity(kTasks, changed, examples()));
}

TEST(ReductionIdentity, OfTextsFollowsHowManyAndHowLong) {
  const auto base = config();
  using enum ReductionPart;
  for (auto ExperimentConfig::*const number : {&ExperimentConfig::texts_facts, &ExperimentConfig::texts_tokens}) {
    auto changed = base;
    changed.*number += 1;
    EXPECT_NE(reduction_identity(kTexts, changed, {}), reduction_identity(kTexts, base, {}));
    EXPECT_EQ(reduction_identity(kScores, changed, {}), reduction_identity(kScores, base, {}));
  }
  auto changed = base;
  changed.texts_every = 10;
  EXPECT_EQ(reduction_identity(kTexts, changed, {}), reduction_identity(kTexts, base, {}));
}

TEST(ReductionIdentity, OfTextsAloneFollowsTheirPrompts) {
  const auto base = config();
  using enum ReductionPart;
  for (const auto part : {kDistance, kForgetting, kTasks, kScores, kMonitor, kTexts}) {
    const auto one = reduction_identity(part, base, examples(), "", "aaaa");
    EXPECT_EQ(one != reduction_identity(part, base, examples(), "", "bbbb"), part == kTexts) << to_string(part);
  }
}

TEST(ReductionIdentity, OfTheMonitorFollowsItsTextAndHowMuchOfIt) {
  using enum ReductionPart;
  const auto bare = config();
  auto base = bare;
  base.monitor_text = "/some/where.txt";
  const auto of = [](const ExperimentConfig& one, const std::string& text) {
    return reduction_identity(kMonitor, one, {}, text);
  };
  EXPECT_NE(of(bare, ""), of(base, "abcd"));
  EXPECT_NE(of(base, "abcd"), of(base, "abce"));
  EXPECT_NE(of(base, "abcd"), of(base, "abcd as JSON lines"));
  EXPECT_THROW(of(base, ""), ConfigError);
  auto changed = base;
  changed.monitor_text = "/moved.txt";
  changed.monitor_every = 10;
  EXPECT_EQ(of(base, "abcd"), of(changed, "abcd"));
  changed.monitor_tokens += 1;
  EXPECT_NE(of(base, "abcd"), of(changed, "abcd"));
  auto other_number = bare;
  other_number.monitor_tokens += 1;
  EXPECT_EQ(of(bare, ""), of(other_number, "")) << "of no text there is no number of tokens";
  for (const auto part : {kDistance, kForgetting, kScores, kTexts}) {
    EXPECT_EQ(reduction_identity(part, bare, {}), reduction_identity(part, changed, {}, "abcd"));
  }
}

TEST(BaselineIdentity, FollowsTheModel) {
  const auto base = config();
  const auto of = [&](const char* weights, const char* tokenizer) {
    return baseline_identity(base, digest_of(weights), digest_of(tokenizer), examples()).digest();
  };
  EXPECT_EQ(of("w", "t"), of("w", "t"));
  EXPECT_NE(of("w", "t"), of("v", "t"));
  EXPECT_NE(of("w", "t"), of("w", "u"));
}

TEST(DescribeDifference, ListsDifferingFieldsSideBySide) {
  const Identity a{{{"layer", "5"}, {"seed", "37"}, {"text", "a\nb"}}};
  const Identity b{{{"layer", "6"}, {"seed", "37"}, {"moments", "x"}, {"text", "a\nb"}}};
  EXPECT_EQ(describe_difference(a, b), "  layer: 5 | 6\n  moments: (none) | x");
  EXPECT_EQ(describe_difference(a, a), "");
}

}  // namespace
}  // namespace lethe::core
