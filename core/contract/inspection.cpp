#include "core/contract/inspection.h"

#include <algorithm>

#include "core/error.h"
#include "core/file_text.h"
#include "core/json_object.h"
#include "core/log.h"

namespace lethe::core::inline contract {
namespace {

using nlohmann::json;
// An inspection travels from the executor to the planner.
using Object = JsonObject<CommError>;

/// Raised when a fact goes or means something else: a planner never reads another version's. Facts that came later are
/// missing in older files of the same version, which reports still read.
constexpr std::int64_t kVersion = 3;

json work_to_json(const Work& work) {
  return {{"flops", work.flops},
          {"bytes", work.bytes},
          {"layer_passes", work.layer_passes},
          {"disk_bytes", work.disk_bytes}};
}

Work work_from_json(Object& parent, const char* key) {
  Object object(parent.at(key), parent.place_of(key));
  Work work{object.real("flops"), object.real("bytes"), object.real("layer_passes"), object.real("disk_bytes")};
  object.finish();
  return work;
}

std::vector<std::string> texts_from_json(Object& object, const char* key) {
  std::vector<std::string> texts;
  for (const auto& text : object.list(key)) {
    if (!text.is_string()) object.fail(std::string(key) + ": expected texts");
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

json prerequisite_to_json(const PrerequisiteFacts& facts) {
  return {{"kind", facts.kind},
          {"model", facts.model},
          {"title", facts.title},
          {"note", facts.note},
          {"folder", facts.folder},
          {"stems", facts.stems},
          {"needs", facts.needs},
          {"is_due", facts.is_due},
          {"num_slices", facts.num_slices},
          {"work", work_to_json(facts.work)},
          {"step_work", work_to_json(facts.step_work)},
          {"last_work", work_to_json(facts.last_work)},
          {"peak_bytes", facts.peak_bytes},
          {"disk_bytes", facts.disk_bytes},
          {"slices_disk_bytes", facts.slices_disk_bytes}};
}

PrerequisiteFacts prerequisite_from_json(Object object) {
  PrerequisiteFacts facts;
  facts.kind = object.text("kind");
  facts.model = object.text("model");
  facts.title = object.text("title");
  facts.note = object.text("note");
  facts.folder = object.text("folder");
  facts.stems = texts_from_json(object, "stems");
  facts.needs = texts_from_json(object, "needs");
  facts.is_due = object.boolean("is_due");
  facts.num_slices = object.integer("num_slices", 1, kMaxSlices);
  facts.work = work_from_json(object, "work");
  facts.step_work = work_from_json(object, "step_work");
  facts.last_work = work_from_json(object, "last_work");
  facts.peak_bytes = object.integer("peak_bytes", 0);
  facts.disk_bytes = object.integer("disk_bytes", 0);
  facts.slices_disk_bytes = object.integer("slices_disk_bytes", 0);
  object.finish();
  return facts;
}

json task_facts_to_json(const TaskFacts& facts) {
  return {{"name", facts.name}, {"identity", facts.identity}, {"identity_fields", facts.identity_fields}};
}

TaskFacts task_facts_from_json(Object object) {
  TaskFacts facts{object.text("name"), object.text("identity"), object.text_map("identity_fields")};
  object.finish();
  return facts;
}

json model_to_json(const ModelFacts& facts) {
  return {{"name", facts.name},
          {"family", facts.family},
          {"contents_identity", facts.contents_identity},
          {"num_layers", facts.num_layers},
          {"num_parameters", facts.num_parameters},
          {"weight_bytes", facts.weight_bytes},
          {"tasks_work", work_to_json(facts.tasks_work)},
          {"forgetting_work", work_to_json(facts.forgetting_work)},
          {"scores_work", work_to_json(facts.scores_work)},
          {"texts_work", work_to_json(facts.texts_work)},
          {"monitor_work", work_to_json(facts.monitor_work)},
          {"reducer_bytes", facts.reducer_bytes}};
}

ModelFacts model_from_json(Object object) {
  ModelFacts facts;
  facts.name = object.text("name");
  facts.family = object.text("family");
  if (!object.is_null("contents_identity")) facts.contents_identity = object.text("contents_identity");
  facts.num_layers = object.integer("num_layers", 0);
  facts.num_parameters = object.integer("num_parameters", 0);
  // Not in older files, whose weights were all widened.
  facts.weight_bytes = object.is_null("weight_bytes") ? 4 * facts.num_parameters : object.integer("weight_bytes", 0);
  facts.tasks_work = work_from_json(object, "tasks_work");
  facts.forgetting_work = work_from_json(object, "forgetting_work");
  facts.scores_work = work_from_json(object, "scores_work");
  // Not in older files, which know of no texts and no monitor.
  if (!object.is_null("texts_work")) facts.texts_work = work_from_json(object, "texts_work");
  if (!object.is_null("monitor_work")) facts.monitor_work = work_from_json(object, "monitor_work");
  facts.reducer_bytes = object.integer("reducer_bytes", 0);
  object.finish();
  return facts;
}

json cell_to_json(const CellFacts& facts) {
  json reductions = json::object();
  for (const auto& [part, identity] : facts.reduction_identities) reductions[std::string(to_string(part))] = identity;
  return {{"cell", facts.cell.name()},
          {"edits", facts.edits},
          {"edit_identity", facts.edit_identity},
          {"edit_identity_fields", facts.edit_identity_fields},
          {"reduction_identities", reductions},
          {"needs", facts.needs},
          {"edit_work", work_to_json(facts.edit_work)},
          {"host_work", work_to_json(facts.host_work)},
          {"worker_bytes", facts.worker_bytes},
          {"worker_host_bytes", facts.worker_host_bytes},
          {"delta_bytes_per_edit", facts.delta_bytes_per_edit},
          {"snapshot_bytes", facts.snapshot_bytes}};
}

/// Names of cells and parts are errors of other kinds elsewhere.
template <typename Read>
auto reading(const Object& object, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    object.fail(error.what());
  }
}

CellFacts cell_from_json(Object object) {
  CellFacts facts;
  const auto name = object.text("cell");
  facts.cell = reading(object, [&] { return GridCell::from_name(name); });
  facts.edits = object.integer("edits", 0);
  facts.edit_identity = object.text("edit_identity");
  facts.edit_identity_fields = object.text_map("edit_identity_fields");
  for (const auto& [word, identity] : object.text_map("reduction_identities")) {
    const auto part = reading(object, [&, &key = word] { return reduction_part_from(key); });
    facts.reduction_identities.emplace(part, identity);
  }
  facts.needs = texts_from_json(object, "needs");
  facts.edit_work = work_from_json(object, "edit_work");
  facts.host_work = work_from_json(object, "host_work");
  facts.worker_bytes = object.integer("worker_bytes", 0);
  facts.worker_host_bytes = object.integer("worker_host_bytes", 0);
  facts.delta_bytes_per_edit = object.integer("delta_bytes_per_edit", 0);
  facts.snapshot_bytes = object.integer("snapshot_bytes", 0);
  object.finish();
  return facts;
}

template <typename Facts, typename ToJson>
json list_to_json(const std::vector<Facts>& all, const ToJson& to_json_of) {
  json list = json::array();
  for (const auto& facts : all) list.push_back(to_json_of(facts));
  return list;
}

}  // namespace

const CellFacts& Inspection::cell(const GridCell& wanted) const {
  const auto found = std::ranges::find(cells, wanted, &CellFacts::cell);
  if (found != cells.end()) return *found;
  throw ConfigError(wanted.name() + ": is no cell of this experiment; `lethe plan` lists them");
}

std::set<std::string> wanted_prerequisites(const Inspection& inspection, const std::set<GridCell>& cancelled) {
  std::set<std::string> needed;  // by anything
  std::set<std::string> wanted;
  for (const auto& cell : inspection.cells) {
    needed.insert(cell.needs.begin(), cell.needs.end());
    if (!cancelled.contains(cell.cell)) wanted.insert(cell.needs.begin(), cell.needs.end());
  }
  for (const auto& one : inspection.prerequisites) needed.insert(one.needs.begin(), one.needs.end());
  // Each stands after those that it needs itself.
  for (std::size_t i = inspection.prerequisites.size(); i > 0; --i) {
    const auto& one = inspection.prerequisites[i - 1];
    if (!needed.contains(one.key())) wanted.insert(one.key());
    if (wanted.contains(one.key())) wanted.insert(one.needs.begin(), one.needs.end());
  }
  return wanted;
}

CellIndex::CellIndex(const Inspection& inspection) {
  for (const auto& facts : inspection.cells) facts_.emplace(facts.cell, &facts);
}

const CellFacts* CellIndex::find(const GridCell& cell) const {
  const auto found = facts_.find(cell);
  return found == facts_.end() ? nullptr : found->second;
}

const ModelFacts& Inspection::model(const std::string& name) const {
  const auto found = std::ranges::find(models, name, &ModelFacts::name);
  if (found != models.end()) return *found;
  throw ConfigError(name + ": is no model of this experiment's cells; `lethe plan` lists them");
}

const TaskFacts* Inspection::find_task(const std::string& name) const {
  const auto found = std::ranges::find(tasks, name, &TaskFacts::name);
  return found == tasks.end() ? nullptr : &*found;
}

const PrerequisiteFacts* Inspection::find_prerequisite(const std::string& kind, const std::string& model) const {
  const auto found = std::ranges::find_if(
      prerequisites, [&](const PrerequisiteFacts& facts) { return facts.kind == kind && facts.model == model; });
  return found == prerequisites.end() ? nullptr : &*found;
}

const PrerequisiteFacts& Inspection::prerequisite(const std::string& kind, const std::string& model) const {
  if (const auto* facts = find_prerequisite(kind, model)) return *facts;
  throw ConfigError(model + ": no cell of it needs a prerequisite of the kind \"" + kind + "\"");
}

std::string to_json(const Inspection& inspection) {
  return dump_json({{"version", kVersion},
                    {"models", list_to_json(inspection.models, model_to_json)},
                    {"prerequisites", list_to_json(inspection.prerequisites, prerequisite_to_json)},
                    {"cells", list_to_json(inspection.cells, cell_to_json)},
                    {"tasks", list_to_json(inspection.tasks, task_facts_to_json)},
                    {"problems", inspection.problems},
                    {"notes", inspection.notes}},
                   1) +
         "\n";
}

Inspection inspection_from_json(const std::string& text, const std::string& place) {
  const auto document = parse_json<CommError>(text, place);
  Object object(document, place);
  if (object.is_null("version") || object.integer("version") != kVersion) {
    object.fail("was written by another version of lethe");
  }
  Inspection inspection;
  object.each("models", [&](Object model) { inspection.models.push_back(model_from_json(std::move(model))); });
  object.each("prerequisites",
              [&](Object one) { inspection.prerequisites.push_back(prerequisite_from_json(std::move(one))); });
  object.each("cells", [&](Object cell) { inspection.cells.push_back(cell_from_json(std::move(cell))); });
  if (!object.is_null("tasks")) {
    object.each("tasks", [&](Object task) { inspection.tasks.push_back(task_facts_from_json(std::move(task))); });
  }
  inspection.problems = texts_from_json(object, "problems");
  if (!object.is_null("notes")) inspection.notes = texts_from_json(object, "notes");  // not in older files
  object.finish();
  return inspection;
}

std::optional<Inspection> read_inspection(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::symlink_status(path, ignored).type() == std::filesystem::file_type::not_found) {
    return std::nullopt;
  }
  try {
    return inspection_from_json(text_of_file(path), path.string());
  } catch (const Error& error) {
    throw StorageError(std::string(error.what()) + "; the next `lethe sweep` in this folder writes it anew");
  }
}

std::optional<Inspection> known_inspection(const std::filesystem::path& path) {
  try {
    return read_inspection(path);
  } catch (const StorageError& error) {
    log_warning(std::string("passed over: ") + error.what());
    return std::nullopt;
  }
}

}  // namespace lethe::core::inline contract
