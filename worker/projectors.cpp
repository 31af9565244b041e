#include "worker/projectors.h"

#include <chrono>
#include <sstream>

#include "core/error.h"
#include "core/log.h"
#include "editing/alphaedit/alphaedit.h"
#include "editing/methods/settings_of.h"
#include "storage/null_space_file.h"
#include "storage/statement.h"
#include "worker/prerequisite_file.h"
#include "worker/provenance.h"

namespace lethe::worker {
namespace {

const editing::AlphaEditConfig& config_of(const Workspace& workspace, const std::string& model) {
  for (const auto& [name, method] : core::used_first(workspace.config(), workspace.config().model(model))) {
    if (const auto* config = editing::find_config<editing::AlphaEditConfig>(*method)) return *config;
  }
  throw core::ConfigError(workspace.config().source.string() + ": models: " + model +
                          ": has no alphaedit, which projectors are for");
}

/// "rank 144 of 512 at nullspace_threshold 0.02 (eigenvalues 0.0064 to 12, 0.01998 | 0.02003 beside the cut)".
std::string describe(const editing::NullSpace& space) {
  const auto& spectrum = space.spectrum();
  std::ostringstream text;
  text << "rank " << space.rank() << " of " << space.width() << " at nullspace_threshold " << spectrum.threshold
       << " (eigenvalues " << spectrum.smallest << " to " << spectrum.largest << ", " << spectrum.below << " | "
       << spectrum.above << " beside the cut)";
  return text.str();
}

void refuse_full(const editing::NullSpace& space, const std::string& model, int layer) {
  if (!space.is_full()) return;
  throw core::DataError("the null space of layer " + std::to_string(layer) + " of " + model +
                        " has full rank, so that AlphaEdit would protect nothing: " + describe(space) +
                        "; choose a nullspace_threshold below its largest eigenvalue");
}

storage::NullSpaceContents contents_of(const editing::NullSpace& space) {
  storage::NullSpaceContents contents;
  contents.inner_width = space.width();
  contents.num_columns = space.basis().basis_FQ.size(1);
  contents.is_complement = space.basis().is_complement;
  const auto& spectrum = space.spectrum();
  contents.threshold = spectrum.threshold;
  contents.smallest = spectrum.smallest;
  contents.largest = spectrum.largest;
  contents.below = spectrum.below;
  contents.above = spectrum.above;
  return contents;
}

editing::NullSpace null_space_of(const storage::NullSpaceContents& contents, torch::Device device) {
  auto values = torch::empty({contents.inner_width, contents.num_columns}, torch::kFloat64);
  std::copy(contents.values.begin(), contents.values.end(), values.data_ptr<double>());
  const editing::NullSpaceSpectrum spectrum{contents.threshold, contents.smallest, contents.largest, contents.below,
                                            contents.above};
  return {{values, contents.is_complement, spectrum}, contents.layer, device};
}

void make(Workspace& workspace, const core::PrerequisiteTask& task, double threshold, int layer, TaskMonitor& monitor) {
  const auto loaded_device = device_of(workspace.config());
  const editing::NullSpace space(workspace.second_moment(task.model, layer), layer, threshold, loaded_device);
  core::log_info("null space " + core::log_field("model", task.model) + " layer=" + std::to_string(layer) + ": " +
                 describe(space));
  refuse_full(space, task.model, layer);
  auto contents = contents_of(space);
  contents.model = task.model;
  contents.identity = workspace.facts().prerequisite(task.kind, task.model).identity();
  contents.layer = layer;
  contents.provenance = provenance(workspace, task.model);
  contents.provenance[storage::kStatementKey] = describe(space);
  const auto basis = space.basis().basis_FQ.to(torch::kCPU).contiguous();
  const std::span<const double> values(basis.data_ptr<double>(), static_cast<std::size_t>(basis.numel()));
  const auto file =
      workspace.commit_file(workspace.prerequisite_folder(task.kind, task.model), ledger::moments_stem(layer),
                            [&](const auto& temporary) { storage::write_null_space(temporary, contents, values); });
  monitor.committed(file.path, 0);
}

}  // namespace

bool run_projectors(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor) {
  const auto folder = workspace.prerequisite_folder(task.kind, task.model);
  const auto& config = config_of(workspace, task.model);
  ledger::remove_stale_temporaries(folder);
  std::int64_t done = 0;
  for (const int layer : config.layers) {
    if (monitor.should_stop()) return false;
    const auto start = std::chrono::steady_clock::now();
    if (!ledger::find_committed(folder, ledger::moments_stem(layer)))
      make(workspace, task, config.nullspace_threshold, layer, monitor);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    monitor.progress(task.kind, ++done, std::ssize(config.layers), seconds.count());
  }
  return true;
}

std::shared_ptr<const editing::Artifact> load_projectors(Workspace& workspace, const core::GridCell& cell,
                                                         const core::ArtifactUse& use, const model::Network& start) {
  const auto folder = workspace.prerequisite_folder(use.kind, cell.model);
  const auto identity = workspace.facts().prerequisite(use.kind, cell.model).identity();
  editing::NullSpaces spaces;
  for (const int layer : use.moment_layers) {
    const auto file = ledger::find_committed(folder, ledger::moments_stem(layer));
    if (!file) {
      throw core::DataError(folder.string() + ": the null space of layer " + std::to_string(layer) +
                            " is not there yet; run the sweep");
    }
    const auto contents = storage::read_null_space(*file, storage::null_space_label(cell.model, identity, layer));
    const auto width = start.architecture().inner_width;
    if (contents.inner_width != width) {
      throw core::MismatchError(file->path.string() + ": /basis: has " + std::to_string(contents.inner_width) +
                                " rows, the model's inner width is " + std::to_string(width) +
                                "; move it away and run the sweep again");
    }
    spaces.emplace(layer, null_space_of(contents, start.device()));
  }
  return std::make_shared<const editing::ArtifactOf<editing::NullSpaces>>(std::move(spaces));
}

std::optional<PrerequisiteContents> projector_contents(const PrerequisiteFile& file) {
  const auto layer = ledger::layer_of_stem(file.file.stem);
  if (!layer || file.is_part) return std::nullopt;
  return PrerequisiteContents{
      storage::null_space_label(file.model, file.identity, *layer),
      [](const auto& one, const auto& label) { static_cast<void>(storage::read_null_space(one, label)); }};
}

}  // namespace lethe::worker
