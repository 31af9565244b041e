#include "bench/scaling/simulated_world.h"

#include <algorithm>
#include <cmath>

#include "core/config/schedule.h"
#include "core/digest.h"
#include "editing/methods/catalogue.h"
#include "orchestrator/scheduling/cost_model.h"
#include "tests/orchestrator/small_experiment.h"

namespace lethe::bench {
namespace {

/// Of -1 to 1, by a name alone.
double wave(const std::string& name) {
  return static_cast<double>(core::digest_of(std::string_view(name)).words[0] % 2001) / 1000.0 - 1.0;
}

/// Work that is priced at that time.
core::Work work_of(double seconds, const core::ExperimentConfig& config) {
  core::Work work;
  work.flops = seconds * orchestrator::assumed_speed(config).flops_per_second / orchestrator::kSafetyFactor;
  return work;
}

void price(SimulatedWorld& world) {
  const auto& durations = world.durations;
  for (auto& facts : world.inspection.models) {
    const auto& model = durations.models.at(facts.name);
    const double factor = std::pow(durations.mispricing, wave("reductions of " + facts.name));
    facts.tasks_work = work_of(factor * model.tasks_seconds, world.config);
    facts.forgetting_work = work_of(factor * model.forgetting_seconds_each, world.config);
    const double disk_speed = orchestrator::assumed_speed(world.config).disk_bytes_per_second;
    facts.weight_bytes = static_cast<std::int64_t>(std::max(0.0, model.load_seconds - 1.0) * disk_speed);
  }
  for (auto& facts : world.inspection.cells) {
    const auto& [method, model, sample] = facts.cell;
    const double factor = std::pow(durations.mispricing, wave(method + "/" + model));
    facts.edit_work = work_of(factor * durations.fact_seconds.at({method, model}), world.config);
  }
  std::erase_if(world.inspection.prerequisites, [](const auto& facts) { return facts.kind != "baseline"; });
  for (auto& facts : world.inspection.cells) facts.needs.clear();
  for (auto& facts : world.inspection.prerequisites) {
    facts.work = facts.step_work = work_of(durations.models.at(facts.model).tasks_seconds, world.config);
  }
}

}  // namespace

double SimulatedWorld::step_seconds(const core::GridCell& cell) const {
  const double fact = durations.fact_seconds.at({cell.method, cell.model});
  return fact * config.method_of(cell)->batch_size() * (1.0 + durations.spread * wave(cell.name()));
}

double SimulatedWorld::part_seconds(const core::GridCell& cell, std::int64_t edits, core::ReductionPart part) const {
  const auto& model = durations.models.at(cell.model);
  if (part == core::ReductionPart::kTasks) return durations.commit_seconds + model.tasks_seconds;
  if (part == core::ReductionPart::kDistance) return durations.commit_seconds;
  return durations.commit_seconds + model.forgetting_seconds_each * static_cast<double>(edits);
}

double SimulatedWorld::reduction_seconds(const core::ReduceTask& task) const {
  double seconds = 0.0;
  for (const auto part : task.parts) seconds += part_seconds(task.cell, task.edits, part);
  return seconds;
}

double SimulatedWorld::all_seconds() const {
  double seconds = 0.0;
  for (const auto& cell : config.cells) {
    const auto steps = static_cast<double>(config.edits.at(cell)) / config.method_of(cell)->batch_size();
    seconds += steps * step_seconds(cell);
    for (const auto edits : core::checkpoints_of(config, cell)) {
      seconds += reduction_seconds({cell, edits, core::parts_due(config, cell, edits)});
    }
  }
  for (const auto& facts : inspection.prerequisites) seconds += durations.models.at(facts.model).tasks_seconds;
  return seconds;
}

double SimulatedWorld::longest_seconds() const {
  double longest = 0.0;
  for (const auto& cell : config.cells) {
    const auto edits = config.edits.at(cell);
    const auto steps = static_cast<double>(edits) / config.method_of(cell)->batch_size();
    const core::ReduceTask last{cell, edits, core::parts_due(config, cell, edits)};
    longest = std::max(longest, steps * step_seconds(cell) + reduction_seconds(last));
  }
  return longest;
}

void SimulatedWorld::set_up(orchestrator::testing::SimulatedSweep& sweep) const {
  sweep.seconds_of = [this](const core::Task& task) {
    if (const auto* edit = std::get_if<core::EditTask>(&task)) return step_seconds(edit->cell);
    if (const auto* reduce = std::get_if<core::ReduceTask>(&task)) return reduction_seconds(*reduce);
    return durations.models.at(std::get<core::PrerequisiteTask>(task).model).tasks_seconds;
  };
  sweep.share_of = [this](const core::ReduceTask& task, core::ReductionPart part) {
    return part_seconds(task.cell, task.edits, part) / reduction_seconds(task);
  };
  sweep.load_seconds_of = [this](const std::string& model) { return durations.models.at(model).load_seconds; };
}

SimulatedWorld paper_world(double mispricing) {
  SimulatedWorld world;
  world.config =
      core::load_experiment_config(std::string(LETHE_SOURCE_DIR) + "/configs/paper.yaml", editing::catalogue());
  world.durations.mispricing = mispricing;
  world.durations.models = {{"gpt2-xl", {7.0, 5.0, 0.004}}, {"gpt-j-6b", {25.0, 20.0, 0.011}}};
  world.durations.fact_seconds = {{{"rome", "gpt2-xl"}, 0.40},  {{"rome", "gpt-j-6b"}, 1.66},
                                  {{"memit", "gpt2-xl"}, 0.18}, {{"memit", "gpt-j-6b"}, 0.76},
                                  {{"mend", "gpt2-xl"}, 0.02},  {{"mend", "gpt-j-6b"}, 0.07},
                                  {{"ft-c", "gpt2-xl"}, 0.35},  {{"ft-c", "gpt-j-6b"}, 1.07}};
  world.inspection = orchestrator::testing::make_inspection(world.config);
  price(world);
  return world;
}

SimulatedWorld large_world(int num_cells, std::int64_t edits, double seconds_of_an_edit) {
  SimulatedWorld world;
  world.config = orchestrator::testing::make_config({.methods = {"rome", "mend", "ft-c", "ft"},
                                                     .models = {"small", "large"},
                                                     .num_samples = (num_cells + 7) / 8,
                                                     .edits = edits,
                                                     .checkpoint_every = 10,
                                                     .forgetting_every = 20,
                                                     .tasks_every = 10});
  world.durations.mispricing = 2.0;
  const double second = seconds_of_an_edit;
  world.durations.models = {{"small", {7.0, 2.0 * second, 0.002 * second}},
                            {"large", {25.0, 6.0 * second, 0.006 * second}}};
  const std::map<std::string, double> share{{"rome", 1.0}, {"mend", 0.1}, {"ft-c", 0.8}, {"ft", 0.7}};
  for (const auto& [method, factor] : share) {
    world.durations.fact_seconds[{method, "small"}] = 0.5 * factor * second;
    world.durations.fact_seconds[{method, "large"}] = 1.5 * factor * second;
  }
  world.inspection = orchestrator::testing::make_inspection(world.config);
  price(world);
  return world;
}

}  // namespace lethe::bench
