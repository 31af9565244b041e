#include "orchestrator/plan.h"

#include <algorithm>
#include <optional>
#include <ostream>

#include <spdlog/fmt/fmt.h>

#include "core/config/experiment_config.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "core/log.h"
#include "core/stop_signals.h"
#include "orchestrator/display/config_changes.h"
#include "orchestrator/display/gpu_fit.h"
#include "orchestrator/display/plan_report.h"
#include "orchestrator/display/plan_resources.h"
#include "orchestrator/inspect_config.h"
#include "orchestrator/plan_target.h"
#include "orchestrator/process/stop_signals.h"
#include "orchestrator/sweep_start.h"

namespace lethe::orchestrator {
namespace {

/// Nothing is done yet.
class EmptyLedger final : public LedgerView {
 public:
  [[nodiscard]] CellLedger cell(const core::CellFacts& /*facts*/) const override { return {}; }
  [[nodiscard]] PrerequisiteLedger prerequisite(const core::PrerequisiteFacts& /*facts*/) const override { return {}; }
  [[nodiscard]] std::set<core::GridCell> cancelled() const override { return {}; }
};

/// Cells whose model's shape nobody knows cannot be priced; the report lists them without a price.
core::Inspection with_known_models(core::Inspection inspection) {
  std::erase_if(inspection.cells, [&](const core::CellFacts& cell) {
    return std::ranges::find(inspection.models, cell.cell.model, &core::ModelFacts::name) == inspection.models.end();
  });
  return inspection;
}

/// nullopt where no run was, or nobody can tell what it was asked for.
std::optional<FormerRun> former_run(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods) {
  if (!std::filesystem::exists(folder.experiment())) return std::nullopt;
  try {
    return FormerRun{core::read_experiment_config(folder.experiment(), methods),
                     core::known_inspection(folder.inspection())};
  } catch (const core::Error& error) {
    core::log_warning(std::string("passed over: ") + error.what());
    return std::nullopt;
  }
}

void print_changes(const core::ExperimentConfig& config, const core::Inspection& inspection, const FormerRun& former,
                   const LedgerView& ledger, std::ostream& out) {
  out << "\nin this folder, since the run before\n";
  for (const auto& line : describe_changes(former, config, inspection, ledger)) out << "  " << line << "\n";
}

void print_tables(const PlanOptions& options, const core::ExperimentConfig& config, const core::Inspection& inspection,
                  const ledger::SweepFolder& folder, const PlanTarget& target, std::ostream& out) {
  // Identities that are missing name no folder; nothing can have been done under them.
  const bool has_identities = inspection.problems.empty();
  const EmptyLedger empty;
  const FolderLedgerView committed(folder);
  const LedgerView& ledger = has_identities ? static_cast<const LedgerView&>(committed) : empty;
  print_plan(config, with_known_models(inspection), ledger, options.num_ranks, out,
             target.gpu ? &*target.gpu : nullptr);
  if (const auto former = former_run(folder, options.methods); former && has_identities) {
    print_changes(config, inspection, *former, ledger, out);
  }
  auto notes = inspection.notes;
  if (!target.note.empty()) notes.push_back(target.note);
  if (!notes.empty()) out << "\nnotes\n";
  for (const auto& note : notes) out << "  " << note << "\n";
}

std::string listed(const std::vector<std::string>& problems) {
  std::string text = fmt::format("NOT READY TO RUN: {} problem(s)\n", problems.size());
  for (const auto& problem : problems) text += "  " + problem + "\n";
  return text;
}

}  // namespace

int run_plan(const PlanOptions& options, Zygote& zygote, std::ostream& out) {
  const auto config = core::load_experiment_config(options.config, options.methods);
  const StopSignals signals;
  const auto should_stop = [&] { return signals.first() != 0; };
  const auto target = plan_target(options, config, should_stop);
  const ledger::SweepFolder folder(
      std::filesystem::absolute(options.out ? *options.out : std::filesystem::path("runs") / config.name));
  const bool is_elsewhere = !options.gpu.empty();
  const auto inspected = inspect_config(zygote, options.executor, options.config,
                                        {folder.root(), /*is_dry_run=*/true, is_elsewhere}, should_stop);
  if (!inspected) {
    core::log_warning(core::stop_text(signals.first()));
    return core::kExitStopped;
  }
  const auto& inspection = *inspected;
  auto problems = inspection.problems;
  if (problems.empty()) {
    if (const auto foreign = foreign_results(folder, inspection); !foreign.empty()) problems.push_back(foreign);
  }
  if (target.gpu) {
    const auto fit = fit_on(config, with_known_models(inspection), *target.gpu);
    problems.insert(problems.end(), fit.problems.begin(), fit.problems.end());
  }
  if (options.resources_only) {
    if (!problems.empty()) throw core::ConfigError(listed(problems));
    print_resources(config, with_known_models(inspection), folder.root(), out);
    return 0;
  }
  print_tables(options, config, inspection, folder, target, out);
  out << '\n' << (problems.empty() ? "ready to run\n" : listed(problems));
  return problems.empty() ? 0 : core::kExitConfigError;
}

}  // namespace lethe::orchestrator
