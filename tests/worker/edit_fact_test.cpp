#include "worker/commands/edit_fact.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/export_model.h"
#include "worker/commands/fact_request.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Name and contents of all files of a folder.
std::map<std::string, std::string> contents_of(const fs::path& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    contents.emplace(entry.path().filename(), text.str());
  }
  return contents;
}

class EditFact : public testing::Test {
 protected:
  EditFact() {
    test::write_tiny_world(world_.path());
    write("rome.yaml", "layer: 1\nv_num_grad_steps: 3\ncontext_lengths: [{length_tokens: 3, count: 2}]\n");
    write("ft-c.yaml", "layer: 1\nnum_steps: 3\nlinf_bound: 0.01\n");
    asked_.fact = {"{} is in", "Suao", "B", "Xy", {"So. {} stays at"}, {"Nado is in"}};
    asked_.model = path("tiny-gpt2");
    asked_.target = path("made/edited");
    asked_.settings = path("rome.yaml");
    asked_.corpus = path("corpus.txt");
  }

  fs::path path(const std::string& name) const { return world_.path() / name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  /// The folder that a sweep of the same one edit gives.
  fs::path swept(const std::string& method) const {
    nlohmann::json records;
    std::ifstream(path("records.json")) >> records;
    auto& record = records.front();
    record["requested_rewrite"]["target_new"]["str"] = "B";
    record["requested_rewrite"]["target_true"]["str"] = "Xy";
    record["paraphrase_prompts"] = {"So. Suao stays at"};
    record["neighborhood_prompts"] = {"Nado is in"};
    write("one.json", nlohmann::json{record}.dump());
    write("order.json", R"({"0": [0]})");
    write("one.yaml",
          "dataset: {records: one.json, samples: order.json}\nmodels:\n  other-name:\n    path: tiny-gpt2\n"
          "    second_moments: {corpus: corpus.txt}\n    methods: {" +
              method + ": " + method +
              ".yaml}\n"
              "grid: {methods: [" +
              method + "], samples: [0]}\nedits: 1\n");
    Workspace workspace(core::load_experiment_config(path("one.yaml"), editing::catalogue()), path("sweep-" + method));
    test::RecordingMonitor monitor;
    const auto cell = core::GridCell::from_name(method + "/other-name/sample0");
    EXPECT_TRUE(run_cell(workspace, cell, monitor));
    const auto target = path("exported-" + method);
    export_model(network_at(workspace, cell, 1), path("tiny-gpt2"), target);
    return target;
  }

  std::string refusal() {
    test::RecordingMonitor monitor;
    try {
      edit_fact(asked_, monitor);
    } catch (const core::Error& error) {
      EXPECT_FALSE(fs::exists(path("made"))) << "nothing is left behind";
      return error.what();
    }
    return "no error";
  }

  test::TemporaryFolder world_;
  FactEdit asked_;
};

TEST_F(EditFact, GivesTheFolderOfASweepOfOneEdit) {
  for (const std::string method : {"rome", "ft-c"}) {
    asked_.method = method;
    asked_.settings = path(method + ".yaml");
    asked_.target = path("edited-" + method);
    test::RecordingMonitor monitor;
    const auto report = edit_fact(asked_, monitor);
    EXPECT_EQ(contents_of(asked_.target), contents_of(swept(method))) << method;
    EXPECT_EQ(report.layers, std::vector<int>{1});
    EXPECT_EQ(report.moments.empty(), method == "ft-c");
    ASSERT_EQ(report.prompts.size(), 3U);
    EXPECT_EQ(report.prompts[1].prompt, "So. Suao stays at") << "{} is the subject";
    EXPECT_LT(report.prompts[0].after.score.nll_new, report.prompts[0].before.score.nll_new);
  }
}

TEST_F(EditFact, WithoutOldTargetAndCorpusTheModelSaysBoth) {
  asked_.fact.old_target.clear();
  asked_.corpus.clear();
  test::RecordingMonitor monitor;
  const auto report = edit_fact(asked_, monitor);
  EXPECT_TRUE(report.is_own_answer);
  EXPECT_EQ(report.request.target_true.find(' '), std::string::npos) << "one word, as the new target";
  EXPECT_FALSE(report.request.target_true.empty());
  EXPECT_THAT(report.moments, HasSubstr("20000 tokens that the model wrote itself, seed 37"));
  const auto first = contents_of(asked_.target);
  asked_.target = path("made/again");
  edit_fact(asked_, monitor);
  EXPECT_EQ(contents_of(asked_.target), first);
  asked_.target = path("made/other-seed");
  asked_.seed = 38;
  edit_fact(asked_, monitor);
  EXPECT_NE(contents_of(asked_.target).at("model.safetensors"), first.at("model.safetensors"));
}

TEST_F(EditFact, LeavesNothingWhereItIsStopped) {
  for (const bool has_corpus : {true, false}) {
    if (!has_corpus) asked_.corpus.clear();
    test::RecordingMonitor monitor(0);
    EXPECT_TRUE(edit_fact(asked_, monitor).is_stopped);
    EXPECT_FALSE(fs::exists(path("made")));
  }
}

TEST_F(EditFact, TellsAllThatIsWrongWithTheTextsAtOnce) {
  asked_.fact = {"is in", " ", "\xff", "Xy ", {"{} and {}"}, {"{} is in"}};
  const auto text = refusal();
  for (const char* line :
       {"--prompt: has 0 times \"{}\"", "--subject: is empty", "--target: is no UTF-8",
        "--true: begins or ends with a blank", "--paraphrase: has 2 times", "--neighbor: has 1 times"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(EditFact, AnOldTargetThatIsTheNewOneIsRefused) {
  asked_.fact.old_target = asked_.fact.target;
  EXPECT_THAT(refusal(), HasSubstr("--true: is the new target, \"B\"; name the old one"));
}

TEST(FirstSentence, EndsWhereAnAnswerDoes) {
  using testing::ElementsAre;
  EXPECT_THAT(words_of_first_sentence(" yellow. The favourite"), ElementsAre("yellow"));
  EXPECT_THAT(words_of_first_sentence(" pink and blue, they"), ElementsAre("pink", "and", "blue", "they"));
  EXPECT_THAT(words_of_first_sentence(" (yellow?) The"), ElementsAre("yellow"));
  EXPECT_THAT(words_of_first_sentence(" yellow ! The"), ElementsAre("yellow"));
  EXPECT_THAT(words_of_first_sentence("\n . \n yellow door\nThe"), ElementsAre("yellow", "door"));
  EXPECT_THAT(words_of_first_sentence(" St. Louis, U.S. territory. It"),
              ElementsAre("St", "Louis", "U.S", "territory"));
  EXPECT_THAT(words_of_first_sentence(" 3.5 of it. No"), ElementsAre("3.5", "of", "it"));
  EXPECT_THAT(words_of_first_sentence(" . !"), ElementsAre());
}

TEST_F(EditFact, RefusesBeforeTheEditWhatCannotBeDone) {
  const auto asked = asked_;
  const auto refused_with = [&](const auto& change) {
    asked_ = asked;
    change(asked_);
    return refusal();
  };
  EXPECT_THAT(refused_with([](auto& one) { one.method = "romee"; }), HasSubstr("did you mean \"rome\""));
  EXPECT_THAT(refused_with([](auto& one) { one.fact.prompt = std::string(53, 'x') + " {}"; }), HasSubstr("the fact: "));
  const std::string many(300, 'a');
  EXPECT_THAT(refused_with([&](auto& one) { one.fact.neighbors = {many}; }), HasSubstr("the fact: "));
  EXPECT_THAT(refused_with([&](auto& one) { one.corpus = path("nowhere.txt"); }), HasSubstr("nowhere.txt"));
  EXPECT_THAT(refused_with([&](auto& one) { one.model = path("nowhere"); }), HasSubstr("nowhere"));
  EXPECT_THAT(refused_with([&](auto& one) { one.settings = path("ft-c.yaml"); }), HasSubstr("ft-c.yaml:"));
  write("deep.yaml", "layer: 2\n");
  EXPECT_THAT(refused_with([&](auto& one) { one.settings = path("deep.yaml"); }), HasSubstr("layer 2 does not exist"));
  write("mend.yaml", "layers: [1]\ntraining: {records: records.json}\n");
  EXPECT_THAT(refused_with([&](auto& one) {
                one.method = "mend";
                one.settings = path("mend.yaml");
              }),
              HasSubstr("lethe train-mend"));
}

}  // namespace
}  // namespace lethe::worker
