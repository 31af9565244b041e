#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "core/contract/inspection.h"
#include "orchestrator/process/zygote.h"

namespace lethe::orchestrator {

/// The program that holds the model: `lethe-executor` beside this one, or LETHE_EXECUTOR.
/// Throws `core::ConfigError` if it is not there.
std::filesystem::path executor_path();

/// The sweep's folder, and whether it may be written: digests of inputs are remembered there.
struct InspectionTarget {
  std::filesystem::path out;
  bool is_dry_run = false;
  bool is_elsewhere = false;  ///< another machine will run it: what GPU and LibTorch are here is no problem
};

/// Runs `lethe-executor inspect`: facts, identities and problems of a config's inputs. nullopt if stopped.
/// Throws `core::ConfigError` with the executor's words if it refuses the config, `core::CommError` if it dies.
std::optional<core::Inspection> inspect_config(Zygote& zygote, const std::filesystem::path& executor,
                                               const std::filesystem::path& config, const InspectionTarget& target,
                                               const std::function<bool()>& should_stop);

}  // namespace lethe::orchestrator
