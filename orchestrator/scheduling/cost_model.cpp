#include "orchestrator/scheduling/cost_model.h"

namespace lethe::orchestrator::inline scheduling {
namespace {

constexpr double kNewWeight = 0.3;  // of the newest measurement in a moving average
constexpr double kDistanceSeconds = 0.01;
constexpr double kFloatBytes = 4.0;

std::string key_of(const std::string& method, const std::string& model) { return method + "/" + model; }

bool contains(std::span<const core::ReductionPart> parts, core::ReductionPart part) {
  return std::ranges::find(parts, part) != parts.end();
}

/// A core of a current server (two fused multiply-adds of 8 or 16 numbers a cycle: 100 to 200 GFLOP/s), and its memory.
DeviceSpeed assumed_host_speed(int threads) { return {150e9 * std::max(1, threads), 8e9, 60e-6, 5e8}; }

}  // namespace

DeviceSpeed assumed_speed(const core::ExperimentConfig& config) {
  if (config.device == "cuda") return {60e12, 3.5e12, 30e-6, 1e9};
  return assumed_host_speed(config.threads);
}

double seconds_of(const core::Work& work, const DeviceSpeed& speed) {
  const double bound = std::max(work.flops / speed.flops_per_second, work.bytes / speed.bytes_per_second);
  return kSafetyFactor * bound + work.layer_passes * speed.seconds_per_layer +
         work.disk_bytes / speed.disk_bytes_per_second;
}

CostModel::CostModel(const core::ExperimentConfig& config, const core::Inspection& inspection)
    : speed_(assumed_speed(config)) {
  const auto host = assumed_host_speed(config.threads);
  for (const auto& facts : inspection.models) {
    const double weights = kFloatBytes * static_cast<double>(facts.num_parameters);
    priors_[facts.name] = {1.0 + weights / speed_.disk_bytes_per_second, seconds_of(facts.tasks_work),
                           seconds_of(facts.forgetting_work), seconds_of(facts.scores_work)};
  }
  for (const auto& facts : inspection.cells) {
    const auto key = key_of(facts.cell.method, facts.cell.model);
    edits_[key].value = seconds_of(facts.edit_work) + scheduling::seconds_of(facts.host_work, host);
  }
}

double CostModel::load_seconds(const std::string& model) const { return priors_.at(model).load; }

SecondsPerFact CostModel::edit_seconds(const std::string& method, const std::string& model) const {
  return {edits_.at(key_of(method, model)).value};
}

double CostModel::reduction_prior(const std::string& model, std::int64_t edits,
                                  std::span<const core::ReductionPart> parts) const {
  const auto& prior = priors_.at(model);
  double seconds = 0.0;
  if (contains(parts, core::ReductionPart::kDistance)) seconds += kDistanceSeconds;
  if (contains(parts, core::ReductionPart::kTasks)) seconds += prior.tasks;
  if (contains(parts, core::ReductionPart::kForgetting)) {
    seconds += prior.forgetting_per_edit * static_cast<double>(edits);
  }
  if (contains(parts, core::ReductionPart::kScores)) seconds += prior.scores_per_edit * static_cast<double>(edits);
  return seconds;
}

double CostModel::reduction_seconds(const std::string& model, std::int64_t edits,
                                    std::span<const core::ReductionPart> parts) const {
  const auto ratio = reduction_ratio_.find(model);
  return reduction_prior(model, edits, parts) * (ratio == reduction_ratio_.end() ? 1.0 : ratio->second);
}

void CostModel::observe_edits(const std::string& method, const std::string& model, SecondsPerFact seconds) {
  auto& average = edits_.at(key_of(method, model));
  const double weight = average.is_measured ? kNewWeight : 1.0;
  average.value = (1.0 - weight) * average.value + weight * seconds.value;
  average.is_measured = true;
}

void CostModel::observe_reduction(const std::string& model, std::int64_t edits,
                                  std::span<const core::ReductionPart> parts, double seconds) {
  const double prior = reduction_prior(model, edits, parts);
  if (prior <= 0.0) return;
  const auto [ratio, is_first] = reduction_ratio_.try_emplace(model, seconds / prior);
  if (!is_first) ratio->second = (1.0 - kNewWeight) * ratio->second + kNewWeight * seconds / prior;
}

}  // namespace lethe::orchestrator::inline scheduling
