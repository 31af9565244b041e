#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "core/config/schedule.h"
#include "core/contract/identity.h"
#include "core/error.h"
#include "data/corpus.h"
#include "data/published_moments.h"
#include "editing/panel_triangle.h"
#include "editing/price.h"
#include "ledger/sweep_folder.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/planning/prices.h"

namespace lethe::worker::inline planning {
namespace {

namespace fs = std::filesystem;

constexpr double kTokensPerDocument = 440.0;  // of an encyclopedia; measured: 44 M tokens in 100,000 articles
constexpr double kStepsPerPass = 100.0;       // at least, between two signs of life

std::vector<int> moments_layers(const core::ExperimentConfig& config, const core::ModelConfig& model) {
  std::set<int> layers;
  for (const auto& cell : config.cells) {
    if (cell.model != model.name) continue;
    const auto& method = config.method_of(cell);
    const auto needed = method->second_moment_layers();
    layers.insert(needed.begin(), needed.end());
    for (const auto& use : method->artifacts()) layers.insert(use.moment_layers.begin(), use.moment_layers.end());
  }
  return {layers.begin(), layers.end()};
}

/// The headers of a layer's published file are read: a cut or foreign one is found before the sweep starts.
void check_moments_file(const core::ModelConfig& model, int layer, std::optional<std::int64_t> inner_width) {
  const auto path = data::moments_file_of(model.second_moments->npz, layer);
  if (!fs::exists(path)) {
    throw core::DataError(path.string() + ": second moments of layer " + std::to_string(layer) + " of " + model.name +
                          " are not there; fetch them (scripts/fetch-real) or name a corpus instead");
  }
  data::check_published_moments_header(path, inner_width);
}

std::int64_t count_tokens(const core::ModelConfig& model, const model::Tokenizer& tokenizer, std::int64_t row_tokens) {
  std::int64_t tokens = 0;
  for (const auto& document : data::read_corpus(model.second_moments->corpus, model.second_moments->max_documents)) {
    tokens += std::min(row_tokens, static_cast<std::int64_t>(tokenizer.encode_prompt(document).size()));
  }
  return tokens;
}

/// Fewer tokens than dimensions give a matrix that cannot be inverted: told before anything is computed, where the
/// corpus is small enough to be sure. A larger one is checked when its sum is factored.
void check_tokens(const PrerequisiteContext& context, const data::CorpusSize& size) {
  constexpr std::int64_t kBytesPerToken = 16;  // hardly any text has longer ones on average
  const auto& config = *context.model.second_moments;
  const std::int64_t wanted = context.inputs.architecture.inner_width;
  const bool has_many_bytes = size.num_bytes >= kBytesPerToken * wanted;
  const std::int64_t row_tokens =
      std::min<std::int64_t>(context.inputs.architecture.max_positions, config.batch_tokens);
  const std::int64_t most = size.num_documents * row_tokens;
  const std::int64_t limit = config.max_tokens > 0 ? config.max_tokens + config.batch_tokens : most;
  if (has_many_bytes && most >= wanted && limit >= wanted) return;
  std::int64_t tokens = std::min(most, limit);
  if (!has_many_bytes) {
    tokens = std::min(tokens, count_tokens(context.model, context.inputs.content->tokenizer, row_tokens));
  }
  if (tokens >= wanted) return;
  throw core::DataError(config.corpus.string() + ": gives at most " + std::to_string(tokens) +
                        " tokens for the second moments of " + context.model.name + ", fewer than their " +
                        std::to_string(wanted) +
                        " dimensions, so they could not be inverted; take a larger corpus, or larger "
                        "max_documents, max_tokens or batch_tokens");
}

/// A corpus as far as planning knows it.
struct CorpusFacts {
  data::CorpusSize size;
  double tokens_per_byte = 0.0;  ///< within the model's positions
  double share_cut = 0.0;        ///< of all tokens: those beyond them
};

/// Tokenises the first documents, which tell what the others are like.
CorpusFacts sample_corpus(const PrerequisiteContext& context, const data::CorpusSize& size) {
  constexpr int kDocuments = 100;
  constexpr std::int64_t kMostBytes = 1 << 20;
  const auto& config = *context.model.second_moments;
  const auto row_tokens = std::min<std::int64_t>(context.inputs.architecture.max_positions, config.batch_tokens);
  data::CorpusReader reader(config.corpus);
  std::int64_t num_tokens = 0;
  std::int64_t num_kept = 0;
  for (int i = 0; i < kDocuments && i < size.num_documents && reader.num_bytes() < kMostBytes; ++i) {
    const auto document = reader.next();
    if (!document) break;
    const auto count = std::ssize(context.inputs.content->tokenizer.encode_prompt(*document));
    num_tokens += count;
    num_kept += std::min<std::int64_t>(count, row_tokens);
  }
  const auto bytes = static_cast<double>(std::max<std::int64_t>(1, reader.num_bytes()));
  const auto all = static_cast<double>(std::max<std::int64_t>(1, num_tokens));
  return {size, static_cast<double>(num_kept) / bytes, static_cast<double>(num_tokens - num_kept) / all};
}

/// Tokens that are summed, at most.
double expected_tokens(const core::SecondMomentConfig& config, const std::optional<CorpusFacts>& corpus) {
  double tokens = kTokensPerDocument * static_cast<double>(config.max_documents);
  if (corpus) {
    tokens = corpus->tokens_per_byte * static_cast<double>(corpus->size.num_bytes);
  } else if (const double there = tokens_of_text(config.corpus); there > 0.0) {
    tokens = std::min(tokens, there);
  }
  return config.max_tokens > 0 ? std::min(tokens, static_cast<double>(config.max_tokens)) : tokens;
}

core::Work moments_work(const PrerequisiteContext& context, const std::vector<int>& layers,
                        const std::optional<CorpusFacts>& sampled) {
  const auto& architecture = context.inputs.architecture;
  const auto inner = static_cast<double>(architecture.inner_width);
  const auto num_layers = static_cast<double>(layers.size());
  const auto& corpus = *context.model.second_moments;
  if (corpus.is_published()) return {inner * inner * inner / 3.0 * num_layers, 0.0, 0.0, 0.0};  // checked by factoring
  const double tokens = expected_tokens(corpus, sampled);
  const double batch = static_cast<double>(std::max<std::int64_t>(1, corpus.batch_tokens));
  auto work = editing::passes(architecture, tokens / batch, layers.back() + 1.0, batch, 0.0);
  work.flops += inner * inner * tokens * num_layers;  // one triangle
  return work;
}

void price_moments(const PrerequisiteContext& context, const MomentsPlan& plan,
                   const std::optional<CorpusFacts>& corpus, core::PrerequisiteFacts& facts) {
  const auto& architecture = context.inputs.architecture;
  const auto num_layers = std::ssize(plan.layers);
  const auto& moments = context.model.second_moments;
  facts.disk_bytes = num_layers * editing::kDoubleBytes * architecture.inner_width * architecture.inner_width;
  if (!moments) return;
  facts.work = moments_work(context, plan.layers, corpus);
  facts.step_work = (1.0 / kStepsPerPass) * facts.work;
  const auto sum_bytes = editing::kDoubleBytes * editing::PanelTriangle::num_values(architecture.inner_width);
  auto sums_bytes = num_layers * sum_bytes;
  if (moments->memory_gb > 0.0) {
    sums_bytes = std::min(sums_bytes, std::max(sum_bytes, core::bytes_of_gb(moments->memory_gb)));
  }
  facts.peak_bytes =
      base_bytes(context.config, context.inputs) + forward_bytes(architecture, moments->batch_tokens) + sums_bytes;
  if (facts.num_slices == 1) return;
  facts.slices_disk_bytes = facts.num_slices * num_layers * sum_bytes;
  // Parts are read twice, once for their digests; each layer is written and read once more.
  facts.last_work.disk_bytes = static_cast<double>(num_layers * (facts.num_slices + 2) * 2 * sum_bytes);
}

/// What people should know of the sums before they are made.
std::string corpus_note(const core::SecondMomentConfig& config, std::int64_t num_documents,
                        const std::optional<CorpusFacts>& corpus) {
  constexpr double kWorthSaying = 0.005;
  std::string note;
  if (num_documents < config.max_documents && config.max_tokens == 0) {
    note = "over " + std::to_string(num_documents) + " documents: the corpus has no more, max_documents is " +
           std::to_string(config.max_documents);
  }
  if (corpus && corpus->share_cut >= kWorthSaying) {
    note += (note.empty() ? "" : "; ") + std::string("about ") +
            std::to_string(std::lround(100.0 * corpus->share_cut)) +
            " % of the tokens stand beyond the model's positions and are not summed: cut long documents into several";
  }
  return note;
}

/// The corpus's size, which decides how it is cut into slices; none where it cannot be read.
std::optional<CorpusFacts> measure_corpus(PrerequisiteContext& context, MomentsPlan& plan,
                                          core::PrerequisiteFacts& facts) {
  const auto& moments = context.model.second_moments;
  if (!moments || moments->is_published()) return std::nullopt;
  std::optional<CorpusFacts> corpus;
  plan.num_documents = moments->max_documents;
  if (context.inputs.content) {
    context.problems.attempt([&] {
      const auto size = context.digests.size_of_corpus(moments->corpus, moments->max_documents);
      plan.num_documents = size.num_documents;
      corpus = sample_corpus(context, size);
      check_tokens(context, size);
    });
  }
  facts.num_slices = std::max<std::int64_t>(1, std::ssize(core::slices_of(*moments, plan.num_documents)));
  facts.note = corpus_note(*moments, plan.num_documents, corpus);
  return corpus;
}

}  // namespace

void check_published_moments(const core::ExperimentConfig& config, const core::ModelConfig& model,
                             ProblemCollector& problems) {
  if (!model.second_moments || !model.second_moments->is_published()) return;
  for (const int layer : moments_layers(config, model)) {
    problems.attempt([&] { check_moments_file(model, layer, std::nullopt); });
  }
}

std::string moments_identity_of(PrerequisiteContext& context, const std::vector<int>& layers) {
  const auto& model = context.model;
  if (!model.second_moments) {
    throw core::DataError(context.config.source.string() + ": models: " + model.name +
                          ": its cells need second moments; add second_moments: {corpus: <text file>}");
  }
  core::MomentsInputs inputs{context.inputs.content->weights_digest, context.inputs.content->tokenizer_digest, {}};
  if (model.second_moments->is_published()) {
    for (const int layer : layers) {
      check_moments_file(model, layer, context.inputs.architecture.inner_width);
      inputs.published.emplace(layer, context.digests.of_file(data::moments_file_of(model.second_moments->npz, layer)));
    }
  } else {
    inputs.corpus = context.digests.of_corpus(model.second_moments->corpus);
  }
  return core::moments_identity(context.config, model, inputs).short_hex();
}

void describe_moments(PrerequisiteContext& context) {
  MomentsPlan plan;
  plan.layers = moments_layers(context.config, context.model);
  plan.inner_width = context.inputs.architecture.inner_width;
  if (plan.layers.empty()) return;
  core::PrerequisiteFacts facts;
  facts.kind = kMomentsKind;
  facts.model = context.model.name;
  std::string numbers;
  for (const int layer : plan.layers) {
    numbers += (numbers.empty() ? "" : ", ") + std::to_string(layer);
    facts.stems.push_back(ledger::moments_stem(layer));
  }
  facts.title = "second moments of " + facts.model + ", layer(s) " + numbers;
  if (context.inputs.content) {
    context.problems.attempt([&] {
      plan.identity = moments_identity_of(context, plan.layers);
      facts.folder = ledger::prerequisite_folder(ledger::kMomentsFolder, facts.model, plan.identity);
    });
  }
  const auto corpus = measure_corpus(context, plan, facts);
  price_moments(context, plan, corpus, facts);
  context.findings.moments.emplace(facts.model, std::move(plan));
  context.findings.inspection.prerequisites.push_back(std::move(facts));
}

}  // namespace lethe::worker::inline planning
