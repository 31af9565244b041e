#include <unistd.h>

#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>

#include "bench/registrations.h"
#include "ledger/commit.h"
#include "ledger/durable_file.h"
#include "ledger/sweep_folder.h"
#include "storage/segment.h"

namespace lethe::bench {
namespace {

constexpr const char* kParameter = "block.0.mlp.projection.weight";

/// A ROME segment of `num_edits` edits: rank-one factors of an [O,I] projection and 13 prompt scores each.
storage::SegmentContents rome_segment(std::int64_t num_edits, std::int64_t outputs, std::int64_t inputs) {
  storage::SegmentContents contents;
  contents.cell = {"rome", "small-gpt2", 0};
  contents.edit_identity = "0123456789ab";
  for (std::int64_t edit = 1; edit <= num_edits; ++edit) {
    storage::StoredEdit stored;
    stored.record.edit = edit;
    stored.record.case_id = edit;
    stored.record.losses.assign(20, 1.0F);
    for (int prompt = 0; prompt < 13; ++prompt) {
      const auto kind = prompt == 0  ? core::PromptKind::kRewrite
                        : prompt < 3 ? core::PromptKind::kParaphrase
                                     : core::PromptKind::kNeighborhood;
      stored.record.scores.push_back({kind, 1.0F, 2.0F, true, 0.5F});
    }
    const core::HostTensor left{{outputs, 1}, std::vector<float>(static_cast<std::size_t>(outputs), 0.25F)};
    const core::HostTensor right{{inputs, 1}, std::vector<float>(static_cast<std::size_t>(inputs), 0.5F)};
    stored.deltas.push_back({kParameter, left, right});
    contents.edits.push_back(std::move(stored));
  }
  contents.fingerprint_before[kParameter] = {};
  contents.fingerprint_after[kParameter] = {};
  return contents;
}

/// Writing, fsync, digest and publication of 10 edits; the argument is the projection's output width.
void commit_segment(benchmark::State& state) {
  const auto folder = std::filesystem::temp_directory_path() / ("lethe-bench-" + std::to_string(::getpid()));
  ledger::make_folder(folder);
  const auto contents = rome_segment(10, state.range(0), 4 * state.range(0));
  std::int64_t round = 0;
  for (auto _ : state) {
    const auto stem = ledger::segment_stem(10 * round + 1, 10 * round + 10);
    const auto temporary = ledger::temporary_path(folder, stem);
    storage::write_segment(temporary, contents);
    benchmark::DoNotOptimize(ledger::publish(temporary, stem));
    ++round;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace

void register_storage_benchmarks() {
  benchmark::RegisterBenchmark("commit_segment", commit_segment)
      ->Arg(128)
      ->Arg(1600)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

}  // namespace lethe::bench
