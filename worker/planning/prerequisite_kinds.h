#pragma once

#include <map>
#include <string>

#include "core/config/experiment_config.h"
#include "core/digest.h"
#include "worker/planning/findings.h"
#include "worker/planning/input_digests.h"
#include "worker/planning/model_inputs.h"
#include "worker/planning/problem_collector.h"

namespace lethe::worker::inline planning {

/// What a kind of prerequisite is planned from: one model, and what is known so far.
struct PrerequisiteContext {
  const core::ExperimentConfig& config;
  const core::ModelConfig& model;
  const ModelInputs& inputs;
  const std::map<std::string, core::Digest>& examples;  ///< digests of the tasks' files that could be read, by task
  InputDigests& digests;
  ProblemCollector& problems;
  Findings& findings;  ///< the kinds before it have added theirs

  [[nodiscard]] bool is_used(const std::string& method) const;
};

/// Adds a model's prerequisite of a kind to the findings, if any of its cells needs it. What is wrong with its inputs
/// becomes a problem; its folder is then empty.
using DescribePrerequisite = void (*)(PrerequisiteContext& context);

/// A row a kind, each after those that it needs. worker/prerequisites.cpp has the tasks that make them.
struct PrerequisiteRow {
  const char* kind;
  DescribePrerequisite describe;
};
const std::vector<PrerequisiteRow>& prerequisite_rows();

void describe_moments(PrerequisiteContext& context);
void describe_editor(PrerequisiteContext& context);
void describe_baseline(PrerequisiteContext& context);

inline constexpr const char* kMomentsKind = "moments";
inline constexpr const char* kBaselineKind = "baseline";

/// Identity of the second moments of these layers. Of published files only those of the layers given count.
/// Throws what is wrong with their inputs.
std::string moments_identity_of(PrerequisiteContext& context, const std::vector<int>& layers);
/// Looks at every published file that a model's cells need, whatever else is missing.
void check_published_moments(const core::ExperimentConfig& config, const core::ModelConfig& model,
                             ProblemCollector& problems);
/// Looks at a file that a config names instead of having an artifact made; throws what is wrong with it.
void check_artifact_file(const core::ArtifactUse& use, const std::string& model);

}  // namespace lethe::worker::inline planning
