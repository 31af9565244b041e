#include "bench/bench_world.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "data/corpus.h"
#include "data/counterfact.h"
#include "data/published_moments.h"
#include "editing/alphaedit/alphaedit.h"
#include "editing/mend/mend_editor.h"
#include "editing/methods/catalogue.h"
#include "editing/methods/settings_of.h"
#include "editing/second_moments.h"
#include "model/families/families.h"
#include "worker/planning/context_file.h"
#include "worker/workspace.h"

namespace lethe::bench {
namespace {

constexpr std::int64_t kNumRequests = 100;
constexpr std::string_view kRandom = "random:";

std::string setting(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

/// The published shape of the model's name.
model::Architecture published_shape(const core::ModelConfig& model) {
  const auto shape = model::published_architecture(model.name);
  if (shape) return *shape;
  throw std::invalid_argument("LETHE_BENCH_MODEL=random:" + model.name + ": no model of a published shape; expected " +
                              "random: and one of " + model::published_names());
}

/// With heads of another width and all else in proportion.
model::Architecture narrowed(model::Architecture shape, std::int64_t head_width) {
  const auto resized = [&, from = shape.head_width()](std::int64_t width) { return width * head_width / from; };
  shape.width = resized(shape.width);
  shape.inner_width = resized(shape.inner_width);
  shape.rotary_dim = resized(shape.rotary_dim) / 2 * 2;
  if (shape.head_dimension > 0) shape.head_dimension = head_width;
  return shape;
}

/// `model::random_weights`, on a GPU drawn there: of a large shape the host would need minutes.
std::shared_ptr<const model::Weights> random_weights(const model::Architecture& shape, torch::Device device) {
  if (!device.is_cuda()) return model::random_weights(shape, 1, device);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& parameter : model::parameter_shapes(shape)) {
    auto value = torch::zeros(parameter.shape, torch::dtype(torch::kFloat).device(device));
    if (!parameter.name.ends_with(".bias")) {
      model::is_norm(parameter.role) ? value.fill_(1.0) : value.normal_(0.0, 0.02);
    }
    tensors.emplace(parameter.name, value);
  }
  return std::make_shared<const model::Weights>(shape, std::move(tensors));
}

BenchWorld load_world() {
  const std::filesystem::path source = LETHE_SOURCE_DIR;
  auto name = setting("LETHE_BENCH_MODEL", "");
  const bool is_random = name.starts_with(kRandom);
  if (is_random) name.erase(0, kRandom.size());
  auto config = core::load_experiment_config(
      is_random ? source / "bench/random_shapes.yaml"
                : std::filesystem::path(setting("LETHE_BENCH_CONFIG", source / "configs/quickstart.yaml")),
      editing::catalogue());
  if (name.empty()) name = config.models.front().name;
  config.device = setting("LETHE_BENCH_DEVICE", config.device);
  config.threads = std::stoi(setting("LETHE_BENCH_THREADS", std::to_string(config.threads)));
  worker::configure_numerics(config);  // as executors do
  worker::keep_freed_memory();

  const auto& chosen = config.model(name);
  const auto device = worker::device_of(config);
  auto shape = is_random ? published_shape(chosen) : model::Architecture{};
  if (const auto head_width = setting("LETHE_BENCH_HEAD_WIDTH", ""); is_random && !head_width.empty()) {
    shape = narrowed(shape, std::stoll(head_width));
  }
  auto weights = is_random ? random_weights(shape, device) : model::load_weights(chosen.path, device);
  const auto records = data::read_records(config.dataset);
  const auto order = data::orders_of(config.dataset, records).at(config.cells.front().sample);
  auto requests = data::select_requests(records, order, std::min<std::int64_t>(kNumRequests, std::ssize(order)), 0);
  // Of a random shape: the small vocabulary's ids exist in the large one too, and the clock asks for no meaning.
  auto tokenizer = model::Tokenizer::from_folder(chosen.path);
  return {std::move(config), name, model::Network(std::move(weights)), std::move(tokenizer), std::move(requests)};
}

std::map<int, editing::SecondMoment> corpus_moments(const BenchWorld& world, const std::vector<int>& layers) {
  const auto& shape = world.network.architecture();
  const auto& source = *world.model().second_moments;
  const auto documents = data::read_corpus(source.corpus, source.max_documents);
  editing::SecondMomentAccumulator sums(world.network, layers);
  for (const auto& rows :
       editing::pack_documents(documents, world.tokenizer, shape.max_positions, source.batch_tokens).batches) {
    if (sums.count() >= 4 * shape.inner_width) break;
    sums.add(model::pad_rows(rows, world.network.device()));
  }
  return sums.finish();
}

editing::SecondMoment published_moment(const BenchWorld& world, int layer) {
  const auto width = world.network.architecture().inner_width;
  const auto path = data::moments_file_of(world.model().second_moments->npz, layer);
  auto published = data::read_published_moments(path, width);
  return {torch::from_blob(published.values.data(), {width, width}, torch::kFloat64).clone(), published.count};
}

std::map<int, editing::SecondMoment> second_moments(const BenchWorld& world, const core::MethodConfig& method) {
  const auto layers = method->second_moment_layers();
  if (layers.empty()) return {};
  if (!world.model().second_moments->is_published()) return corpus_moments(world, layers);
  std::map<int, editing::SecondMoment> moments;
  for (const int layer : layers) moments.emplace(layer, published_moment(world, layer));
  return moments;
}

/// Of random directions, an eighth of all protected: decomposing a moment of GPT-J's width would take minutes.
editing::NullSpaces null_spaces(const BenchWorld& world, const editing::AlphaEditConfig& config) {
  const auto width = world.network.architecture().inner_width;
  const auto options = torch::dtype(torch::kDouble).device(world.network.device());
  editing::NullSpaces spaces;
  for (const int layer : config.layers) {
    const auto basis = std::get<0>(at::linalg_qr(torch::randn({width, width / 8}, options)));
    spaces.try_emplace(layer, editing::NullSpaceBasis{basis, true, {}}, layer, world.network.device());
  }
  return spaces;
}

/// An untrained editor or a projector, where the method edits with one.
std::map<std::string, std::shared_ptr<const editing::Artifact>> artifacts_of(const BenchWorld& world,
                                                                             const core::MethodConfig& method) {
  if (const auto* config = editing::find_config<editing::AlphaEditConfig>(method)) {
    return {{editing::kProjectorKind,
             std::make_shared<const editing::ArtifactOf<editing::NullSpaces>>(null_spaces(world, *config))}};
  }
  const auto* mend = editing::find_config<editing::MendConfig>(method);
  if (mend == nullptr) return {};
  const auto& network = world.network;
  return {
      {editing::kEditorKind, std::make_shared<const editing::ArtifactOf<editing::MendEditor>>(editing::initial_editor(
                                 *mend, network.architecture(), network.device(), network.dtype()))}};
}

}  // namespace

editing::EditContexts BenchWorld::contexts(const std::string& name) const {
  const auto& method = model().methods.at(name);
  if (!editing::uses_contexts(method)) return {};
  return editing::make_contexts(method, network, tokenizer, config.seed, worker::context_file_lines(method));
}

std::unique_ptr<editing::EditMethod> BenchWorld::method(const std::string& name, editing::EditContexts contexts) const {
  const auto& method = model().methods.at(name);
  return editing::make_method(
      method, {network, tokenizer, std::move(contexts), second_moments(*this, method), artifacts_of(*this, method)});
}

const BenchWorld& bench_world() {
  static const BenchWorld world = load_world();
  return world;
}

}  // namespace lethe::bench
