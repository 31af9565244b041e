#include "worker/mend_task.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/error.h"
#include "core/log.h"
#include "data/counterfact.h"
#include "editing/mend/mend_training.h"
#include "editing/methods/settings_of.h"
#include "worker/host_copies.h"
#include "worker/mend_editors.h"
#include "worker/prerequisite_file.h"
#include "worker/provenance.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;

/// The first of a model's methods that is MEND with records to train on, as planning takes it.
const core::MethodConfig& trained_method(const Workspace& workspace, const std::string& model) {
  for (const auto& [name, method] : core::used_first(workspace.config(), workspace.config().model(model))) {
    const auto* mend = editing::find_config<editing::MendConfig>(*method);
    if (mend != nullptr && mend->training.records) return *method;
  }
  throw core::ConfigError(workspace.config().source.string() + ": models: " + model +
                          ": nothing to train: expected mend with training: {records: FILE}");
}

storage::NamedTensors named(const std::vector<std::pair<std::string, torch::Tensor>>& trained,
                            const editing::AdamState& rates, const editing::AdamState& networks, bool first) {
  storage::NamedTensors tensors;
  const auto& rate_moments = first ? rates.first_moments : rates.second_moments;
  const auto& network_moments = first ? networks.first_moments : networks.second_moments;
  if (!rate_moments.empty()) tensors.emplace(trained.front().first, to_host(rate_moments.front()));
  for (std::size_t i = 0; i < network_moments.size(); ++i) {
    tensors.emplace(trained[i + 1].first, to_host(network_moments[i]));
  }
  return tensors;
}

storage::MendTrainingProgress progress_of(const editing::MendTrainingState& state) {
  storage::MendTrainingProgress progress;
  progress.next_iteration = state.next_iteration;
  progress.num_steps = state.networks.num_steps;
  progress.best_iteration = state.best_iteration;
  progress.best_loss = state.best_loss;
  const auto trained = state.editor.trained();
  progress.first_moments = named(trained, state.rates, state.networks, true);
  progress.second_moments = named(trained, state.rates, state.networks, false);
  progress.best_tensors = trained_tensors(state.best);
  progress.best_statistics = statistics_of(state.best);
  return progress;
}

/// One training in one folder.
class Training {
 public:
  Training(Workspace& workspace, const std::string& model, TaskMonitor& monitor)
      : workspace_(workspace),
        monitor_(monitor),
        model_(model),
        identity_(workspace.facts().prerequisite(editing::kEditorKind, model).identity()),
        folder_(workspace.prerequisite_folder(editing::kEditorKind, model)),
        method_(trained_method(workspace, model)),
        config_(editing::config_of<editing::MendConfig>(method_)),
        loaded_(workspace.model(model)),
        start_(workspace.starting_network(model, method_)) {}

  bool run() {
    ledger::remove_stale_temporaries(folder_);
    if (ledger::find_committed(folder_, ledger::kEditorStem)) return true;
    const auto& training = config_.training;
    std::vector<std::string> documents;
    workspace_.confirm_input(*training.records);
    if (training.corpus) workspace_.confirm_input(*training.corpus);
    if (training.corpus) documents = data::read_corpus(*training.corpus, kMaxDocuments);
    if (monitor_.should_stop()) return false;
    const editing::MendData data(training, data::read_counterfact(*training.records), std::move(documents),
                                 loaded_->tokenizer, start_.architecture().max_positions);
    editing::MendTrainer trainer(start_, config_, data, newest_state());
    if (!train(trainer)) return false;
    check_learned(trainer);
    commit(trainer.state().best, {}, ledger::kEditorStem);
    remove_states("");
    return true;
  }

 private:
  static constexpr std::int64_t kMaxDocuments = 1'000'000;
  static constexpr double kMaxStopSeconds = 30.0;

  Workspace& workspace_;
  TaskMonitor& monitor_;
  std::string model_;
  std::string identity_;
  fs::path folder_;
  const core::MethodConfig& method_;
  const editing::MendConfig& config_;
  std::shared_ptr<const LoadedModel> loaded_;
  model::Network start_;

  /// The best editor of a training that made nothing better is the one it began with, which edits nothing to speak of.
  void check_learned(const editing::MendTrainer& trainer) const {
    const auto& state = trainer.state();
    if (state.best_iteration >= config_.training.accumulate) return;  // before, nothing was stepped
    const auto best = state.best_iteration < 0 ? std::string("no validation had a loss that is a number")
                                               : "no validation was better than that of the untrained editor (loss " +
                                                     std::to_string(state.best_loss) + ", at the end " +
                                                     std::to_string(trainer.validation().total) + ")";
    throw core::ConfigError(
        workspace_.config().source.string() + ": models: " + model_ + ": mend: training: after " +
        std::to_string(state.next_iteration) + " iterations " + best +
        "; expected an editor that learns: other learning rates, more iterations, or more patience");
  }

  /// False: told to stop; what was done up to the last step is committed, if that is not too long to wait for.
  bool train(editing::MendTrainer& trainer) {
    std::int64_t saved = trainer.state().next_iteration;
    while (!trainer.is_finished()) {
      const auto start = std::chrono::steady_clock::now();
      trainer.iterate();
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      const std::int64_t done = trainer.state().next_iteration;
      monitor_.progress(editing::kEditorKind, done, config_.training.max_iterations, seconds.count());
      if ((done - 1) % config_.training.validation_every == 0) log(trainer);
      if (trainer.is_finished()) continue;
      const bool should_stop = monitor_.should_stop();
      if (!trainer.is_between_steps()) {
        // Gradients that are pending are in no state; the iterations since the last step are made again.
        const auto left = config_.training.accumulate - (done - 1) % config_.training.accumulate;
        if (should_stop && seconds.count() * static_cast<double>(left) > kMaxStopSeconds) return false;
        continue;
      }
      if (should_stop || done - saved >= config_.training.save_every) {
        if (done > saved) commit_state(trainer.state());
        saved = done;
      }
      if (should_stop) return false;
    }
    return true;
  }

  void log(const editing::MendTrainer& trainer) const {
    const auto& losses = trainer.validation();
    core::log_info("validation " + core::log_field("model", model_) + " iteration=" +
                   std::to_string(trainer.state().next_iteration - 1) + " edit=" + std::to_string(losses.edit) +
                   " locality=" + std::to_string(losses.locality) + " total=" + std::to_string(losses.total) +
                   " best_iteration=" + std::to_string(trainer.state().best_iteration));
  }

  static std::string state_stem(std::int64_t iteration) {
    auto digits = std::to_string(iteration);
    return "training-" + std::string(10 - std::min<std::size_t>(10, digits.size()), '0') + digits;
  }

  void commit_state(const editing::MendTrainingState& state) {
    const auto stem = state_stem(state.next_iteration);
    // A damaged or older file under this name belongs to a state that was left behind.
    for (const auto& file : ledger::committed_files(folder_)) {
      if (file.stem == stem) fs::remove(file.path);
    }
    commit(state.editor, progress_of(state), stem);
    remove_states(stem);
  }

  /// All but the one with the stem `kept`.
  void remove_states(const std::string& kept) const {
    for (const auto& file : ledger::committed_files(folder_)) {
      if (file.stem.starts_with("training-") && file.stem != kept) fs::remove(file.path);
    }
  }

  void commit(const editing::MendEditor& editor, std::optional<storage::MendTrainingProgress> progress,
              const std::string& stem) {
    storage::MendEditorContents contents;
    contents.model = model_;
    contents.identity = identity_;
    contents.weights = weights_digest(workspace_, model_);
    contents.form = form_texts(editor.form);
    contents.tensors = trained_tensors(editor);
    contents.statistics = statistics_of(editor);
    contents.training = std::move(progress);
    contents.provenance = provenance(workspace_, model_);
    const auto file = workspace_.commit_file(
        folder_, stem, [&](const auto& temporary) { storage::write_mend_editor(temporary, contents); });
    monitor_.committed(file.path, 0);
  }

  /// Damaged states are put aside. One that cannot be read may be sound: the task fails then, and is tried again.
  editing::MendTrainingState newest_state() {
    const auto label = storage::mend_editor_label(model_, identity_, weights_digest(workspace_, model_));
    auto files = ledger::committed_files(folder_);
    std::erase_if(files, [](const auto& file) { return !file.stem.starts_with("training-"); });
    while (!files.empty()) {
      const auto file = files.back();  // names count iterations with leading zeros
      files.pop_back();
      const auto flaw = storage::flaw_of(file, label);
      if (!flaw) return state_of(file, label);
      ledger::quarantine(file.path, *flaw);
      core::log_warning("quarantine " + core::log_field("reason", *flaw));
    }
    return editing::initial_training_state(config_, start_);
  }

  editing::MendTrainingState state_of(const ledger::CommittedFile& file, const storage::FileLabel& label) const {
    const auto place = file.path.string();
    const auto contents = storage::read_mend_editor(file, label);
    if (!contents.training) throw core::StorageError(place + ": holds no state of a training");
    const auto& progress = *contents.training;
    editing::MendTrainingState state;
    state.next_iteration = progress.next_iteration;
    state.best_iteration = progress.best_iteration;
    state.best_loss = progress.best_loss;
    state.editor = editor_of(contents.tensors, contents.statistics, contents.form, method_, start_, place);
    state.best = editor_of(progress.best_tensors, progress.best_statistics, contents.form, method_, start_, place);
    if (progress.num_steps == 0) return state;
    for (const auto& [name, tensor] : state.editor.trained()) {
      auto& group = name == "rates" ? state.rates : state.networks;
      if (name == "rates" && !progress.first_moments.contains(name)) continue;  // rates that are not trained
      group.num_steps = progress.num_steps;
      group.first_moments.push_back(moment(progress.first_moments, name, tensor, place));
      group.second_moments.push_back(moment(progress.second_moments, name, tensor, place));
    }
    return state;
  }

  static torch::Tensor moment(const storage::NamedTensors& moments, const std::string& name,
                              const torch::Tensor& trained, const std::string& place) {
    const auto found = moments.find(name);
    if (found == moments.end() || found->second.shape != trained.sizes().vec()) {
      throw core::StorageError(place + ": Adam's moments of `" + name + "` are missing or of another shape");
    }
    return to_torch(found->second, trained.device()).to(trained.scalar_type());
  }
};

}  // namespace

bool run_editor_training(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor) {
  return Training(workspace, task.model, monitor).run();
}

std::optional<PrerequisiteContents> editor_contents(const PrerequisiteFile& file) {
  if (file.is_part) return std::nullopt;
  auto label = storage::mend_editor_label(file.model, file.identity, "");
  label.later.clear();  // the name does not say whose weights it edits
  return PrerequisiteContents{std::move(label), [](const auto& one, const auto& expected) {
                                static_cast<void>(storage::read_mend_editor(one, expected));
                              }};
}

}  // namespace lethe::worker
