#include "orchestrator/scheduling/gpu_models.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/error.h"
#include "core/nearest_word.h"

namespace lethe::orchestrator::inline scheduling {
namespace {

/// GB, TFLOP/s and GB/s of a data sheet; a GB is taken as 1e9 bytes, which leaves the driver its share.
constexpr GpuModel of_sheet(std::string_view name, std::string_view chip, int gigabytes, double teraflops,
                            double gigabytes_per_second) {
  return {name, chip, std::int64_t{1'000'000'000} * gigabytes, 1e12 * teraflops, 1e9 * gigabytes_per_second};
}

constexpr std::array kModels{
    of_sheet("a100-40", "a100", 40, 19.5, 1555),    of_sheet("a100-80", "a100", 80, 19.5, 2039),
    of_sheet("a40", "a40", 48, 37.4, 696),          of_sheet("a6000", "rtx a6000", 48, 38.7, 768),
    of_sheet("h100", "h100", 80, 67.0, 3350),       of_sheet("h100-pcie", "h100 pcie", 80, 51.0, 2000),
    of_sheet("h200", "h200", 141, 67.0, 4800),      of_sheet("l40s", "l40s", 48, 91.6, 864),
    of_sheet("rtx3090", "rtx 3090", 24, 35.6, 936), of_sheet("rtx4090", "rtx 4090", 24, 82.6, 1008),
    of_sheet("v100-16", "v100", 16, 15.7, 900),     of_sheet("v100-32", "v100", 32, 15.7, 900),
};
static_assert(std::ranges::is_sorted(kModels, {}, &GpuModel::name));

/// Words that tell nothing of the chip: makers, series, forms, kinds of memory.
constexpr std::array<std::string_view, 12> kPlainWords{"nvidia", "tesla", "geforce", "sxm",  "sxm2", "sxm3",
                                                       "sxm4",   "sxm5",  "dgxs",    "hbm2", "hbm3", "hbm3e"};
constexpr std::string_view kPcie = "pcie";

/// "80gb".
bool is_size(std::string_view word) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return word.size() > 2 && word.ends_with("gb") && std::ranges::all_of(word.substr(0, word.size() - 2), is_digit);
}

/// "NVIDIA GeForce RTX 4090": nvidia, geforce, rtx, 4090.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == ' ' || c == '-') {
      words.emplace_back();
    } else {
      words.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  std::erase(words, "");
  return words;
}

/// What a driver reports is some percent more than the sheet's GB of 1e9 bytes, or a little less where it keeps a
/// share.
bool is_memory_of(const GpuModel& model, std::int64_t reported_bytes) {
  const auto ratio = static_cast<double>(reported_bytes) / static_cast<double>(model.memory_bytes);
  return ratio > 0.98 && ratio < 1.1;
}

const GpuModel* find_chip(const std::string& chip, std::int64_t reported_bytes) {
  const auto found = std::ranges::find_if(
      kModels, [&](const GpuModel& model) { return model.chip == chip && is_memory_of(model, reported_bytes); });
  return found == kModels.end() ? nullptr : &*found;
}

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

const GpuModel* recognised_gpu(std::string_view reported_name, std::int64_t reported_bytes) {
  std::string chip;
  bool is_pcie = false;
  for (const auto& word : words_of(reported_name)) {
    is_pcie = is_pcie || word == kPcie;
    const bool is_plain = word == kPcie || is_size(word) || std::ranges::find(kPlainWords, word) != kPlainWords.end();
    if (!is_plain) chip += (chip.empty() ? "" : " ") + word;
  }
  // Of most chips the forms are one kind; where PCIe's is another, it says so.
  const auto* of_form = is_pcie ? find_chip(chip + " pcie", reported_bytes) : nullptr;
  return of_form != nullptr ? of_form : find_chip(chip, reported_bytes);
}

}  // namespace lethe::orchestrator::inline scheduling
