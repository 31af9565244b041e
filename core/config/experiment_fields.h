#pragma once

#include "core/config/experiment_config.h"
#include "core/config/field_visitor.h"

// The one list of an experiment's fields: YAML and JSON are read, and JSON is written, by showing them to a visitor.
// Models, methods, tasks and cells are lists of their own, each element's fields being shown here or by its method.

namespace lethe::core::inline config {

inline constexpr const char* kModelMap =
    "a map with path, second_moments, second_moment_placement, weights and methods";
inline constexpr const char* kTaskMap = "a task (a map with name, examples, prefix, query, marker and answers)";

void visit_fields(FieldVisitor& visit, ExperimentConfig& config);
void visit_fields(FieldVisitor& visit, ModelConfig& config);
void visit_fields(FieldVisitor& visit, SecondMomentConfig& config);
void visit_fields(FieldVisitor& visit, TaskConfig& config);

}  // namespace lethe::core::inline config
