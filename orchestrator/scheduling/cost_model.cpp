#include "orchestrator/scheduling/cost_model.h"

#include <cmath>

namespace lethe::orchestrator::inline scheduling {
namespace {

constexpr double kKeptShare = 63.0 / 64.0;  // of what was measured before, at each report
constexpr double kDistanceSeconds = 0.01;
constexpr double kGpuLayerSeconds = 30e-6;
constexpr double kGpuDiskBytesPerSecond = 1e9;

/// The mean of ratios, each as far below as above; 1 of none.
class MeanRatio {
 public:
  void add(double ratio) {
    if (!(ratio > 0.0) || !std::isfinite(ratio)) return;
    sum_ += std::log(ratio);
    ++count_;
  }
  [[nodiscard]] bool is_there() const { return count_ > 0; }
  [[nodiscard]] double value() const { return count_ == 0 ? 1.0 : std::exp(sum_ / count_); }

 private:
  double sum_ = 0.0;
  int count_ = 0;
};

/// A core of a current server (two fused multiply-adds of 8 or 16 numbers a cycle: 100 to 200 GFLOP/s), and its memory.
DeviceSpeed assumed_host_speed(int threads) { return {150e9 * std::max(1, threads), 8e9, 60e-6, 5e8}; }

}  // namespace

DeviceSpeed assumed_speed(const core::ExperimentConfig& config) {
  if (config.device == "cuda") return {60e12, 3.5e12, kGpuLayerSeconds, kGpuDiskBytesPerSecond};
  return assumed_host_speed(config.threads);
}

DeviceSpeed speed_of(const GpuModel& gpu) {
  return {gpu.flops_per_second, gpu.bytes_per_second, kGpuLayerSeconds, kGpuDiskBytesPerSecond};
}

double seconds_of(const core::Work& work, const DeviceSpeed& speed) {
  const double bound = std::max(work.flops / speed.flops_per_second, work.bytes / speed.bytes_per_second);
  return speed.safety_factor * bound + work.layer_passes * speed.seconds_per_layer +
         work.disk_bytes / speed.disk_bytes_per_second;
}

void Measured::add(double more_seconds, double more_amount) {
  seconds = kKeptShare * seconds + more_seconds;
  amount = kKeptShare * amount + more_amount;
}

CostModel::CostModel(const core::ExperimentConfig& config, const core::Inspection& inspection)
    : CostModel(config, inspection, assumed_speed(config)) {}

CostModel::CostModel(const core::ExperimentConfig& config, const core::Inspection& inspection, const DeviceSpeed& speed)
    : speed_(speed) {
  auto host = assumed_host_speed(config.threads);
  host.safety_factor = speed.safety_factor;
  for (const auto& facts : inspection.models) {
    const auto weights = static_cast<double>(facts.weight_bytes);
    priors_[facts.name] = {1.0 + weights / speed_.disk_bytes_per_second,
                           seconds_of(facts.tasks_work),
                           seconds_of(facts.forgetting_work),
                           seconds_of(facts.scores_work),
                           seconds_of(facts.texts_work),
                           seconds_of(facts.monitor_work)};
  }
  for (const auto& facts : inspection.cells) {
    edits_[{facts.cell.model, facts.cell.method}].prior =
        seconds_of(facts.edit_work) + scheduling::seconds_of(facts.host_work, host);
  }
}

double CostModel::load_seconds(const std::string& model) const { return priors_.at(model).load; }

const CostModel::EditSeconds& CostModel::edits_of(const std::string& method, const std::string& model) const {
  return edits_.at({model, method});
}

double CostModel::edit_scale(const std::string& model) const {
  MeanRatio of_model;
  MeanRatio of_all;
  for (const auto& [key, edits] : edits_) {
    if (!edits.measured.is_there() || edits.prior <= 0.0) continue;
    of_all.add(edits.scale());
    if (key.first == model) of_model.add(edits.scale());
  }
  return of_model.is_there() ? of_model.value() : of_all.value();
}

SecondsPerFact CostModel::edit_seconds(const std::string& method, const std::string& model) const {
  const auto& edits = edits_of(method, model);
  if (edits.measured.is_there()) return {edits.measured.ratio()};
  if (edits.first_step > 0.0) return {edits.first_step};
  return {edits.prior * edit_scale(model)};
}

SecondsPerFact CostModel::cautious_edit_seconds(const std::string& method, const std::string& model) const {
  const auto& edits = edits_of(method, model);
  const auto seconds = edit_seconds(method, model);
  return edits.measured.is_there() || edits.first_step > 0.0 ? seconds
                                                             : SecondsPerFact{std::max(seconds.value, edits.prior)};
}

double CostModel::part_prior(const std::string& model, std::int64_t edits, core::ReductionPart part) const {
  const auto& prior = priors_.at(model);
  const auto count = static_cast<double>(edits);
  switch (part) {
    case core::ReductionPart::kDistance:
      return kDistanceSeconds;
    case core::ReductionPart::kTasks:
      return prior.tasks;
    case core::ReductionPart::kForgetting:
      return prior.forgetting_per_edit * count;
    case core::ReductionPart::kScores:
      return prior.scores_per_edit * count;
    case core::ReductionPart::kTexts:
      return prior.texts;
    case core::ReductionPart::kMonitor:
      return prior.monitor;
  }
  return 0.0;
}

double CostModel::part_scale(const std::string& model, core::ReductionPart part) const {
  const auto found = parts_.find({model, part});
  if (found != parts_.end()) return found->second.ratio();
  MeanRatio of_model;
  MeanRatio of_part;
  for (const auto& [key, measured] : parts_) {
    // A distance costs next to nothing; how far off that guess was says nothing of a network's passes.
    if (key.first == model && key.second != core::ReductionPart::kDistance) of_model.add(measured.ratio());
    if (key.second == part) of_part.add(measured.ratio());
  }
  if (part == core::ReductionPart::kDistance) return of_part.value();
  if (of_model.is_there()) return of_model.value();
  return of_part.is_there() ? of_part.value() : edit_scale(model);
}

double CostModel::commit_seconds(const std::string& model) const {
  const auto found = parts_.find({model, core::ReductionPart::kDistance});
  return found == parts_.end() ? 0.0 : found->second.ratio() * kDistanceSeconds;
}

ReductionPrices CostModel::reduction_prices(const std::string& model) const {
  ReductionPrices prices;
  const auto overhead = overheads_.find(model);
  if (overhead != overheads_.end()) prices.overhead = overhead->second.ratio();
  for (const auto part : core::kAllReductionParts) {
    const double scale = part_scale(model, part);
    const double commit = part == core::ReductionPart::kDistance ? 0.0 : commit_seconds(model);
    const double fixed = part_prior(model, 0, part);
    prices.parts[part] = {fixed * scale + commit, (part_prior(model, 1, part) - fixed) * scale};
  }
  return prices;
}

double ReductionPrices::of(std::int64_t edits, std::span<const core::ReductionPart> parts_due) const {
  double sum = overhead;
  for (const auto part : parts_due) {
    const auto& price = parts.at(part);
    sum += price.seconds + price.seconds_per_edit * static_cast<double>(edits);
  }
  return sum;
}

double CostModel::reduction_seconds(const std::string& model, std::int64_t edits,
                                    std::span<const core::ReductionPart> parts) const {
  return reduction_prices(model).of(edits, parts);
}

double CostModel::cautious_reduction_seconds(const std::string& model, std::int64_t edits,
                                             std::span<const core::ReductionPart> parts) const {
  double seconds = 0.0;
  for (const auto part : parts) {
    const double least = parts_.contains({model, part}) ? 0.0 : 1.0;
    seconds += part_prior(model, edits, part) * std::max(least, part_scale(model, part));
  }
  return seconds;
}

double CostModel::prerequisite_seconds(const std::string& kind, const std::string& model,
                                       double expected_seconds) const {
  const auto found = prerequisites_.find({kind, model});
  return found == prerequisites_.end() ? expected_seconds : expected_seconds * found->second.ratio();
}

void CostModel::observe_first_step(const std::string& method, const std::string& model, SecondsPerFact seconds) {
  auto& edits = edits_.at({model, method});
  if (edits.first_step <= 0.0 || seconds.value < edits.first_step) edits.first_step = seconds.value;
}

void CostModel::observe_edits(const std::string& method, const std::string& model, std::int64_t num_facts,
                              double seconds) {
  if (num_facts <= 0 || seconds < 0.0) return;
  edits_.at({model, method}).measured.add(seconds, static_cast<double>(num_facts));
}

void CostModel::observe_part(const std::string& model, std::int64_t edits, core::ReductionPart part, double seconds) {
  const double prior = part_prior(model, edits, part);
  if (prior <= 0.0) return;
  // What a file costs does not grow with the edits, and would be taken for slow passes of the network.
  const double commit = part == core::ReductionPart::kDistance ? 0.0 : commit_seconds(model);
  parts_[{model, part}].add(std::max(0.0, seconds - commit), prior);
}

void CostModel::observe_reduction_overhead(const std::string& model, double seconds) {
  overheads_[model].add(std::max(0.0, seconds), 1.0);
}

void CostModel::observe_prerequisite(const std::string& kind, const std::string& model, double expected_seconds,
                                     double seconds) {
  if (expected_seconds > 0.0) prerequisites_[{kind, model}].add(seconds, expected_seconds);
}

}  // namespace lethe::orchestrator::inline scheduling
