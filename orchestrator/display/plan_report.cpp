#include "orchestrator/display/plan_report.h"

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <set>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "core/config/schedule.h"
#include "orchestrator/display/cell_disk.h"
#include "orchestrator/display/duration.h"
#include "orchestrator/display/gpu_fit.h"
#include "orchestrator/scheduling/backlog.h"
#include "orchestrator/scheduling/remaining_time.h"

namespace lethe::orchestrator::inline display {
namespace {

void print_heading(const core::ExperimentConfig& config, std::ostream& out) {
  std::set<std::string> methods;
  std::set<std::string> models;
  std::set<int> samples;
  std::int64_t edits = 0;
  for (const auto& cell : config.cells) {
    methods.insert(cell.method);
    models.insert(cell.model);
    samples.insert(cell.sample);
    edits += config.edits.at(cell);
  }
  out << fmt::format("{}: {}, fidelity {}, device {}, {} thread(s) per executor\n", config.name, config.source.string(),
                     config.fidelity == core::Fidelity::kCode ? "code" : "paper", config.device, config.threads);
  out << fmt::format("grid: {} method(s) x {} model(s) x {} sample(s): {} cells, {} edits\n", methods.size(),
                     models.size(), samples.size(), config.cells.size(), edits);
  const auto tasks = config.tasks.empty()
                         ? std::string("no downstream tasks")
                         : fmt::format("{} downstream task(s) every {}", config.tasks.size(), config.tasks_every);
  const auto when = [](const std::optional<int>& every) {
    if (!every) return std::string("at the end");
    return *every == 0 ? std::string("never") : fmt::format("every {}", *every);
  };
  out << fmt::format(
      "checkpoints every {} edits, forgetting every {}, {}, scores of all earlier edits {}, texts {}, monitor {}\n",
      config.checkpoint_every, config.forgetting_every, tasks, when(config.scores_every), when(config.texts_every),
      when(config.monitor_every));
}

void print_cells(const core::ExperimentConfig& config, const core::Inspection& facts, const Backlog& backlog,
                 std::ostream& out) {
  const auto& costs = backlog.costs();
  out << fmt::format("\n{:<34} {:>7} {:>12} {:>10} {:>12} {:>10} {:>10}\n", "cell", "edits", "checkpoints", "s/edit",
                     "edits take", "reducing", "disk");
  for (const auto& cell : backlog.cells()) {
    const auto& name = cell.facts->cell;
    const auto per_fact = costs.edit_seconds(name.method, name.model);
    const auto prices = costs.reduction_prices(name.model);
    double reducing = 0.0;
    for (const auto edits : cell.checkpoints) reducing += prices.of(edits, core::parts_due(config, name, edits));
    out << fmt::format("{:<34} {:>7} {:>12} {:>10.3f} {:>12} {:>10} {:>10}\n", name.name(), cell.facts->edits,
                       cell.checkpoints.size(), per_fact.value, format_duration(per_fact.of(cell.facts->edits)),
                       format_duration(reducing), format_bytes(cell_disk(config, *cell.facts)));
  }
  const core::CellIndex known(facts);
  for (const auto& cell : config.cells) {
    if (known.find(cell) == nullptr)
      out << fmt::format("{:<34} {:>7}   (size of {} is unknown)\n", cell.name(), config.edits.at(cell), cell.model);
  }
}

/// Corpora and examples are there, so that their sizes are known.
bool are_inputs_there(const core::ExperimentConfig& config) {
  const auto is_there = [](const std::filesystem::path& path) { return std::filesystem::exists(path); };
  return std::ranges::all_of(config.tasks, is_there, &core::TaskConfig::examples) &&
         std::ranges::all_of(config.models, [&](const core::ModelConfig& model) {
           return !model.second_moments || model.second_moments->is_published() ||
                  is_there(model.second_moments->corpus);
         });
}

/// Of a prerequisite and what it needs and is not done.
double seconds_with_parts(const Backlog& backlog, const PrerequisiteWork& work) {
  double seconds = work.expected_seconds;
  for (const auto index : work.needs) {
    const auto& part = backlog.prerequisites()[index];
    if (part.slice && part.state != WorkState::kDone) seconds += part.expected_seconds;
  }
  return seconds;
}

void print_parts(const Backlog& backlog, const PrerequisiteWork& work, std::ostream& out) {
  const auto& facts = *work.facts;
  if (!facts.note.empty()) out << "    " << facts.note << '\n';
  if (facts.num_slices == 1) return;
  const auto num_open = std::ranges::count_if(work.needs, [&](std::size_t index) {
    const auto& part = backlog.prerequisites()[index];
    return part.slice && part.state != WorkState::kDone;
  });
  out << fmt::format("    in {} slices ({} done), spread over ranks; their parts take {} meanwhile\n", facts.num_slices,
                     facts.num_slices - num_open, format_bytes(facts.slices_disk_bytes));
}

void print_prerequisites(const Backlog& backlog, bool is_priced_fully, std::ostream& out) {
  out << "\nprerequisites\n";
  for (const auto& work : backlog.prerequisites()) {
    if (work.slice) continue;
    const bool is_done = work.state == WorkState::kDone;
    const auto state = is_done          ? std::string("done")
                       : work.is_wanted ? format_duration(seconds_with_parts(backlog, work))
                                        : std::string("not made, since all cells that need it are cancelled");
    const auto disk = work.facts->disk_bytes > 0 ? ", " + format_bytes(work.facts->disk_bytes) : std::string();
    out << fmt::format("  {}: {}{}\n", work.facts->title, state, disk);
    if (!is_done) print_parts(backlog, work, out);
  }
  if (backlog.prerequisites().empty()) out << "  none\n";
  if (!is_priced_fully) out << "  (inputs that are not there yet are priced as if they had the published sizes)\n";
}

void print_memory(const core::ExperimentConfig& config, const core::Inspection& facts, std::ostream& out) {
  const bool has_gpu = config.device == "cuda";
  out << fmt::format("\n{} memory of an executor (estimates{})\n", has_gpu ? "GPU" : "host",
                     has_gpu ? fmt::format("; {} on a GPU", config.executors_per_gpu) : "");
  for (const auto& model : facts.models) {
    out << fmt::format("  {:<16} {} parameters, weights {}\n", model.name, model.num_parameters,
                       format_bytes(model.weight_bytes));
    std::map<std::string, const core::CellFacts*> by_method;
    for (const auto& cell : facts.cells) {
      if (cell.cell.model == model.name) by_method.try_emplace(cell.cell.method, &cell);
    }
    for (const auto& [method, cell] : by_method) {
      out << fmt::format("    worker {:<9} {:>10}", method, format_bytes(cell->worker_bytes));
      if (cell->worker_host_bytes > 0) {
        out << fmt::format(", and {} in host memory", format_bytes(cell->worker_host_bytes));
      }
      out << '\n';
    }
    out << fmt::format("    reducer          {:>10}\n", format_bytes(model.reducer_bytes));
    for (const auto& prerequisite : facts.prerequisites) {
      if (prerequisite.model != model.name || prerequisite.peak_bytes == 0) continue;
      out << fmt::format("    {:<16} {:>10}\n", prerequisite.kind, format_bytes(prerequisite.peak_bytes));
    }
  }
}

/// " 3 h on 1 executor(s), 25 min on 8 executor(s)".
std::string times_of(const Backlog& remaining, int num_ranks) {
  const std::set<int> rank_counts{1, num_ranks, 8};
  std::string text;
  for (const int ranks : rank_counts) {
    text += fmt::format("{} {} on {} executor(s)", ranks == 1 ? "" : ",",
                        format_duration(remaining_seconds(remaining, {ranks, ranks, ranks})), ranks);
  }
  return text;
}

/// What times are taken to be of.
std::string assumed_device(const core::ExperimentConfig& config, const TargetGpu* gpu) {
  if (config.device != "cuda") return "150 GFLOP/s a thread";
  if (gpu != nullptr && gpu->model != nullptr) return fmt::format("one {} each by its data sheet", gpu->name);
  const auto* other = "a current data-centre GPU in fp32";
  return gpu == nullptr ? other : fmt::format("{}: not priced for {}, whose speed is not known", other, gpu->name);
}

void print_totals(const core::ExperimentConfig& config, const core::Inspection& facts, const Backlog& remaining,
                  int num_ranks, const TargetGpu* gpu, std::ostream& out) {
  std::int64_t disk = 0;
  for (const auto& cell : facts.cells) disk += cell_disk(config, cell);
  for (const auto& prerequisite : facts.prerequisites) disk += prerequisite.disk_bytes;
  const auto totals = remaining.totals();
  out << fmt::format("\ndisk: {}\n", format_bytes(disk));
  out << fmt::format("done: {} of {} cells, {} of {} edits, {} of {} reductions\n", totals.num_cells_done,
                     totals.num_cells, totals.edits_done, totals.edits, totals.reductions_done, totals.reductions);
  for (const auto& cell : remaining.cells()) {
    if (!cell.is_cut_short()) continue;
    out << fmt::format("cancelled: {} after {} of {} edits (`lethe cancel --undo` takes it back)\n",
                       cell.facts->cell.name(), cell.committed, cell.facts->edits);
  }
  for (const auto& cell : remaining.cells()) {
    if (!cell.collapsed_at) continue;
    out << fmt::format("collapsed: {} at edit {}; it ends at edit {} of {} (stop_at_collapse)\n",
                       cell.facts->cell.name(), *cell.collapsed_at, cell.edits, cell.facts->edits);
  }
  out << "expected time:" << times_of(remaining, num_ranks);
  out << fmt::format(
      "\n  (arithmetic and weight traffic of the algorithms x {:.0f}, on {}; rates measured in the sweep "
      "replace it there)\n",
      kSafetyFactor, assumed_device(config, gpu));
}

/// Which GPUs of this machine it was chosen among, and how another is planned for.
void print_found(const TargetGpu& gpu, std::ostream& out) {
  std::vector<std::string> kinds;
  for (const auto& [name, count] : gpu.found) kinds.push_back(fmt::format("{} x {}", count, name));
  out << fmt::format("  found on this machine: {}\n", fmt::join(kinds, ", "));
  if (kinds.size() > 1) {
    out << "    of several kinds the smallest memory decides what fits; CUDA_VISIBLE_DEVICES leaves others out\n";
  }
  out << "    --gpu NAME plans for another kind (docs/capacity.md)";
  if (gpu.model != nullptr) out << fmt::format(", --gpu {} for this one from any machine", gpu.name);
  out << '\n';
}

/// The time that the same work takes at least.
void print_floor(const core::ExperimentConfig& config, const core::Inspection& facts, const LedgerView& ledger,
                 int num_ranks, const GpuModel& model, std::ostream& out) {
  auto speed = speed_of(model);
  speed.safety_factor = 1.0;
  speed.seconds_per_layer = 0.0;
  out << "  floor:" << times_of(Backlog(config, facts, ledger, speed), num_ranks)
      << ", at these peaks and without the factor\n";
}

/// What fits.
void print_fit(const core::ExperimentConfig& config, const core::Inspection& facts, const TargetGpu& gpu,
               std::ostream& out) {
  const auto fit = fit_on(config, facts, gpu);
  if (fit.largest.bytes <= 0) return;
  out << fmt::format(
      "  {} executor(s) fit on one, whatever each of them does (the hungriest: {}, {}); the config has {}\n",
      fit.executors, fit.largest.what, format_bytes(fit.largest.bytes), config.executors_per_gpu);
}

void print_gpu(const core::ExperimentConfig& config, const core::Inspection& facts, const LedgerView& ledger,
               int num_ranks, const TargetGpu& gpu, std::ostream& out) {
  const auto* model = gpu.model;
  const auto speed = model == nullptr ? std::string(" as reported; its speed is not known, so its time is not priced")
                                      : fmt::format(", {:.1f} TFLOP/s in fp32 without TF32, {:.2f} TB/s (data sheet)",
                                                    1e-12 * model->flops_per_second, 1e-12 * model->bytes_per_second);
  out << fmt::format("\non {}: {} of memory{}\n", gpu.name, format_bytes(gpu.memory_bytes), speed);
  if (!gpu.found.empty()) print_found(gpu, out);
  print_fit(config, facts, gpu, out);
  if (model != nullptr) print_floor(config, facts, ledger, num_ranks, *model, out);
}

}  // namespace

std::string format_bytes(std::int64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000.0 && unit + 1 < kUnits.size()) {
    value /= 1000.0;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

void print_plan(const core::ExperimentConfig& config, const core::Inspection& facts, const LedgerView& ledger,
                int num_ranks, std::ostream& out, const TargetGpu* gpu) {
  const bool is_priced = gpu != nullptr && gpu->model != nullptr;
  const Backlog backlog(config, facts, ledger,
                        is_priced ? std::optional<DeviceSpeed>(speed_of(*gpu->model)) : std::nullopt);
  print_heading(config, out);
  print_cells(config, facts, backlog, out);
  print_prerequisites(backlog, are_inputs_there(config), out);
  print_memory(config, facts, out);
  print_totals(config, facts, backlog, num_ranks, gpu, out);
  if (gpu != nullptr) print_gpu(config, facts, ledger, num_ranks, *gpu, out);
}

}  // namespace lethe::orchestrator::inline display
