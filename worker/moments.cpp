#include "worker/moments.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>

#include "core/config/schedule.h"
#include "core/error.h"
#include "core/fault.h"
#include "core/log.h"
#include "data/corpus.h"
#include "editing/second_moments.h"
#include "storage/second_moment_file.h"
#include "worker/import_moments.h"
#include "worker/moments_notes.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/prerequisite_file.h"
#include "worker/provenance.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;

/// One model's second moments, as far as they are and where they go.
class MomentsRun {
 public:
  MomentsRun(Workspace& workspace, const std::string& model, TaskMonitor& monitor)
      : workspace_(workspace),
        model_(model),
        plan_(workspace.moments_plan(model)),
        config_(config_of(workspace, model)),
        folder_(workspace.prerequisite_folder(kMomentsKind, model)),
        slices_folder_(folder_ / ledger::kSlicesFolder),
        slices_(core::slices_of(config_, plan_.num_documents)),
        monitor_(monitor) {
    ledger::remove_stale_temporaries(folder_);
    ledger::remove_stale_temporaries(slices_folder_);
    const auto there = ledger::committed_moment_layers(folder_);
    for (const int layer : plan_.layers) {
      if (std::find(there.begin(), there.end(), layer) == there.end()) missing_.push_back(layer);
    }
  }

  bool run_slice(std::int64_t slice) {
    if (slice < 0 || slice >= num_slices()) {
      throw core::ConfigError("slice " + std::to_string(slice) + " of " + std::to_string(num_slices()) +
                              " slices of the corpus of " + model_ +
                              "; the sweep and its executor read different configs or corpora: start it again");
    }
    std::vector<int> layers = missing_;
    for (const auto& file : ledger::committed_moment_slices(slices_folder_)) {
      if (file.slice == slice) std::erase(layers, file.layer);
    }
    return for_each_group(layers, [&](const std::vector<int>& group) { return sum_slice(slice, group); });
  }

  bool run_all() {
    if (config_.is_published()) return import_moments(workspace_, model_, missing_, monitor_);
    const bool is_complete = num_slices() == 1
                                 ? for_each_group(missing_, [&](const auto& group) { return sum_whole(group); })
                                 : run_slices() && add_slices();
    if (is_complete) remove_partial_sums();
    return is_complete;
  }

 private:
  Workspace& workspace_;
  std::string model_;
  const MomentsPlan& plan_;
  const core::SecondMomentConfig& config_;
  fs::path folder_;
  fs::path slices_folder_;
  std::vector<core::CorpusSlice> slices_;
  TaskMonitor& monitor_;
  std::vector<int> missing_;  // layers without a committed C

  static const core::SecondMomentConfig& config_of(Workspace& workspace, const std::string& model) {
    const auto& config = workspace.config().model(model).second_moments;
    if (!config)
      throw core::ConfigError("model " + model + " needs second_moments: {corpus: ...} or {npz: ...} for its cells");
    return *config;
  }

  [[nodiscard]] std::int64_t num_slices() const { return static_cast<std::int64_t>(slices_.size()); }

  /// As many layers at a time as fit the memory that the config gives their sums; the sums do not depend on it.
  template <typename Visit>
  bool for_each_group(const std::vector<int>& layers, const Visit& visit) const {
    const auto bytes = 8 * editing::PanelTriangle::num_values(plan_.inner_width);
    const auto wanted = config_.memory_gb > 0.0 ? static_cast<std::size_t>(core::bytes_of_gb(config_.memory_gb) / bytes)
                                                : layers.size();
    const std::size_t group_size = std::max<std::size_t>(1, wanted);
    for (std::size_t begin = 0; begin < layers.size(); begin += group_size) {
      const auto end = std::min(layers.size(), begin + group_size);
      if (!visit(std::vector<int>(layers.begin() + static_cast<std::ptrdiff_t>(begin),
                                  layers.begin() + static_cast<std::ptrdiff_t>(end)))) {
        return false;
      }
    }
    return true;
  }

  struct Pass {
    editing::SecondMomentAccumulator sums;
    std::int64_t num_documents = 0;  // with at least one token
    std::int64_t num_tokens_cut = 0;
    bool is_complete = false;
  };

  Pass read_corpus(const LoadedModel& loaded, const core::CorpusSlice& slice, const std::vector<int>& layers) {
    const torch::NoGradGuard no_grad;
    Pass pass{editing::SecondMomentAccumulator(loaded.unedited, layers)};
    workspace_.confirm_input(config_.corpus);
    data::CorpusReader reader(config_.corpus);
    if (reader.skip(slice.first_document) < slice.first_document) fail_shrunken();
    std::int64_t position = slice.first_document;
    while (position < slice.last_document && !is_enough(pass)) {
      const auto group = read_group(reader, slice.last_document - position);
      position += static_cast<std::int64_t>(group.size());
      const auto packed = editing::pack_documents(group, loaded.tokenizer, loaded.unedited.architecture().max_positions,
                                                  config_.batch_tokens);
      pass.num_tokens_cut += packed.num_tokens_cut;
      for (const auto& batch : packed.batches) {
        if (monitor_.should_stop()) return pass;
        if (is_enough(pass)) break;
        const auto start = std::chrono::steady_clock::now();
        pass.sums.add(model::pad_rows(batch, loaded.unedited.device()));
        pass.num_documents += static_cast<std::int64_t>(batch.size());
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        monitor_.progress("moments", position - slice.first_document, slice.last_document - slice.first_document,
                          seconds.count());
      }
    }
    pass.is_complete = true;
    return pass;
  }

  [[nodiscard]] bool is_enough(const Pass& pass) const {
    return config_.max_tokens > 0 && pass.sums.count() >= config_.max_tokens;
  }

  std::vector<std::string> read_group(data::CorpusReader& reader, std::int64_t num_left) const {
    std::vector<std::string> group;
    const auto size = std::min<std::int64_t>(num_left, editing::kDocumentsPerGroup);
    while (static_cast<std::int64_t>(group.size()) < size) {
      auto document = reader.next();
      if (!document) fail_shrunken();
      group.push_back(std::move(*document));
    }
    return group;
  }

  [[noreturn]] void fail_shrunken() const {
    throw core::DataError(config_.corpus.string() + ": holds fewer documents than the " +
                          std::to_string(plan_.num_documents) +
                          " that were counted when the sweep was planned; has it been changed? Run the sweep again");
  }

  bool sum_whole(const std::vector<int>& layers) {
    const auto loaded = workspace_.model(model_);
    const auto pass = read_corpus(*loaded, slices_.front(), layers);
    if (!pass.is_complete) return false;
    for (const auto& [layer, sum] : pass.sums.sums()) {
      commit(layer, sum, {pass.sums.count(), pass.num_documents, pass.num_tokens_cut});
    }
    return true;
  }

  bool sum_slice(std::int64_t slice, const std::vector<int>& layers) {
    const auto loaded = workspace_.model(model_);
    const auto pass = read_corpus(*loaded, slices_.at(static_cast<std::size_t>(slice)), layers);
    if (!pass.is_complete) return false;
    for (const auto& [layer, sum] : pass.sums.sums()) {
      storage::MomentSumContents contents{model_,
                                          plan_.identity,
                                          layer,
                                          slice,
                                          plan_.inner_width,
                                          editing::PanelTriangle::kPanelRows,
                                          pass.sums.count(),
                                          pass.num_documents,
                                          pass.num_tokens_cut,
                                          {},
                                          provenance(workspace_, model_)};
      const auto values = sum.values().to(torch::kCPU).contiguous();
      const auto file = workspace_.commit_file(
          slices_folder_, ledger::moment_slice_stem(slice, layer),
          [&](const auto& temporary) { storage::write_moment_sum(temporary, contents, span_of(values)); });
      monitor_.committed(file.path, 0);
    }
    return true;
  }

  bool run_slices() {
    for (std::int64_t slice = 0; slice < num_slices(); ++slice) {
      if (!run_slice(slice)) return false;
    }
    return true;
  }

  /// Adds the slices of each missing layer in their order.
  bool add_slices() {
    for (const int layer : missing_) {
      editing::PanelTriangle sum(plan_.inner_width, torch::kCPU);
      Counts counts;
      std::int64_t num_added = 0;
      for (const auto& file : ledger::committed_moment_slices(slices_folder_)) {
        if (file.layer != layer) continue;
        if (monitor_.should_stop()) return false;
        const auto start = std::chrono::steady_clock::now();
        const auto part = read_part(file);
        auto values = torch::from_blob(const_cast<double*>(part.values.data()),
                                       {static_cast<std::int64_t>(part.values.size())}, torch::kFloat64);
        sum.add(editing::PanelTriangle(plan_.inner_width, values));
        counts.num_tokens += part.count;
        counts.num_documents += part.num_documents;
        counts.num_tokens_cut += part.num_tokens_cut;
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        monitor_.progress("moments", ++num_added, num_slices(), seconds.count());
      }
      if (num_added != num_slices()) {
        throw core::StorageError(slices_folder_.string() + ": " + std::to_string(num_added) + " of " +
                                 std::to_string(num_slices()) + " partial sums of layer " + std::to_string(layer) +
                                 " are there; run the sweep again");
      }
      commit(layer, sum, counts);
    }
    return true;
  }

  /// A damaged or foreign partial sum goes to quarantine, so that the next try computes it again. One that cannot be
  /// read may be sound, and stays.
  storage::MomentSumContents read_part(const ledger::MomentSliceFile& file) const {
    const auto label = storage::moment_sum_label(model_, plan_.identity, file.layer, file.slice);
    if (const auto flaw = storage::flaw_of(file.file, label)) reject_part(file, *flaw);
    auto part = storage::read_moment_sum(file.file, label);
    const bool fits =
        part.inner_width == plan_.inner_width && part.panel_rows == editing::PanelTriangle::kPanelRows &&
        static_cast<std::int64_t>(part.values.size()) == editing::PanelTriangle::num_values(plan_.inner_width);
    if (!fits) reject_part(file, file.file.path.string() + ": is a sum of another width or in other panels");
    return part;
  }

  [[noreturn]] static void reject_part(const ledger::MomentSliceFile& file, const std::string& flaw) {
    ledger::quarantine(file.file.path, flaw);
    throw core::StorageError(flaw + "; it was put in quarantine and is computed again");
  }

  /// Of the corpus, as far as it was read.
  struct Counts {
    std::int64_t num_tokens = 0;  // summed
    std::int64_t num_documents = 0;
    std::int64_t num_tokens_cut = 0;
  };

  void commit(int layer, const editing::PanelTriangle& sum, const Counts& counts) {
    const auto num_documents = counts.num_documents;
    if (num_documents < config_.max_documents && config_.max_tokens == 0) {
      core::log_info("second moments of " + model_ + " over " + std::to_string(num_documents) +
                     " documents, fewer than max_documents " + std::to_string(config_.max_documents) + ", " +
                     core::log_field("corpus", config_.corpus.string()));
    }
    const auto moment = editing::second_moment_of(sum, counts.num_tokens);
    storage::SecondMomentContents contents;
    contents.model = model_;
    contents.identity = plan_.identity;
    contents.layer = layer;
    contents.inner_width = plan_.inner_width;
    contents.count = counts.num_tokens;
    contents.num_documents = num_documents;
    contents.provenance = provenance(workspace_, model_);
    note_condition(contents.provenance, workspace_, model_, moment, layer);
    note_tokens_cut(contents.provenance, counts.num_tokens, counts.num_tokens_cut);
    const auto file = workspace_.commit_file(folder_, ledger::moments_stem(layer), [&](const auto& temporary) {
      storage::write_second_moment(temporary, contents, span_of(moment.moment_FF));
    });
    monitor_.committed(file.path, 0);
  }

  /// Every layer's C is committed: nothing needs its parts any more.
  void remove_partial_sums() const {
    core::fault_point("moments.clear");
    for (const auto& file : ledger::committed_moment_slices(slices_folder_)) fs::remove(file.file.path);
    std::error_code ignored;
    fs::remove(slices_folder_, ignored);  // stays if something else is in it
  }

  static std::span<const double> span_of(const torch::Tensor& values) {
    return {values.data_ptr<double>(), static_cast<std::size_t>(values.numel())};
  }
};

}  // namespace

bool run_moments(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor) {
  MomentsRun run(workspace, task.model, monitor);
  return task.slice ? run.run_slice(*task.slice) : run.run_all();
}

std::optional<PrerequisiteContents> moments_contents(const PrerequisiteFile& file) {
  if (file.is_part) {
    const auto part = ledger::moment_slice_of(file.file.stem);
    if (!part) return std::nullopt;
    return PrerequisiteContents{
        storage::moment_sum_label(file.model, file.identity, part->layer, part->slice),
        [](const auto& one, const auto& label) { static_cast<void>(storage::read_moment_sum(one, label)); }};
  }
  const auto layer = ledger::layer_of_stem(file.file.stem);
  if (!layer) return std::nullopt;
  return PrerequisiteContents{
      storage::second_moment_label(file.model, file.identity, *layer),
      [](const auto& one, const auto& label) { static_cast<void>(storage::read_second_moment(one, label)); }};
}

}  // namespace lethe::worker
