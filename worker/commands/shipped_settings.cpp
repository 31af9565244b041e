#include "worker/commands/shipped_settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/config/method_file.h"
#include "core/config/method_json.h"
#include "core/error.h"
#include "editing/mend/mend_config.h"
#include "editing/methods/catalogue.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;
using model::Architecture;

constexpr const char* kRemedy = "; give a file of your own by --config FILE, written like those of configs/methods";

struct Candidate {
  fs::path file;
  Architecture architecture;

  [[nodiscard]] std::string model() const { return file.stem().string(); }
};

std::optional<Architecture> architecture_of(const fs::path& shipped, const std::string& name) {
  if (auto published = model::published_architecture(name)) return published;
  const auto folder = shipped / "assets" / name;
  if (!fs::is_regular_file(folder / "config.json")) return std::nullopt;
  return model::read_architecture(folder);
}

/// In the order of their names, so that the first of equally good ones is the same everywhere.
std::vector<Candidate> candidates(const fs::path& shipped, const std::string& method) {
  std::vector<Candidate> found;
  const auto folder = shipped / "configs" / "methods" / method;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    if (auto shape = architecture_of(shipped, entry.path().stem().string())) found.push_back({entry.path(), *shape});
  }
  std::ranges::sort(found, {}, &Candidate::file);
  return found;
}

/// Vocabulary, positions and constants differ between models that were trained on from the same weights.
bool has_same_shape(const Architecture& a, const Architecture& b) {
  const auto shape = [](const Architecture& one) {
    return std::tuple(one.family, one.num_layers, one.width, one.inner_width, one.num_heads, one.key_value_heads());
  };
  return shape(a) == shape(b);
}

/// Forms of a block, and at the top the family itself.
int num_shared_forms(const model::FamilySpec& a, const model::FamilySpec& b) {
  const bool both_rotate = (a.rotary == model::RotaryForm::kNone) == (b.rotary == model::RotaryForm::kNone);
  return int{&a == &b} + int{a.norm == b.norm} + int{both_rotate} + int{a.mlp == b.mlp} + int{a.residual == b.residual};
}

/// Smaller for those that are more alike.
auto unlikeness(const Architecture& a, const Architecture& b) {
  const auto size = [](const Architecture& one) { return std::log(static_cast<double>(one.num_parameters())); };
  return std::tuple(-num_shared_forms(*a.family, *b.family), std::abs(size(a) - size(b)));
}

/// The layers of a method's settings at the same share of the depth.
core::MethodConfig moved(const core::MethodConfig& config, std::int64_t from_layers, std::int64_t to_layers) {
  auto fields = core::method_to_json(config);
  const auto move = [&](std::int64_t layer) { return std::min(layer * to_layers / from_layers, to_layers - 1); };
  if (const auto layer = fields.find("layer"); layer != fields.end()) *layer = move(*layer);
  if (const auto layers = fields.find("layers"); layers != fields.end() && !layers->empty()) {
    const auto last = move(layers->back());
    const auto first = std::max<std::int64_t>(0, last + 1 - std::ssize(*layers));
    *layers = nlohmann::json::array();
    for (auto layer = first; layer <= last; ++layer) layers->push_back(layer);
  }
  return core::method_from_json(editing::catalogue(), config.method(), fields, "settings of " + config.method());
}

/// What was trained for one model edits no other.
void refuse_trained(const core::MethodConfig& config, const std::string& model) {
  if (!trains_editor(config)) return;
  throw core::ConfigError("--method " + config.method() +
                          ": needs an editor trained for this model, and none is shipped for its family and shape (the "
                          "nearest is " +
                          model +
                          "'s); train one with `lethe train-mend`, and name it as `editor:` in a "
                          "file given by --config");
}

}  // namespace

bool trains_editor(const core::MethodConfig& config) {
  return std::ranges::any_of(config->artifacts(), [](const auto& use) { return use.kind == editing::kEditorKind; });
}

fs::path shipped_folder() {
  const auto configs = fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "share/lethe/configs";
  if (!fs::is_directory(configs / "methods")) return {};
  return fs::canonical(configs).parent_path();  // in a build folder it is a link to the sources'
}

ChosenSettings shipped_settings(const fs::path& shipped, const std::string& method, const Architecture& architecture) {
  const auto all = candidates(shipped, method);
  if (all.empty()) {
    throw core::ConfigError("--method " + method + ": no settings for it lie beside this program" + kRemedy);
  }
  const auto load = [&](const Candidate& one) {
    return core::load_method_config(one.file, method, editing::catalogue());
  };
  const auto same =
      std::ranges::find_if(all, [&](const Candidate& one) { return has_same_shape(one.architecture, architecture); });
  if (same != all.end()) {
    return {load(*same), same->file.string() + ", shipped for " + same->model() + ", which has this family and shape"};
  }
  const auto nearest = std::ranges::min_element(
      all, {}, [&](const Candidate& one) { return unlikeness(one.architecture, architecture); });
  const auto config = load(*nearest);
  refuse_trained(config, nearest->model());
  return {moved(config, nearest->architecture.num_layers, architecture.num_layers),
          nearest->file.string() + " of " + nearest->model() +
              ", the most like this model of those shipped, its layers (of " +
              std::to_string(nearest->architecture.num_layers) + ") moved to the same share of the depth",
          true};
}

}  // namespace lethe::worker::inline commands
