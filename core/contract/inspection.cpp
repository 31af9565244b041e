#include "core/contract/inspection.h"

#include "core/error.h"
#include "core/json_object.h"

namespace lethe::core::inline contract {
namespace {

using nlohmann::json;
// An inspection travels from the executor to the planner.
using Object = JsonObject<CommError>;

json model_to_json(const ModelFacts& facts) {
  return {{"name", facts.name},
          {"family", facts.family},
          {"num_layers", facts.num_layers},
          {"width", facts.width},
          {"inner_width", facts.inner_width},
          {"vocab_size", facts.vocab_size},
          {"max_positions", facts.max_positions},
          {"num_parameters", facts.num_parameters},
          {"moments_identity", facts.moments_identity},
          {"moments_layers", facts.moments_layers},
          {"baseline_identity", facts.baseline_identity},
          {"editor_identity", facts.editor_identity},
          {"needs_editor", facts.needs_editor},
          {"moments_documents", facts.moments_documents}};
}

ModelFacts model_from_json(Object object) {
  ModelFacts facts;
  facts.name = object.text("name");
  facts.family = object.text("family");
  facts.num_layers = object.integer("num_layers", 0);
  facts.width = object.integer("width", 0);
  facts.inner_width = object.integer("inner_width", 0);
  facts.vocab_size = object.integer("vocab_size", 0);
  facts.max_positions = object.integer("max_positions", 0);
  facts.num_parameters = object.integer("num_parameters", 0);
  facts.moments_identity = object.text("moments_identity");
  for (const auto& layer : object.list("moments_layers")) {
    if (!layer.is_number_integer()) object.fail("moments_layers: expected whole numbers");
    facts.moments_layers.push_back(layer.get<int>());
  }
  facts.baseline_identity = object.text("baseline_identity");
  facts.editor_identity = object.text("editor_identity");
  facts.needs_editor = object.boolean("needs_editor");
  facts.moments_documents = object.integer("moments_documents", 0);
  object.finish();
  return facts;
}

json cell_to_json(const CellFacts& facts) {
  return {{"cell", facts.cell.name()},
          {"edits", facts.edits},
          {"edit_identity", facts.edit_identity},
          {"edit_identity_fields", facts.edit_identity_fields},
          {"reduction_identities", facts.reduction_identities},
          {"delta_bytes_per_edit", facts.delta_bytes_per_edit},
          {"snapshot_bytes", facts.snapshot_bytes}};
}

CellFacts cell_from_json(Object object) {
  CellFacts facts;
  try {
    facts.cell = GridCell::from_name(object.text("cell"));
  } catch (const ConfigError& error) {
    object.fail(error.what());
  }
  facts.edits = object.integer("edits", 0);
  facts.edit_identity = object.text("edit_identity");
  facts.edit_identity_fields = object.text_map("edit_identity_fields");
  facts.reduction_identities = object.text_map("reduction_identities");
  facts.delta_bytes_per_edit = object.integer("delta_bytes_per_edit", 0);
  facts.snapshot_bytes = object.integer("snapshot_bytes", 0);
  object.finish();
  return facts;
}

}  // namespace

const CellFacts& Inspection::cell(const GridCell& wanted) const {
  for (const auto& facts : cells) {
    if (facts.cell == wanted) return facts;
  }
  throw ConfigError(wanted.name() + ": is no cell of this experiment; `lethe plan` lists them");
}

const ModelFacts& Inspection::model(const std::string& name) const {
  for (const auto& facts : models) {
    if (facts.name == name) return facts;
  }
  throw ConfigError(name + ": is no model of this experiment's cells; `lethe plan` lists them");
}

void set_sizes(CellFacts& facts, const MethodConfig& method, std::int64_t num_layers, std::int64_t width,
               std::int64_t inner_width) {
  constexpr std::int64_t kFloatBytes = 4;
  const auto num_edited = std::ssize(edited_layers(method, num_layers));
  if (stores_snapshots(method)) {
    facts.snapshot_bytes = num_edited * (width * inner_width + width) * kFloatBytes;
  } else if (std::holds_alternative<MendConfig>(method)) {
    // A rank for each token of an average prompt, in both weights of a block.
    constexpr std::int64_t kPromptTokens = 8;
    facts.delta_bytes_per_edit = 2 * num_edited * kPromptTokens * (width + inner_width) * kFloatBytes;
  } else {
    // A step of n facts has rank n.
    facts.delta_bytes_per_edit = num_edited * (width + inner_width) * kFloatBytes;
  }
}

std::string to_json(const Inspection& inspection) {
  json models = json::array();
  for (const auto& facts : inspection.models) models.push_back(model_to_json(facts));
  json cells = json::array();
  for (const auto& facts : inspection.cells) cells.push_back(cell_to_json(facts));
  return dump_json({{"models", models}, {"cells", cells}, {"problems", inspection.problems}}, 1) + "\n";
}

Inspection inspection_from_json(const std::string& text) {
  const auto document = parse_json<CommError>(text, "inspection");
  Object object(document, "inspection");
  Inspection inspection;
  object.each("models", [&](Object model) { inspection.models.push_back(model_from_json(std::move(model))); });
  object.each("cells", [&](Object cell) { inspection.cells.push_back(cell_from_json(std::move(cell))); });
  for (const auto& problem : object.list("problems")) {
    if (!problem.is_string()) object.fail("problems: expected texts");
    inspection.problems.push_back(problem.get<std::string>());
  }
  object.finish();
  return inspection;
}

}  // namespace lethe::core::inline contract
