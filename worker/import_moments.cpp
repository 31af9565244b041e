#include "worker/import_moments.h"

#include <chrono>

#include "core/error.h"
#include "data/published_moments.h"
#include "editing/condition_number.h"
#include "storage/second_moment_file.h"
#include "worker/moments_notes.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/provenance.h"

namespace lethe::worker {
namespace {

/// A matrix that passes every check of its entries may still be singular: a damaged download is (algorithms 6).
std::string checked_condition(const std::filesystem::path& path, data::PublishedMoments& moments, int layer) {
  const auto matrix = torch::from_blob(moments.values.data(), {moments.width, moments.width}, torch::kFloat64);
  try {
    return editing::condition_text(
        editing::condition_number(editing::MomentFactor({matrix, moments.count}, layer, torch::kCPU)));
  } catch (const core::DataError& error) {
    throw core::DataError(path.string() + ": " + error.what() + ". A published file is damaged then: fetch it again.");
  }
}

storage::SecondMomentContents import_layer(Workspace& workspace, const std::string& model, const MomentsPlan& plan,
                                           int layer) {
  const auto path = data::moments_file_of(workspace.config().model(model).second_moments->npz, layer);
  workspace.confirm_input(path);
  auto moments = data::read_published_moments(path, plan.inner_width);
  const auto condition = checked_condition(path, moments, layer);
  storage::SecondMomentContents contents;
  contents.model = model;
  contents.identity = plan.identity;
  contents.layer = layer;
  contents.inner_width = moments.width;
  contents.count = moments.count;
  contents.num_documents = moments.num_samples;
  contents.values = std::move(moments.values);
  contents.provenance = provenance(workspace, model);
  note_condition(contents.provenance, condition);
  contents.provenance["imported_from"] = path.string();
  contents.provenance["imported_tokens"] = std::to_string(moments.count);
  contents.provenance["imported_samples"] = moments.num_samples > 0 ? std::to_string(moments.num_samples) : "not said";
  return contents;
}

}  // namespace

bool import_moments(Workspace& workspace, const std::string& model, const std::vector<int>& layers,
                    TaskMonitor& monitor) {
  const auto& plan = workspace.moments_plan(model);
  const auto folder = workspace.prerequisite_folder(kMomentsKind, model);
  std::int64_t done = 0;
  for (const int layer : layers) {
    if (monitor.should_stop()) return false;
    const auto start = std::chrono::steady_clock::now();
    const auto contents = import_layer(workspace, model, plan, layer);
    const auto file = workspace.commit_file(folder, ledger::moments_stem(layer), [&](const auto& temporary) {
      storage::write_second_moment(temporary, contents);
    });
    monitor.committed(file.path, 0);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    monitor.progress(kMomentsKind, ++done, static_cast<std::int64_t>(layers.size()), seconds.count());
  }
  return true;
}

}  // namespace lethe::worker
