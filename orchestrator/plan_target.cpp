#include "orchestrator/plan_target.h"

#include "core/error.h"
#include "core/nvidia_smi.h"
#include "orchestrator/device_binding.h"

namespace lethe::orchestrator {
namespace {

PlanTarget named_target(const PlanOptions& options, const core::ExperimentConfig& config) {
  auto gpu = named_gpu(options.gpu);
  if (config.device == "cuda") return {std::move(gpu), {}};
  throw core::ConfigError("--gpu " + options.gpu + ": " + options.config.string() + " says device: " + config.device +
                          ", which uses no GPU; set device: cuda, or leave --gpu out");
}

PlanTarget found_target(const std::function<bool()>& should_stop) {
  const auto listing = core::list_gpus(core::kNvidiaSmiLimit, should_stop);
  const auto gpus = visible_gpus(listing.gpus, device_choice());
  auto target = deciding_gpu(gpus);
  auto trouble = listing.trouble;
  if (trouble.empty() && !gpus.empty() && !target) trouble = "nvidia-smi tells no memory of " + gpus.front().name;
  if (!trouble.empty()) {
    trouble = "what fits on " + std::string(target ? "all" : "the") + " GPUs of this machine is not known: " + trouble +
              "; --gpu NAME plans for a kind of GPU (docs/capacity.md)";
  }
  return {std::move(target), std::move(trouble)};
}

}  // namespace

PlanTarget plan_target(const PlanOptions& options, const core::ExperimentConfig& config,
                       const std::function<bool()>& should_stop) {
  if (!options.gpu.empty()) return named_target(options, config);
  if (config.device != "cuda" || options.resources_only) return {};
  return found_target(should_stop);
}

}  // namespace lethe::orchestrator
