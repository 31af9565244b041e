#include "worker/planning/inspect.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <type_traits>
#include <unordered_map>

#include "core/contract/identity.h"
#include "core/digest.h"
#include "core/error.h"
#include "data/corpus.h"
#include "data/counterfact.h"
#include "data/published_moments.h"
#include "data/task_examples.h"
#include "data/zip_archive.h"
#include "editing/edit_method.h"
#include "metrics/downstream.h"
#include "model/architecture.h"
#include "model/pytorch_checkpoint.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weight_files.h"

namespace lethe::worker::inline planning {
namespace {

namespace fs = std::filesystem;

/// Digest over the named files of a folder that exist.
core::Digest digest_of_files(const fs::path& folder, const std::vector<std::string>& names, InputDigests& digests) {
  core::DigestStream stream;
  for (const auto& name : names) {
    if (!fs::exists(folder / name)) continue;
    stream.update_text(name);
    stream.update_text(digests.of_file(folder / name).hex());
  }
  return stream.finish();
}

/// Files that decide the weights' content.
std::vector<std::string> weight_files(const fs::path& folder) {
  auto names = model::weight_file_names(folder);
  for (const auto& name : names) {
    if (fs::exists(folder / name)) continue;
    throw core::ModelError((folder / name).string() + ": missing, though " + names.front() +
                           " names it; copy it there");
  }
  names.emplace_back("config.json");
  std::sort(names.begin(), names.end());
  return names;
}

/// All that an edit or its scores read from a request.
void update_with_request(core::DigestStream& stream, const data::EditRequest& request) {
  for (const auto* text : {&request.prompt, &request.subject, &request.target_new, &request.target_true}) {
    stream.update_text(*text);
  }
  for (const auto* list : {&request.paraphrase_prompts, &request.neighborhood_prompts}) {
    stream.update_text(std::to_string(list->size()));
    for (const auto& text : *list) stream.update_text(text);
  }
  if (!request.neighborhood_target.empty()) stream.update_text(request.neighborhood_target);
}

/// Digest of a whole sample order and its requests, so that more edits continue (design C2).
std::string order_digest(const std::vector<data::EditRequest>& records, const std::vector<std::int64_t>& order) {
  std::unordered_map<std::int64_t, const data::EditRequest*> by_case;
  for (const auto& record : records) by_case.emplace(record.case_id, &record);
  core::DigestStream stream;
  for (const auto case_id : order) {
    stream.update_text(std::to_string(case_id));
    if (const auto found = by_case.find(case_id); found != by_case.end()) update_with_request(stream, *found->second);
  }
  return stream.finish().hex();
}

class Inspector {
 public:
  Inspector(const core::ExperimentConfig& config, const InspectionSources& sources, InputDigests& digests)
      : config_(config), sources_(sources), digests_(digests) {}

  core::Inspection inspect() {
    for (const auto& task : config_.tasks) {
      attempt([&] { read_task(task); });
    }
    for (const auto& model : config_.models) {
      if (is_used(model)) attempt([&] { inspect_model(model); });
    }
    attempt([&] { sources_.records(); });
    for (const auto& cell : config_.cells) inspect_cell(cell);
    report_requests();
    return std::move(result_);
  }

 private:
  const core::ExperimentConfig& config_;
  const InspectionSources& sources_;
  InputDigests& digests_;
  core::Inspection result_;
  std::map<std::string, core::Digest> examples_;
  std::map<std::string, data::TaskExamples> task_examples_;
  struct ModelContent {
    model::Architecture architecture;
    model::Tokenizer encoder;
    core::Digest weights;
    core::Digest tokenizer;
  };
  std::map<std::string, ModelContent> contents_;
  /// (model, what is asked of a record, case id) that were looked at, and the records that cannot be edited.
  std::set<std::tuple<std::string, std::string, std::int64_t>> checked_requests_;
  std::map<std::int64_t, std::string> bad_requests_;
  std::map<int, std::optional<std::string>> orders_;  ///< nullopt: its problem has been told

  /// Runs one step; a problem of the inputs is noted once and the inspection goes on.
  template <typename Step>
  bool attempt(const Step& step) {
    try {
      step();
      return true;
    } catch (const core::Error& error) {
      const std::string text = error.what();
      auto& problems = result_.problems;
      if (std::find(problems.begin(), problems.end(), text) == problems.end()) problems.push_back(text);
      return false;
    }
  }

  bool is_used(const core::ModelConfig& model) const {
    return std::any_of(config_.cells.begin(), config_.cells.end(),
                       [&](const core::GridCell& cell) { return cell.model == model.name; });
  }

  void read_task(const core::TaskConfig& task) {
    task_examples_.emplace(task.name, data::read_task_examples(task.examples));
    examples_.emplace(task.name, digests_.of_file(task.examples));
  }

  std::vector<int> moments_layers(const core::ModelConfig& model) const {
    std::set<int> layers;
    for (const auto& cell : config_.cells) {
      if (cell.model != model.name) continue;
      const auto needed = core::second_moment_layers(config_.method_of(cell));
      layers.insert(needed.begin(), needed.end());
    }
    return {layers.begin(), layers.end()};
  }

  void inspect_model(const core::ModelConfig& model) {
    inspect_imports(model);
    if (!fs::is_directory(model.path)) {
      throw core::ModelError(model.path.string() + ": model folder of " + model.name +
                             " not found; put a Hugging Face folder (config.json, model.safetensors, vocab.json, "
                             "merges.txt) there or change its `path:`");
    }
    ModelContent content{model::read_architecture(model.path), model::Tokenizer::from_folder(model.path), {}, {}};
    content.weights = digest_of_files(model.path, weight_files(model.path), digests_);
    content.tokenizer =
        digest_of_files(model.path, {"vocab.json", "merges.txt", "encoder.json", "vocab.bpe"}, digests_);
    check_layers(model, content.architecture);
    for (const auto& task : config_.tasks) {
      const auto examples = task_examples_.find(task.name);
      if (examples == task_examples_.end()) continue;
      attempt([&] { metrics::prepare_task(task, examples->second, content.encoder, content.architecture); });
    }
    result_.models.push_back(facts_of(model, content));
    contents_.emplace(model.name, std::move(content));
  }

  /// Published files beside a model: all of them are looked at, whatever else is missing.
  void inspect_imports(const core::ModelConfig& model) {
    if (model.second_moments && model.second_moments->is_published()) {
      for (const int layer : moments_layers(model)) {
        attempt([&] { check_moments_file(model, layer); });
      }
    }
    for (const auto& cell : config_.cells) {
      if (cell.model != model.name) continue;
      const auto* mend = std::get_if<core::MendConfig>(&config_.method_of(cell));
      if (mend != nullptr && mend->editor) attempt([&] { check_editor_file(*mend->editor, model.name); });
    }
  }

  core::ModelFacts facts_of(const core::ModelConfig& model, const ModelContent& content) {
    core::ModelFacts facts;
    facts.name = model.name;
    facts.family = content.architecture.family->name;
    facts.num_layers = content.architecture.num_layers;
    facts.width = content.architecture.width;
    facts.inner_width = content.architecture.inner_width;
    facts.vocab_size = content.architecture.vocab_size;
    facts.max_positions = content.architecture.max_positions;
    facts.num_parameters = content.architecture.num_parameters();
    facts.moments_layers = moments_layers(model);
    if (!facts.moments_layers.empty()) {
      attempt([&] {
        facts.moments_identity = identity_of_moments(model, content, facts.moments_layers);
        inspect_corpus(model, content, facts);
      });
    }
    if (examples_.size() == config_.tasks.size()) {
      facts.baseline_identity =
          core::baseline_identity(config_, content.weights, content.tokenizer, examples_).short_hex();
    }
    inspect_editor(facts, model, content);
    return facts;
  }

  /// The identity of the editor's training, where the config says how to train one.
  void inspect_editor(core::ModelFacts& facts, const core::ModelConfig& model, const ModelContent& content) {
    for (const auto& [name, method] : model.methods) {
      const auto* mend = std::get_if<core::MendConfig>(&method);
      if (mend == nullptr) continue;
      facts.needs_editor = !mend->editor && std::any_of(config_.cells.begin(), config_.cells.end(), [&](const auto& c) {
        return c.model == model.name && c.method == name;
      });
      const auto& training = mend->training;
      // Beside an editor, training may name inputs that are not there: nothing is trained.
      if (!training.records || (mend->editor && !fs::exists(*training.records))) continue;
      if (facts.needs_editor && !has_training_inputs(training, model.name)) continue;
      attempt([&] {
        core::EditorInputs inputs{content.weights, content.tokenizer, digests_.of_file(*training.records), ""};
        if (training.corpus) inputs.corpus = digests_.of_file(*training.corpus).hex();
        facts.editor_identity = core::editor_identity(config_, *mend, inputs).short_hex();
      });
    }
  }

  /// What an editor is trained on is there and holds something; what is wrong becomes a problem.
  bool has_training_inputs(const core::MendTrainingConfig& training, const std::string& model) {
    const bool has_records = attempt([&] {
      check_training_file(*training.records, model, "records");
      static_cast<void>(data::read_counterfact(*training.records));
    });
    const bool has_corpus = !training.corpus || attempt([&] {
      check_training_file(*training.corpus, model, "corpus");
      static_cast<void>(data::read_corpus(*training.corpus, 1));
    });
    return has_records && has_corpus;
  }

  static void check_training_file(const fs::path& path, const std::string& model, const std::string& key) {
    if (fs::exists(path)) return;
    throw core::DataError(path.string() + ": is not there; MEND's editor of " + model +
                          " is trained on it: put it there, change `training: {" + key + "}`, or name an `editor:`");
  }

  /// What stands for a cell's editor in its identity; empty for methods without one.
  std::string editor_content(const core::MethodConfig& method, const core::ModelFacts& model) {
    const auto* mend = std::get_if<core::MendConfig>(&method);
    if (mend == nullptr) return "";
    if (!mend->editor) return "training " + model.editor_identity;
    check_editor_file(*mend->editor, model.name);
    return "file " + digests_.of_file(*mend->editor).hex();
  }

  /// A published editor's directory and pickle are read: a cut or foreign file is found before the sweep starts.
  static void check_editor_file(const fs::path& path, const std::string& model) {
    if (!fs::exists(path)) {
      throw core::DataError(path.string() + ": the editor of " + model +
                            " is not there; put it there, change `editor:`, or leave it out to have one trained");
    }
    if (path.extension() == ".pt") static_cast<void>(model::read_pytorch_checkpoint(path));
  }

  /// The directory of a layer's published file is read, for the same reason.
  static void check_moments_file(const core::ModelConfig& model, int layer) {
    const auto path = data::moments_file_of(model.second_moments->npz, layer);
    if (!fs::exists(path)) {
      throw core::DataError(path.string() + ": second moments of layer " + std::to_string(layer) + " of " + model.name +
                            " are not there; fetch them (scripts/fetch-real) or name a corpus instead");
    }
    static_cast<void>(data::ZipArchive(path));
  }

  core::Digest published_digest(const core::ModelConfig& model, int layer) {
    check_moments_file(model, layer);
    return digests_.of_file(data::moments_file_of(model.second_moments->npz, layer));
  }

  std::string identity_of_moments(const core::ModelConfig& model, const ModelContent& content,
                                  const std::vector<int>& layers) {
    if (!model.second_moments) {
      throw core::DataError(config_.source.string() + ": models: " + model.name +
                            ": its cells need second moments; add second_moments: {corpus: <text file>}");
    }
    if (model.second_moments->is_published()) {
      core::MomentsInputs inputs{content.weights, content.tokenizer, {}};
      for (const int layer : layers) inputs.published.emplace(layer, published_digest(model, layer));
      return core::moments_identity(config_, model, inputs).short_hex();
    }
    const auto corpus = digests_.of_file(model.second_moments->corpus);
    return core::moments_identity(config_, model, {content.weights, content.tokenizer, corpus}).short_hex();
  }

  void inspect_corpus(const core::ModelConfig& model, const ModelContent& content, core::ModelFacts& facts) {
    if (!model.second_moments || model.second_moments->is_published()) return;
    const auto& config = *model.second_moments;
    const auto size = digests_.size_of_corpus(config.corpus, config.max_documents);
    facts.moments_documents = size.num_documents;
    check_tokens(model, size, content.architecture);
  }

  /// Fewer tokens than dimensions give a matrix that cannot be inverted: told before anything is computed, where the
  /// corpus is small enough to be sure. A larger one is checked when its sum is factored.
  void check_tokens(const core::ModelConfig& model, const data::CorpusSize& size,
                    const model::Architecture& architecture) const {
    constexpr std::int64_t kBytesPerToken = 16;  // hardly any text has longer ones on average
    const auto& config = *model.second_moments;
    const std::int64_t wanted = architecture.inner_width;
    const bool has_many_bytes = size.num_bytes >= kBytesPerToken * wanted;
    const std::int64_t row_tokens = std::min<std::int64_t>(architecture.max_positions, config.batch_tokens);
    const std::int64_t most = size.num_documents * row_tokens;
    const std::int64_t limit = config.max_tokens > 0 ? config.max_tokens + config.batch_tokens : most;
    if (has_many_bytes && most >= wanted && limit >= wanted) return;
    std::int64_t tokens = std::min(most, limit);
    if (!has_many_bytes) tokens = std::min(tokens, count_tokens(model, row_tokens));
    if (tokens >= wanted) return;
    throw core::DataError(config.corpus.string() + ": gives at most " + std::to_string(tokens) +
                          " tokens for the second moments of " + model.name + ", fewer than their " +
                          std::to_string(wanted) +
                          " dimensions, so they could not be inverted; take a larger corpus, or larger "
                          "max_documents, max_tokens or batch_tokens");
  }

  static std::int64_t count_tokens(const core::ModelConfig& model, std::int64_t row_tokens) {
    const auto tokenizer = model::Tokenizer::from_folder(model.path);
    std::int64_t tokens = 0;
    for (const auto& document : data::read_corpus(model.second_moments->corpus, model.second_moments->max_documents)) {
      tokens += std::min(row_tokens, static_cast<std::int64_t>(tokenizer.encode(document).size()));
    }
    return tokens;
  }

  void check_layers(const core::ModelConfig& model, const model::Architecture& architecture) {
    for (const auto& [name, method] : model.methods) {
      const auto layers = core::edited_layers(method, architecture.num_layers);
      if (layers.empty() || layers.back() < architecture.num_layers) continue;
      throw core::DataError(config_.source.string() + ": models: " + model.name + ": " + name + ": layer " +
                            std::to_string(layers.back()) + " does not exist; the model has layers 0 to " +
                            std::to_string(architecture.num_layers - 1));
    }
  }

  const std::optional<std::string>& order_content(int sample) {
    const auto known = orders_.find(sample);
    if (known != orders_.end()) return known->second;
    std::optional<std::string> content;
    attempt([&] { content = order_digest(sources_.records(), sources_.order(sample)); });
    return orders_.emplace(sample, std::move(content)).first->second;
  }

  std::string contexts_digest(const core::MethodConfig& method) {
    const auto file = core::contexts_file(method);
    return file ? digests_.of_file(*file).hex() : "";
  }

  void inspect_cell(const core::GridCell& cell) {
    core::CellFacts facts;
    facts.cell = cell;
    facts.edits = config_.edits.at(cell);
    const auto& order = order_content(cell.sample);
    std::vector<data::EditRequest> requests;
    const bool is_selected =
        order && attempt([&] {
          requests = data::select_requests(sources_.records(), sources_.order(cell.sample), facts.edits, cell.sample);
        });
    const auto content = contents_.find(cell.model);
    if (content != contents_.end()) {
      const auto& architecture = content->second.architecture;
      core::set_sizes(facts, config_.method_of(cell), architecture.num_layers, architecture.width,
                      architecture.inner_width);
      check_requests(cell, requests, content->second);
      if (is_selected) attempt([&] { add_identities(facts, content->second, *order); });
    }
    result_.cells.push_back(std::move(facts));
  }

  /// Requests that the cell's method could not edit whatever the weights are.
  void check_requests(const core::GridCell& cell, const std::vector<data::EditRequest>& requests,
                      const ModelContent& content) {
    const auto& method = config_.method_of(cell);
    // All methods that give the subject a value ask the same of a record.
    const std::string question = std::visit(
        [&]<typename Config>(const Config&) {
          return std::is_base_of_v<core::ValueOptimizationConfig, Config> ? std::string("subject") : cell.method;
        },
        method);
    for (const auto& request : requests) {
      if (!checked_requests_.emplace(cell.model, question, request.case_id).second) continue;
      try {
        editing::check_request(method, request, content.encoder, content.architecture);
      } catch (const core::DataError& error) {
        const auto name = "case " + std::to_string(request.case_id) + ": ";
        const std::string text = error.what();
        bad_requests_.emplace(request.case_id, text.starts_with(name) ? text : name + text);
      }
    }
  }

  void report_requests() {
    constexpr std::size_t kMostListed = 20;
    const auto place = config_.dataset.records.string() + ": ";
    std::size_t num_listed = 0;
    for (const auto& [case_id, text] : bad_requests_) {
      if (num_listed++ == kMostListed) break;
      result_.problems.push_back(place + text);
    }
    if (bad_requests_.size() <= kMostListed) return;
    result_.problems.push_back(place + "and " + std::to_string(bad_requests_.size() - kMostListed) +
                               " more records that cannot be edited");
  }

  void add_identities(core::CellFacts& facts, const ModelContent& content, const std::string& order) {
    const auto& method = config_.method_of(facts.cell);
    core::EditInputs inputs;
    inputs.weights = content.weights;
    inputs.tokenizer = content.tokenizer;
    inputs.requests = order;
    inputs.contexts_digest = contexts_digest(method);
    inputs.editor = editor_content(method, result_.model(facts.cell.model));
    if (const auto layers = core::second_moment_layers(method); !layers.empty()) {
      // Of published files, only those of the method's own layers matter to its edits.
      inputs.moments_identity = identity_of_moments(config_.model(facts.cell.model), content, layers);
    }
    const auto identity = core::edit_identity(config_, facts.cell, inputs);
    facts.edit_identity = identity.short_hex();
    facts.edit_identity_fields = identity.fields;
    for (const auto part : core::kAllReductionParts) {
      if (part == core::ReductionPart::kTasks && examples_.size() != config_.tasks.size()) continue;
      facts.reduction_identities[std::string(core::to_string(part))] =
          core::reduction_identity(part, config_, examples_).short_hex();
    }
  }
};

}  // namespace

core::Inspection inspect(const core::ExperimentConfig& config, const InspectionSources& sources,
                         InputDigests& digests) {
  return Inspector(config, sources, digests).inspect();
}

}  // namespace lethe::worker::inline planning
