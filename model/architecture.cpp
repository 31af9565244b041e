#include "model/architecture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <numeric>

#include "core/error.h"
#include "model/families/config_file.h"
#include "model/families/demands.h"
#include "model/families/families.h"

namespace lethe::model {
namespace {

std::int64_t num_elements(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

/// The module of a role and whether it lies in a block; null where the family has none.
struct Place {
  const ModuleSpec* module = nullptr;
  bool is_in_block = false;
};

Place place_of(const FamilySpec& family, Role role) {
  for (const auto modules : {family.before_blocks, family.block, family.after_blocks}) {
    const auto found = std::ranges::find(modules, role, &ModuleSpec::role);
    if (found != modules.end()) return {&*found, modules.data() == family.block.data()};
  }
  return {};
}

std::vector<std::int64_t> weight_shape(const NetworkShape& a, Role role) {
  switch (role) {
    case Role::kEmbedding:
    case Role::kHead:
      return {a.vocab_size, a.width};
    case Role::kPositionEmbedding:
      return {a.max_positions, a.width};
    case Role::kAttentionNorm:
    case Role::kMlpNorm:
    case Role::kFinalNorm:
      return {a.width};
    case Role::kQkv:
      return {3 * a.width, a.width};
    case Role::kQuery:
      return {a.attention_width(), a.width};
    case Role::kKey:
    case Role::kValue:
      return {a.key_value_width(), a.width};
    case Role::kQueryNorm:
    case Role::kKeyNorm:
      return {a.head_width()};
    case Role::kAttentionOutput:
      return {a.width, a.attention_width()};
    case Role::kGateProjection:
    case Role::kUpProjection:
      return {a.inner_width, a.width};
    case Role::kDownProjection:
      return {a.width, a.inner_width};
  }
  throw core::ModelError("a module of an unknown role has no shape");
}

void add_module(std::vector<ParameterShape>& shapes, const Architecture& a, const ModuleSpec& module,
                std::int64_t layer) {
  if (!a.has(module.role)) return;
  const auto names = a.names_of(module.role, layer);
  const auto shape = weight_shape(a, module.role);
  const bool is_projection = place_of(*a.family, module.role).is_in_block && !is_norm(module.role);
  const bool is_transposed = is_projection && a.family->storage == ProjectionStorage::kInputsByOutputs;
  const bool may_be_zero = shape.size() < 2 || module.zero_weight == ZeroWeight::kAddsNothing;
  shapes.push_back({names.weight, shape, module.role, false, is_transposed, may_be_zero});
  if (names.bias) shapes.push_back({*names.bias, {shape.front()}, module.role, true, false, true});
}

}  // namespace

bool is_norm(Role role) {
  constexpr std::array kNorms{Role::kAttentionNorm, Role::kQueryNorm, Role::kKeyNorm, Role::kMlpNorm, Role::kFinalNorm};
  return std::ranges::find(kNorms, role) != kNorms.end();
}

bool Architecture::has(Role role) const {
  return place_of(*family, role).module != nullptr && !(role == Role::kHead && is_head_tied);
}

ParameterNames Architecture::names_of(Role role, std::int64_t layer) const {
  const auto [module, is_in_block] = place_of(*family, role);
  if (!has(role)) {
    throw core::ModelError("a " + std::string(family->name) + " model has no module of role " +
                           std::to_string(static_cast<int>(role)));
  }
  const auto full = (is_in_block ? block_prefix(layer) : std::string()) + std::string(module->name);
  ParameterNames names{full + ".weight", {}};
  if (module->has_bias) names.bias = full + ".bias";
  return names;
}

ParameterNames Architecture::mlp_projection(std::int64_t layer, MlpProjection which) const {
  switch (which) {
    case MlpProjection::kGate:
      return names_of(Role::kGateProjection, layer);
    case MlpProjection::kInput:
      return names_of(Role::kUpProjection, layer);
    case MlpProjection::kOutput:
      return names_of(Role::kDownProjection, layer);
  }
  throw core::ModelError("an MLP has no such projection");
}

ParameterNames Architecture::down_projection(std::int64_t layer) const {
  return names_of(Role::kDownProjection, layer);
}

std::string Architecture::block_prefix(std::int64_t layer) const {
  return std::string(family->block_prefix) + std::to_string(layer) + ".";
}

std::optional<std::int64_t> Architecture::block_of(std::string_view parameter) const {
  if (!parameter.starts_with(family->block_prefix)) return std::nullopt;
  parameter.remove_prefix(family->block_prefix.size());
  std::int64_t block = 0;
  const auto [end, error] = std::from_chars(parameter.data(), parameter.data() + parameter.size(), block);
  const bool is_number = error == std::errc() && end != parameter.data() + parameter.size() && *end == '.';
  return is_number ? std::optional(block) : std::nullopt;
}

bool Architecture::is_before_blocks(std::string_view parameter) const {
  return std::ranges::any_of(family->before_blocks, [&](const ModuleSpec& module) {
    return parameter.starts_with(module.name) && parameter.substr(module.name.size()).starts_with('.');
  });
}

std::int64_t Architecture::num_parameters() const {
  std::int64_t count = 0;
  for (const auto& parameter : parameter_shapes(*this)) count += num_elements(parameter.shape);
  return count;
}

Architecture read_architecture(const std::filesystem::path& folder) {
  const ConfigFile config(folder / "config.json");
  const auto type = config.text("model_type", "");
  const auto* const family = find_family(type);
  if (family == nullptr) {
    config.refuse("model_type", "is \"" + type + "\"; the types that lethe edits are " + family_names());
  }
  check_common_demands(config);
  return {family->read_shape(config), family};
}

std::optional<Architecture> published_architecture(std::string_view name) {
  const auto found = find_published(name);
  return found ? std::optional(Architecture{found.published->shape, found.family}) : std::nullopt;
}

std::vector<ParameterShape> parameter_shapes(const Architecture& a) {
  std::vector<ParameterShape> shapes;
  for (const auto& module : a.family->before_blocks) add_module(shapes, a, module, 0);
  for (std::int64_t layer = 0; layer < a.num_layers; ++layer) {
    for (const auto& module : a.family->block) add_module(shapes, a, module, layer);
  }
  for (const auto& module : a.family->after_blocks) add_module(shapes, a, module, 0);
  return shapes;
}

}  // namespace lethe::model
