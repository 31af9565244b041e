#include "worker/workspace.h"

#include <dlfcn.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include "core/error.h"
#include "data/counterfact.h"
#include "data/task_examples.h"
#include "editing/edit_method.h"
#include "ledger/durable_file.h"
#include "storage/second_moment_file.h"
#include "worker/planning/inspect.h"
#include "worker/planning/prerequisite_kinds.h"

namespace lethe::worker {
namespace {

editing::SecondMoment read_moment(const std::filesystem::path& folder, const std::string& model,
                                  const MomentsPlan& plan, int layer) {
  const auto found = ledger::find_committed(folder, ledger::moments_stem(layer));
  if (!found) {
    throw core::StorageError(folder.string() + ": second moments of layer " + std::to_string(layer) +
                             " are not there yet; run `lethe stats` or the sweep");
  }
  const auto stored = storage::read_second_moment(*found, storage::second_moment_label(model, plan.identity, layer));
  const auto width = stored.inner_width;
  if (width != plan.inner_width) {
    throw core::MismatchError(found->path.string() + ": /second_moment: is a matrix of width " + std::to_string(width) +
                              ", the model's inner width is " + std::to_string(plan.inner_width) +
                              "; move it away and run the sweep again");
  }
  auto values = torch::empty({width, width}, torch::kFloat64);
  std::copy(stored.values.begin(), stored.values.end(), values.data_ptr<double>());
  return {values, stored.count};
}

}  // namespace

Workspace::Workspace(core::ExperimentConfig config, std::filesystem::path out, Purpose purpose)
    : config_(std::move(config)),
      folder_(std::move(out)),
      has_folder_(std::filesystem::exists(folder_.root())),
      purpose_(purpose),
      digests_(folder_.input_digests()) {}

ledger::CommittedFile Workspace::commit_file(const std::filesystem::path& folder, std::string_view stem,
                                             const ledger::FileWriter& write, std::string_view extension) {
  make_root();
  ledger::make_folder_below(folder_.root(), folder);
  return ledger::commit_file(folder, stem, write, extension);
}

void Workspace::save_digests() {
  make_root();
  digests_.save();
}

void Workspace::make_root() {
  if (!has_folder_) ledger::make_folder(folder_.root());
  has_folder_ = true;
}

const CommittedResults& Workspace::results() {
  if (!results_) results_.emplace(folder_);
  return *results_;
}

const ModelInputs& Workspace::model_inputs(const std::string& name) {
  const auto known = model_inputs_.find(name);
  if (known != model_inputs_.end()) return known->second;
  return model_inputs_.emplace(name, read_model_inputs(config_.model(name), digests_)).first->second;
}

const std::string& Workspace::edit_identity(const core::GridCell& cell) {
  if (purpose_ == Purpose::kWork) return facts().cell(cell).edit_identity;
  const auto known = committed_identities_.find(cell);
  if (known != committed_identities_.end()) return known->second;
  return committed_identities_.emplace(cell, results().edit_identity(cell)).first->second;
}

const std::vector<data::EditRequest>& Workspace::records() {
  if (!records_) records_ = data::read_records(config_.dataset);
  return *records_;
}

const std::vector<std::int64_t>& Workspace::order(int sample) {
  if (!samples_) samples_ = data::orders_of(config_.dataset, records());
  const auto found = samples_->find(sample);
  if (found == samples_->end()) {
    const auto& dataset = config_.dataset;
    const auto place =
        dataset.has_published_orders() ? config_.source.string() + ": samples: published" : dataset.samples.string();
    throw core::DataError(place + ": has no sample order \"" + std::to_string(sample) + "\"; it has " +
                          std::to_string(samples_->size()) + " orders");
  }
  return found->second;
}

std::vector<data::EditRequest> Workspace::requests(const core::GridCell& cell) {
  return requests(cell, config_.edits.at(cell));
}

std::vector<data::EditRequest> Workspace::requests(const core::GridCell& cell, std::int64_t num_edits) {
  return data::select_requests(records(), order(cell.sample), num_edits, cell.sample);
}

const Findings& Workspace::findings() {
  if (!findings_) {
    const InspectionSources sources{[this]() -> decltype(auto) { return records(); },
                                    [this](int sample) -> decltype(auto) { return order(sample); }};
    findings_ = inspect(config_, sources, digests_);
  }
  return *findings_;
}

const core::Inspection& Workspace::inspection() { return findings().inspection; }

const MomentsPlan& Workspace::moments_plan(const std::string& model) {
  static_cast<void>(facts().prerequisite(kMomentsKind, model));  // throws if there is none
  return findings().moments.at(model);
}

std::filesystem::path Workspace::prerequisite_folder(const std::string& kind, const std::string& model) {
  return folder_.root() / facts().prerequisite(kind, model).folder;
}

const core::Inspection& Workspace::facts() {
  const auto& all = inspection();
  if (all.problems.empty()) return all;
  std::string text = "the inputs have " + std::to_string(all.problems.size()) + " problem(s):";
  for (const auto& problem : all.problems) text += "\n  " + problem;
  throw core::DataError(text);
}

std::filesystem::path Workspace::cell_folder(const core::GridCell& cell) {
  return folder_.cell(cell, edit_identity(cell));
}

std::shared_ptr<const LoadedModel> Workspace::model(const std::string& name) {
  if (model_ && model_->name == name) return model_;
  factors_.clear();
  padded_.reset();
  model_.reset();  // frees the former model before the next is loaded
  const auto& config = config_.model(name);
  const auto& path = config.path;
  auto tokenizer = model::Tokenizer::from_folder(path);
  auto weights = model::load_weights(path, device_of(config_), torch::kFloat32, held_as(config));
  digests_.hold(path, tokenizer.digest());
  for (const auto& [file, digest] : weights->files()) digests_.hold(path / file, digest);
  std::vector<metrics::PreparedTask> tasks;
  if (purpose_ == Purpose::kWork) {
    for (const auto& task : config_.tasks) {
      confirm_input(task.examples);
      tasks.push_back(
          metrics::prepare_task(task, data::read_task_examples(task.examples), tokenizer, weights->architecture()));
    }
  }
  model_ = std::make_shared<const LoadedModel>(
      LoadedModel{name, std::move(tokenizer), model::Network(std::move(weights)), std::move(tasks)});
  return model_;
}

std::shared_ptr<const editing::MomentFactor> Workspace::moment_factor(const std::string& name, int layer) {
  const auto loaded = model(name);
  auto& factor = factors_[layer];
  if (!factor) {
    const auto folder = prerequisite_folder(kMomentsKind, name);
    const bool is_on_host = config_.model(name).second_moment_placement == core::SecondMomentPlacement::kHost;
    factor = std::make_shared<const editing::MomentFactor>(
        read_moment(folder, name, moments_plan(name), layer), layer,
        is_on_host ? torch::Device(torch::kCPU) : loaded->unedited.device());
  }
  return factor;
}

editing::SecondMoment Workspace::second_moment(const std::string& name, int layer) {
  return read_moment(prerequisite_folder(kMomentsKind, name), name, moments_plan(name), layer);
}

model::Network Workspace::starting_network(const std::string& name, const core::MethodConfig& method) {
  const auto loaded = model(name);
  if (!editing::changes_vocabulary(method)) return loaded->unedited;
  if (!padded_) padded_ = editing::starting_network(method, loaded->unedited, config_.seed);
  return *padded_;
}

namespace {

/// OpenBLAS keeps threads of its own, beside LibTorch's; other BLAS libraries follow LibTorch's number.
void set_blas_threads(int num_threads) {
  using SetThreads = void (*)(int);
  if (auto* set = reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(num_threads);
}

}  // namespace

// Activations of a few hundred KB are allocated and freed thousands of times per edit. Handing each back to the kernel
// costs more than the arithmetic (measured: over half of an edit's time in page faults).
void keep_freed_memory() {
  constexpr int kOneGiB = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kOneGiB);
  ::mallopt(M_TRIM_THRESHOLD, kOneGiB);
}

namespace {

/// Sums in one order on a GPU: gradients of gathered rows without atomics, cuBLAS with workspaces of its own. Where
/// LibTorch has no such kernel it only says so; the operations that lethe uses then meet each element once.
void fix_order_of_sums() {
  // Read when cuBLAS starts, and again by LibTorch's check. The environment that a user has must not decide bits.
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 1);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
#if TORCH_VERSION_MAJOR >= 2
  at::globalContext().setDeterministicFillUninitializedMemory(false);  // nothing is read before it is written
#endif
}

}  // namespace

void configure_numerics(const core::ExperimentConfig& config) {
  at::set_num_threads(config.threads);
  set_blas_threads(config.threads);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);
  if (config.device != "cpu") fix_order_of_sums();
}

}  // namespace lethe::worker
