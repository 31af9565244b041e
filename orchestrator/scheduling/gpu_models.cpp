#include "orchestrator/scheduling/gpu_models.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/error.h"
#include "core/nearest_word.h"

namespace lethe::orchestrator::inline scheduling {
namespace {

/// GB, TFLOP/s and GB/s of a data sheet; a GB is taken as 1e9 bytes, which leaves the driver its share.
constexpr GpuModel of_sheet(std::string_view name, int gigabytes, double teraflops, double gigabytes_per_second) {
  return {name, std::int64_t{1'000'000'000} * gigabytes, 1e12 * teraflops, 1e9 * gigabytes_per_second};
}

constexpr std::array kModels{
    of_sheet("a100-40", 40, 19.5, 1555), of_sheet("a100-80", 80, 19.5, 2039), of_sheet("a40", 48, 37.4, 696),
    of_sheet("a6000", 48, 38.7, 768),    of_sheet("h100", 80, 67.0, 3350),    of_sheet("h100-pcie", 80, 51.0, 2000),
    of_sheet("h200", 141, 67.0, 4800),   of_sheet("l40s", 48, 91.6, 864),     of_sheet("rtx3090", 24, 35.6, 936),
    of_sheet("rtx4090", 24, 82.6, 1008), of_sheet("v100-16", 16, 15.7, 900),  of_sheet("v100-32", 32, 15.7, 900),
};
static_assert(std::ranges::is_sorted(kModels, {}, &GpuModel::name));

}  // namespace

std::span<const GpuModel> gpu_models() { return kModels; }

const GpuModel& gpu_model(const std::string& name) {
  const auto found = std::ranges::find(kModels, std::string_view(name), &GpuModel::name);
  if (found != kModels.end()) return *found;
  std::vector<std::string> names;
  for (const auto& model : kModels) names.emplace_back(model.name);
  const auto near = core::suggestion(name, names);
  throw core::ConfigError("--gpu " + name + ": is not known" + (near.empty() ? ";" : near) + " expected " +
                          core::join_alternatives(names));
}

}  // namespace lethe::orchestrator::inline scheduling
