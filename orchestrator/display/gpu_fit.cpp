#include "orchestrator/display/gpu_fit.h"

#include <algorithm>
#include <functional>
#include <map>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "orchestrator/display/plan_report.h"

namespace lethe::orchestrator::inline display {
namespace {

using Role = MemoryLine::Role;

constexpr std::int64_t kGigabyte = 1'000'000'000;

/// A worker that keeps factored second moments beside the model.
bool keeps_factors_on_device(const core::ExperimentConfig& config, const MemoryLine& line) {
  if (line.role != Role::kWorker) return false;
  const auto& model = config.model(line.model);
  const bool has_factors = !model.methods.at(line.method)->second_moment_layers().empty();
  return has_factors && !core::keeps_factors_on_host(config, model);
}

/// What makes the line smaller, as settings of the config, the cheapest first.
std::string remedies_for(const core::ExperimentConfig& config, const MemoryLine& line, std::int64_t excess_bytes) {
  std::vector<std::string> remedies;
  const auto cache_bytes = core::bytes_of_gb(config.reducer_cache_gb);
  if (line.role == Role::kReducer && cache_bytes > 0) {
    const auto left = std::max<std::int64_t>(0, cache_bytes - excess_bytes) / kGigabyte;
    remedies.push_back(fmt::format("reducer_cache_gb: {}", left));
  }
  if (keeps_factors_on_device(config, line)) {
    remedies.push_back(fmt::format("models.{}.second_moment_placement: host", line.model));
  }
  if (line.role == Role::kPrerequisite && config.model(line.model).second_moments) {
    remedies.push_back(fmt::format("a smaller models.{0}.second_moments.batch_tokens or memory_gb", line.model));
  }
  if (config.model(line.model).weights != core::WeightsInMemory::kStored) {
    remedies.push_back(fmt::format("models.{}.weights: stored, if its files hold 16 bits a number", line.model));
  }
  remedies.emplace_back("a GPU with more memory");
  return fmt::format("{}", fmt::join(remedies, ", or "));
}

/// Of each model and role, the hungriest line that one executor alone cannot have.
std::vector<std::string> lines_that_are_too_long(const core::ExperimentConfig& config,
                                                 const std::vector<MemoryLine>& lines, const TargetGpu& gpu) {
  std::vector<std::string> problems;
  for (const auto& line : lines) {
    if (line.bytes <= gpu.memory_bytes) break;
    problems.push_back(fmt::format("{} takes {} of a GPU's memory, and one {} has {}: set {}", line.what,
                                   format_bytes(line.bytes), gpu.name, format_bytes(gpu.memory_bytes),
                                   remedies_for(config, line, line.bytes - gpu.memory_bytes)));
  }
  return problems;
}

}  // namespace

std::vector<MemoryLine> memory_lines(const core::Inspection& facts) {
  std::map<std::string, MemoryLine> by_name;
  const auto add = [&](Role role, const std::string& model, const std::string& method, const std::string& what,
                       std::int64_t bytes) {
    auto& line = by_name[what];
    line = {role, model, method, what, std::max(line.bytes, bytes)};
  };
  for (const auto& cell : facts.cells) {
    const auto& [method, model, sample] = cell.cell;
    add(Role::kWorker, model, method, fmt::format("worker {} of {}", method, model), cell.worker_bytes);
  }
  for (const auto& model : facts.models) {
    add(Role::kReducer, model.name, "", "reducer of " + model.name, model.reducer_bytes);
  }
  for (const auto& one : facts.prerequisites) {
    if (one.is_due) add(Role::kPrerequisite, one.model, "", one.kind + " of " + one.model, one.peak_bytes);
  }
  std::vector<MemoryLine> lines;
  for (auto& [name, line] : by_name) lines.push_back(std::move(line));
  std::ranges::stable_sort(lines, std::ranges::greater(), &MemoryLine::bytes);
  return lines;
}

GpuFit fit_on(const core::ExperimentConfig& config, const core::Inspection& facts, const TargetGpu& gpu) {
  GpuFit fit;
  const auto lines = memory_lines(facts);
  if (lines.empty() || lines.front().bytes <= 0) return fit;
  fit.largest = lines.front();
  fit.executors = gpu.memory_bytes / fit.largest.bytes;
  if (fit.executors == 0) {
    fit.problems = lines_that_are_too_long(config, lines, gpu);
  } else if (fit.executors < config.executors_per_gpu) {
    fit.problems.push_back(
        fmt::format("executors_per_gpu: {} times {} ({}) is more than the {} of one {}: set executors_per_gpu: {}",
                    config.executors_per_gpu, format_bytes(fit.largest.bytes), fit.largest.what,
                    format_bytes(gpu.memory_bytes), gpu.name, fit.executors));
  }
  return fit;
}

}  // namespace lethe::orchestrator::inline display
