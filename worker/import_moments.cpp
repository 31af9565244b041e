#include "worker/import_moments.h"

#include <chrono>

#include "core/error.h"
#include "data/published_moments.h"
#include "editing/moment_factor.h"
#include "storage/second_moment_file.h"
#include "worker/provenance.h"

namespace lethe::worker {
namespace {

/// A matrix that passes every check of its entries may still be singular: a damaged download is (algorithms 6).
void check_factor(const std::filesystem::path& path, data::PublishedMoments& moments, int layer) {
  const auto matrix = torch::from_blob(moments.values.data(), {moments.width, moments.width}, torch::kFloat64);
  try {
    static_cast<void>(editing::MomentFactor({matrix, moments.count}, layer, torch::kCPU));
  } catch (const core::DataError& error) {
    throw core::DataError(path.string() + ": " + error.what() + ". A published file is damaged then: fetch it again.");
  }
}

storage::SecondMomentContents import_layer(const Workspace& workspace, const core::ModelFacts& facts,
                                           const std::filesystem::path& path, int layer) {
  auto moments = data::read_published_moments(path, facts.inner_width);
  check_factor(path, moments, layer);
  storage::SecondMomentContents contents;
  contents.model = facts.name;
  contents.identity = facts.moments_identity;
  contents.layer = layer;
  contents.inner_width = moments.width;
  contents.count = moments.count;
  contents.num_documents = moments.num_samples;
  contents.values = std::move(moments.values);
  contents.provenance = provenance(workspace);
  contents.provenance["imported_from"] = path.string();
  contents.provenance["imported_tokens"] = std::to_string(moments.count);
  contents.provenance["imported_samples"] = moments.num_samples > 0 ? std::to_string(moments.num_samples) : "not said";
  return contents;
}

}  // namespace

bool import_moments(Workspace& workspace, const core::ModelFacts& facts, const std::vector<int>& layers,
                    TaskMonitor& monitor) {
  const auto& config = *workspace.config().model(facts.name).second_moments;
  const auto folder = workspace.folder().moments(facts.name, facts.moments_identity);
  std::int64_t done = 0;
  for (const int layer : layers) {
    if (monitor.should_stop()) return false;
    const auto start = std::chrono::steady_clock::now();
    const auto contents = import_layer(workspace, facts, data::moments_file_of(config.npz, layer), layer);
    const auto file = ledger::commit_file(folder, ledger::moments_stem(layer), [&](const auto& temporary) {
      storage::write_second_moment(temporary, contents);
    });
    monitor.committed(file.path, 0);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    monitor.progress("moments", ++done, static_cast<std::int64_t>(layers.size()), seconds.count());
  }
  return true;
}

}  // namespace lethe::worker
