#include "bench/bench_world.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "data/corpus.h"
#include "data/counterfact.h"
#include "editing/second_moments.h"
#include "worker/workspace.h"

namespace lethe::bench {
namespace {

constexpr std::int64_t kNumRequests = 100;
constexpr std::int64_t kNumMomentDocuments = 500;

std::string setting(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

/// GPT-2 with 124 M parameters.
model::Architecture gpt2_124m() {
  model::Architecture shape;
  shape.family = model::Family::kGpt2;
  shape.num_layers = 12;
  shape.width = 768;
  shape.num_heads = 12;
  shape.inner_width = 3072;
  shape.max_positions = 1024;
  shape.vocab_size = 50257;
  return shape;
}

BenchWorld load_world() {
  const std::filesystem::path source = LETHE_SOURCE_DIR;
  const auto small_model = source / "assets" / "small-gpt2";
  auto config = core::load_experiment_config(source / "configs" / "quickstart.yaml");
  config.threads = std::stoi(setting("LETHE_BENCH_THREADS", "1"));
  worker::configure_numerics(config);  // as executors do
  worker::keep_freed_memory();
  const auto name = setting("LETHE_BENCH_MODEL", small_model.string());
  const bool is_random = name == "random-124m";
  auto weights =
      is_random ? model::random_weights(gpt2_124m(), 1, torch::kCPU) : model::load_weights(name, torch::kCPU);
  const auto records = data::read_records(config.dataset);
  const auto samples = data::orders_of(config.dataset, records);
  auto requests = data::select_requests(records, samples.at(0), kNumRequests, 0);
  // The small vocabulary's ids exist in the large one too; what they mean does not matter to the clock.
  auto tokenizer = model::Tokenizer::from_folder(is_random ? small_model : std::filesystem::path(name));
  return {std::move(config), model::Network(std::move(weights)), std::move(tokenizer), std::move(requests)};
}

std::map<int, editing::SecondMoment> second_moments(const BenchWorld& world, const core::MethodConfig& method) {
  const auto layers = core::second_moment_layers(method);
  if (layers.empty()) return {};
  const auto& corpus = world.config.model("small-gpt2").second_moments->corpus;
  const auto documents = data::read_corpus(corpus, kNumMomentDocuments);
  editing::SecondMomentAccumulator sums(world.network, layers);
  const auto& shape = world.network.architecture();
  for (const auto& rows : editing::pack_documents(documents, world.tokenizer, shape.max_positions, 4096)) {
    sums.add(model::pad_rows(rows, world.network.device()));
  }
  return sums.finish();
}

}  // namespace

std::unique_ptr<editing::EditMethod> BenchWorld::method(const char* name) const {
  const auto& method = config.model("small-gpt2").methods.at(name);
  auto contexts = editing::uses_contexts(method) ? editing::make_contexts(method, network, tokenizer, config.seed, {})
                                                 : editing::EditContexts{};
  return editing::make_method(method, {network, tokenizer, std::move(contexts), second_moments(*this, method)});
}

const BenchWorld& bench_world() {
  static const BenchWorld world = load_world();
  return world;
}

}  // namespace lethe::bench
