// Training of MEND editors through files, and cells that use them.

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "editing/edit_method.h"
#include "editing/mend/mend_editor.h"
#include "editing/methods/settings_of.h"
#include "storage/comparison.h"
#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/recording_monitor.h"
#include "worker/cell_editor.h"
#include "worker/cell_replay.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/export_model.h"
#include "worker/mend_task.h"
#include "worker/prerequisites.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
const core::GridCell kMendCell{"mend", "tiny-gpt2", 0};

/// Asks to stop once a number of training iterations are done.
class TrainingMonitor final : public TaskMonitor {
 public:
  explicit TrainingMonitor(std::int64_t stop_after = -1) : stop_after_(stop_after) {}
  void progress(std::string_view stage, std::int64_t done, std::int64_t, double) override {
    if (stage == "editor") done_ = done;
  }
  void committed(const fs::path& file, std::int64_t) override { files.push_back(file.filename()); }
  [[nodiscard]] bool should_stop() const override { return stop_after_ >= 0 && done_ >= stop_after_; }
  std::vector<std::string> files;

 private:
  std::int64_t stop_after_;
  std::int64_t done_ = 0;
};

class Mend : public testing::Test {
 protected:
  Mend() {
    test::TinyWorldOptions options;
    options.methods = "[mend]";
    config_path_ = test::write_tiny_world(world_.path(), options);
  }

  core::ExperimentConfig config() const { return test::load_config(config_path_); }
  template <typename Change>
  static void change_mend(core::ModelConfig& model, const Change& change) {
    auto& method = model.methods.at("mend");
    method = editing::with_change<editing::MendConfig>(method, change);
  }
  Workspace workspace(const std::string& out) { return {config(), world_.path() / out}; }

  bool train(const std::string& out, TrainingMonitor monitor = TrainingMonitor()) {
    auto work = workspace(out);
    return run_editor_training(work, {editing::kEditorKind, kMendCell.model}, monitor);
  }
  std::vector<ledger::CommittedFile> editor_files(const std::string& out) {
    auto work = workspace(out);
    return ledger::committed_files(work.prerequisite_folder(editing::kEditorKind, kMendCell.model));
  }
  /// What the cell edits with.
  static editing::MendEditor loaded_editor(Workspace& work) {
    const auto artifacts = load_artifacts(work, kMendCell, work.starting_network(kMendCell));
    return dynamic_cast<const editing::ArtifactOf<editing::MendEditor>&>(*artifacts.at(editing::kEditorKind)).value;
  }

  test::TemporaryFolder world_;
  fs::path config_path_;
};

TEST_F(Mend, InterruptedTrainingEndsWithTheSameEditor) {
  ASSERT_TRUE(train("whole"));
  const auto whole = editor_files("whole");
  ASSERT_EQ(whole.size(), 1U) << "states of the training are gone";
  EXPECT_EQ(whole.front().stem, ledger::kEditorStem);
  for (const std::int64_t stop : {1, 5, 8}) {
    const auto out = "stopped" + std::to_string(stop);
    EXPECT_FALSE(train(out, TrainingMonitor(stop)));
    ASSERT_EQ(editor_files(out).size(), 1U);
    EXPECT_TRUE(editor_files(out).front().stem.starts_with("training-"));
    EXPECT_TRUE(train(out));
    const auto difference = storage::compare_files(whole.front(), editor_files(out).front());
    EXPECT_TRUE(difference.is_same) << stop << ": " << difference.first_difference;
  }
}

TEST_F(Mend, ADamagedStateOfTheTrainingIsLeftBehind) {
  ASSERT_TRUE(train("whole"));
  EXPECT_FALSE(train("damaged", TrainingMonitor(5)));
  const auto state = editor_files("damaged").front().path;
  fs::resize_file(state, fs::file_size(state) / 2);
  EXPECT_TRUE(train("damaged"));
  EXPECT_TRUE(fs::exists(state.parent_path() / "quarantine" / state.filename()));
  EXPECT_TRUE(storage::compare_files(editor_files("whole").front(), editor_files("damaged").front()).is_same);
}

TEST_F(Mend, ATrainingThatLearnsNothingGivesNoEditor) {
  auto bad = config();
  change_mend(bad.models[0], [](editing::MendConfig& mend) { mend.training.max_iterations = 2; });
  Workspace short_work(bad, world_.path() / "nothing");
  TrainingMonitor monitor;
  const auto refusal = test::message_of<core::ConfigError>([&] {
    run_editor_training(short_work, {editing::kEditorKind, kMendCell.model}, monitor);
  });
  EXPECT_NE(refusal.find("tiny-gpt2: mend: training: after 2 iterations no validation was better than that of the "
                         "untrained editor"),
            std::string::npos)
      << refusal;
  for (const auto& file : monitor.files) EXPECT_FALSE(file.starts_with(ledger::kEditorStem)) << file;
}

TEST_F(Mend, AStopBeforeTheTrainingReadsNothing) {
  EXPECT_FALSE(train("stopped", TrainingMonitor(0)));
  EXPECT_TRUE(editor_files("stopped").empty());
}

TEST_F(Mend, AFolderThatVanishedIsNotMadeAgain) {
  const auto out = world_.path() / "vanishing";
  fs::create_directories(out);
  auto work = workspace("vanishing");
  const auto write = [](const fs::path& path) { std::ofstream(path) << "contents"; };
  EXPECT_EQ(work.commit_file(out / "a" / "b", "stem", write).stem, "stem");
  fs::rename(out, world_.path() / "elsewhere");
  const auto refusal = test::message_of<core::StorageError>([&] { work.commit_file(out / "a", "other", write); });
  EXPECT_NE(refusal.find("vanishing: is gone"), std::string::npos) << refusal;
  EXPECT_FALSE(fs::exists(out));
  auto fresh = workspace("fresh");
  EXPECT_EQ(fresh.commit_file(world_.path() / "fresh" / "a", "stem", write).stem, "stem");
}

TEST_F(Mend, InputsOfTheTrainingAreCheckedBeforeAnythingRuns) {
  std::ofstream(world_.path() / "none.json") << "[]";
  std::ofstream(world_.path() / "blank.txt") << "\n  \n";
  const auto problems_with = [&](const fs::path& records, const fs::path& corpus) {
    auto changed = config();
    for (auto& model : changed.models) {
      change_mend(model, [&](auto& mend) {
        mend.training.records = world_.path() / records;
        mend.training.corpus = world_.path() / corpus;
      });
    }
    Workspace work(changed, world_.path() / "out");
    std::string text;
    for (const auto& problem : work.inspection().problems) text += problem + "\n";
    return text;
  };
  EXPECT_EQ(problems_with("records.json", "corpus.txt"), "");
  const auto empty = problems_with("none.json", "blank.txt");
  EXPECT_NE(empty.find("none.json: holds no record"), std::string::npos) << empty;
  EXPECT_NE(empty.find("blank.txt: holds no document"), std::string::npos) << empty;
  const auto missing = problems_with("nowhere.json", "corpus.txt");
  EXPECT_NE(missing.find("nowhere.json: is not there; MEND's editor of tiny-gpt2 is trained on it"), std::string::npos)
      << missing;
  EXPECT_EQ(missing.find("No such file"), std::string::npos) << "told once\n" << missing;
}

TEST_F(Mend, ATrainedEditorIsNotTrainedAgain) {
  ASSERT_TRUE(train("a"));
  auto work = workspace("a");
  TrainingMonitor monitor;
  EXPECT_TRUE(run_editor_training(work, {editing::kEditorKind, kMendCell.model}, monitor));
  EXPECT_TRUE(monitor.files.empty());
}

TEST_F(Mend, ACellWithANamedEditorEqualsOneThatTrainsIt) {
  auto work = workspace("trained");
  test::RecordingMonitor monitor;
  ASSERT_TRUE(run_cell(work, kMendCell, monitor));
  auto named_config = config();
  change_mend(named_config.models.at(0), [&](auto& mend) { mend.editor = editor_files("trained").front().path; });
  Workspace named(named_config, world_.path() / "named");
  ASSERT_TRUE(run_cell(named, kMendCell, monitor));
  EXPECT_NE(work.facts().cell(kMendCell).edit_identity, named.facts().cell(kMendCell).edit_identity);
  EXPECT_TRUE(work.facts().prerequisite(editing::kEditorKind, kMendCell.model).is_due);
  EXPECT_EQ(work.facts().cell(kMendCell).needs, std::vector<std::string>{"editor tiny-gpt2"});
  EXPECT_FALSE(named.facts().prerequisite(editing::kEditorKind, kMendCell.model).is_due);
  EXPECT_TRUE(named.facts().cell(kMendCell).needs.empty());
  const auto deltas = [&](Workspace& space) {
    const auto files = ledger::scan_cell(space.cell_folder(kMendCell));
    return storage::read_segment(files.segments.back().file.path);
  };
  const auto left = deltas(work);
  const auto right = deltas(named);
  EXPECT_EQ(left.fingerprint_after, right.fingerprint_after);
  EXPECT_EQ(left.method_state, right.method_state);
  EXPECT_FALSE(left.method_state.empty()) << "running statistics are the cell's history";
  EXPECT_GT(left.edits.front().deltas.front().left.shape.at(1), 1) << "as many ranks as tokens";
}

TEST_F(Mend, EditorsThatDoNotFitAreRefusedByName) {
  ASSERT_TRUE(train("a"));
  const auto refusal = [&](const fs::path& editor, auto change) -> std::string {
    auto changed = config();
    change_mend(changed.models.at(0), [&](auto& mend) {
      mend.editor = editor;
      change(mend);
    });
    Workspace work(changed, world_.path() / "refused");
    try {
      const CellEditor unused(work, kMendCell, work.model(kMendCell.model), {});
    } catch (const core::DataError& error) {
      return error.what();
    }
    return "accepted";
  };
  const auto same = [](editing::MendConfig&) {};
  const fs::path sound = editor_files("a").front().path;
  EXPECT_EQ(refusal(sound, same), "accepted");
  EXPECT_NE(refusal(sound, [](auto& mend) { mend.layers = {1}; }).find(sound.string()), std::string::npos);
  EXPECT_NE(refusal(sound, [](auto& mend) { mend.last_bias = false; }).find("another form"), std::string::npos);
  EXPECT_NE(refusal(world_.path() / "none.h5", same).find("is not there"), std::string::npos);
  const fs::path renamed = world_.path() / "editor.h5";
  fs::copy_file(sound, renamed);
  EXPECT_NE(refusal(renamed, same).find("digits"), std::string::npos);
  const fs::path truncated = world_.path() / sound.filename();
  fs::copy_file(sound, truncated);
  fs::resize_file(truncated, fs::file_size(truncated) / 2);
  const auto text = refusal(truncated, same);
  EXPECT_NE(text.find(truncated.string()), std::string::npos) << text;
  EXPECT_NE(text.find("leave `editor:` out"), std::string::npos) << text;
}

TEST_F(Mend, APublishedEditorIsReadAndEdits) {
  auto published = config();
  auto& model = published.models.at(0);
  change_mend(model,
              [](auto& mend) { mend.editor = fs::path(LETHE_SOURCE_DIR) / "tests/worker/golden/mend-tiny-gpt2.pt"; });
  Workspace work(published, world_.path() / "published");
  const auto editor = loaded_editor(work);
  // Every number is a function of its place (golden/record_mend_editor.py).
  const auto entry = [](const torch::Tensor& tensor, std::int64_t place) {
    return tensor.contiguous().view({-1})[place].item<double>();
  };
  ASSERT_EQ(editor.networks.size(), 2U);
  EXPECT_NEAR(entry(editor.rates_P, 3), 0.013, 1e-6);
  const auto& fc = editor.networks.at(1);
  EXPECT_EQ(fc.num_inputs, 16);
  EXPECT_NEAR(entry(fc.moments.mean_Z, 17), 2.001, 1e-6) << "outputs stand behind inputs";
  EXPECT_NEAR(entry(fc.moments.squares_Z, 0), 36.0, 1e-6);
  EXPECT_EQ(fc.moments.count, 10);
  EXPECT_NEAR(entry(fc.layers.at(1).left_ZR, 9), 4.009, 1e-6);
  EXPECT_NEAR(entry(fc.layers.at(0).right_RZ, 81), 5.081, 1e-6);
  EXPECT_NEAR(entry(fc.layers.at(0).bias_Z, 5), 7.005, 1e-6);
  EXPECT_NEAR(entry(fc.layers.at(1).shift_MZ, 80), 10.080, 1e-6);
  EXPECT_NEAR(entry(fc.layers.at(1).scale_MZ, 80), 12.080, 1e-6);
  change_mend(model, [](auto& mend) { mend.lr_scale = 1e-9; });  // its numbers were not trained
  Workspace edited(published, world_.path() / "published");
  test::RecordingMonitor monitor;
  EXPECT_TRUE(run_cell(edited, kMendCell, monitor));

  change_mend(model, [](auto& mend) { mend.last_bias = false; });
  Workspace other(published, world_.path() / "other");
  EXPECT_THROW(loaded_editor(other), core::DataError);
}

TEST_F(Mend, StepsOfSeveralFactsShareOneUpdateAndOneState) {
  test::TinyWorldOptions options;
  options.methods = "[mend]";
  options.batch_size = 4;
  options.edits = 8;
  options.checkpoint_every = options.forgetting_every = 4;
  options.tasks_every = 8;
  test::write_tiny_world(world_.path(), options);
  auto work = workspace("whole");
  test::RecordingMonitor monitor;
  ASSERT_TRUE(run_cell(work, kMendCell, monitor));
  const auto chain = ledger::scan_cell(work.cell_folder(kMendCell));
  ASSERT_EQ(chain.segments.size(), 2U);
  for (const auto& segment : chain.segments) {
    const auto contents = storage::read_segment(segment.file.path);
    for (const auto& edit : contents.edits) {
      EXPECT_EQ(edit.deltas.size(), &edit == &contents.edits.back() ? 4U : 0U);
      EXPECT_EQ(edit.record.status, core::EditStatus::kApplied);
    }
  }
  auto interrupted = workspace("interrupted");
  test::RecordingMonitor first(1);
  EXPECT_FALSE(run_cell(interrupted, kMendCell, first));
  EXPECT_TRUE(run_cell(interrupted, kMendCell, monitor));
  const auto left = storage::read_segment(chain.segments.back().file.path);
  const auto right =
      storage::read_segment(ledger::scan_cell(interrupted.cell_folder(kMendCell)).segments.back().file.path);
  EXPECT_EQ(left.method_state, right.method_state);
  EXPECT_EQ(left.fingerprint_after, right.fingerprint_after);
}

TEST_F(Mend, PadClassIsPartOfTheCellFromItsStart) {
  auto work = workspace("a");
  test::RecordingMonitor monitor;
  ASSERT_TRUE(run_cell(work, kMendCell, monitor));
  auto plain_config = config();
  change_mend(plain_config.models.at(0), [](auto& mend) { mend.pad_class = false; });
  Workspace plain(plain_config, world_.path() / "plain");
  ASSERT_TRUE(run_cell(plain, kMendCell, monitor));
  EXPECT_NE(plain.facts().cell(kMendCell).edit_identity, work.facts().cell(kMendCell).edit_identity);
  EXPECT_EQ(network_at(work, kMendCell, 0).architecture().vocab_size, 258);
  EXPECT_EQ(network_at(plain, kMendCell, 0).architecture().vocab_size, 257);
  EXPECT_TRUE(network_at(work, kMendCell, 0).edited_parameters().empty()) << "the start is no edit: distance 0";

  const auto target = world_.path() / "exported";
  export_model(network_at(work, kMendCell, 6), work.config().model(kMendCell.model).path, target);
  std::ifstream in(target / "config.json");
  EXPECT_EQ(nlohmann::json::parse(in).at("vocab_size"), 258);
  const model::Network back(model::load_weights(target, test::test_device()));
  EXPECT_TRUE(torch::equal(back.parameter("transformer.wte.weight"),
                           network_at(work, kMendCell, 6).parameter("transformer.wte.weight")));
}

}  // namespace
}  // namespace lethe::worker
