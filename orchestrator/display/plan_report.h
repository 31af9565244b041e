#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "orchestrator/scheduling/ledger_view.h"
#include "orchestrator/scheduling/target_gpu.h"

namespace lethe::orchestrator::inline display {

/// The tables, from facts of cells whose models' shapes are known; `ledger` says what is done already. With `gpu` it is
/// said what fits on one, and times are its own where its peaks are known.
void print_plan(const core::ExperimentConfig& config, const core::Inspection& facts, const LedgerView& ledger,
                int num_ranks, std::ostream& out, const TargetGpu* gpu = nullptr);

/// "1.5 GB", powers of ten.
std::string format_bytes(std::int64_t bytes);

}  // namespace lethe::orchestrator::inline display
