#include "orchestrator/sweep_start.h"

#include <set>

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include "core/config/schedule.h"
#include "core/error.h"
#include "core/fault.h"
#include "core/file_text.h"
#include "core/patience.h"
#include "core/strict_json.h"
#include "ledger/durable_file.h"
#include "ledger/old_snapshots.h"
#include "orchestrator/display/status_file.h"
#include "orchestrator/inspect_config.h"

namespace lethe::orchestrator {
namespace {

namespace fs = std::filesystem;
using Fields = std::map<std::string, std::string>;

/// What was hashed into a stored edit identity; empty if its file is not there or cannot be read.
Fields stored_fields(const fs::path& folder) {
  for (const auto& file : ledger::committed_files(folder)) {
    if (file.stem != "identity") continue;
    Fields fields;
    nlohmann::json text;
    try {
      text = core::json_if_sound(core::text_of_file(file.path)).value_or(nullptr);
    } catch (const core::StorageError&) {
      return fields;
    }
    if (!text.is_object()) return fields;
    for (const auto& [name, value] : text.items())
      fields[name] = value.is_string() ? value.get<std::string>() : value.dump();
    return fields;
  }
  return {};
}

/// `edits` is a field where the cell's end cuts its last step short, which no further step can follow.
std::string shown_field(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  if (name != "edits") return found == fields.end() ? std::string("(none)") : found->second;
  return found == fields.end() ? std::string("whole steps") : "a last step cut short at " + found->second;
}

std::string describe_differences(const Fields& stored, const Fields& wanted) {
  std::set<std::string> names;
  for (const auto& [name, value] : stored) names.insert(name);
  for (const auto& [name, value] : wanted) names.insert(name);
  std::string text;
  for (const auto& name : names) {
    const auto left = shown_field(stored, name);
    const auto right = shown_field(wanted, name);
    if (left != right) text += "\n    " + name + ": " + left + " in the folder, " + right + " in the config";
  }
  return text;
}

/// Owns the folder, or throws; null if told to stop.
std::unique_ptr<ledger::Ownership> own_folder(const ledger::SweepFolder& folder,
                                              const std::function<bool()>& should_stop) {
  auto options = ledger::ownership_options();
  options.should_stop = should_stop;
  options.on_watch = [&](const std::string& holder) {
    spdlog::info("{}: was owned by {}, which may be alive: watching for up to {} s", folder.root().string(), holder,
                 options.watch_seconds);
  };
  auto claim = ledger::claim_ownership(folder.owners(), ledger::kSweepKey, options);
  if (!claim.holder.empty()) {
    throw core::OwnedError(folder.root().string() + ": another sweep is running in this folder (" + claim.holder + ")" +
                           ledger::kOwnedRemedy);
  }
  if (!claim.ownership) return nullptr;
  if (!claim.predecessor.empty()) {
    spdlog::info("{}: the sweep before ({}) did not end in order; going on from its committed files",
                 folder.root().string(), claim.predecessor);
  }
  const auto others = ledger::other_owners(folder.owners(), ledger::kSweepKey, options);
  if (should_stop()) return nullptr;
  if (!others.empty()) {
    throw core::OwnedError(folder.root().string() + ": " + others.front().description + " is working on " +
                           others.front().key + " in this folder" + ledger::kOwnedRemedy);
  }
  return std::move(claim.ownership);
}

/// What runs before left half written. `lethe report` may be at work in its folder.
void remove_leftovers(const ledger::SweepFolder& folder, const ledger::Ownership& ownership) {
  std::error_code error;
  const auto now = fs::last_write_time(ownership.token(), error);
  if (!error) ledger::remove_abandoned_temporaries(folder.root(), folder.report().filename().string(), now);
}

/// STATE after a config was refused. What the folder holds does not become less by it: the word of a run that came to
/// its end stays.
void write_refusal(const ledger::SweepFolder& folder, const std::string& former_state) {
  const bool has_ended = former_state == to_string(Outcome::kComplete) || former_state == to_string(Outcome::kPoisoned);
  write_state(folder, has_ended ? std::string_view(former_state) : kConfigErrorState);
}

/// Says CONFIG_ERROR in a folder that nobody is at work in.
void mark_config_error(const ledger::SweepFolder& folder, const std::function<bool()>& should_stop) {
  try {
    ledger::make_folder(folder.root());
    if (const auto ownership = own_folder(folder, should_stop)) write_refusal(folder, read_state(folder));
  } catch (const core::OwnedError& error) {
    spdlog::warn("STATE is left as it is: {}", error.what());
  }
}

core::ExperimentConfig load_config(const SweepOptions& options, const std::function<bool()>& should_stop) {
  try {
    return core::load_experiment_config(options.config, options.methods);
  } catch (const core::ConfigError&) {
    // Whoever named the folder reads STATE there; without a valid config the default folder is not known.
    if (options.out) mark_config_error(ledger::SweepFolder(*options.out), should_stop);
    throw;
  }
}

void refuse_problems(const core::Inspection& inspection) {
  if (inspection.problems.empty()) return;
  std::string text;
  for (const auto& problem : inspection.problems) text += (text.empty() ? "" : "\n") + problem;
  throw core::ConfigError(text);
}

/// A cell that is complete is not edited any more, which would put aside what a former owner published late.
void put_late_segments_aside(const ledger::SweepFolder& folder, const core::Inspection& inspection) {
  for (const auto& cell : inspection.cells) {
    const auto path = folder.cell(cell.cell, cell.edit_identity);
    if (ledger::scan_cell(path).num_edits() < cell.edits) continue;
    if (const int count = ledger::quarantine_covered(path); count > 0) {
      spdlog::warn("{}: {} segment(s) whose edits are in the chain already are in quarantine/ now", path.string(),
                   count);
    }
  }
}

/// What the run is to do, in the folder. Refuses one that holds results of other settings.
void record(const ledger::SweepFolder& folder, const core::ExperimentConfig& config,
            const core::Inspection& inspection) {
  if (const auto foreign = foreign_results(folder, inspection); !foreign.empty()) throw core::ConfigError(foreign);
  put_late_segments_aside(folder, inspection);
  remove_old_snapshots(folder, config, inspection);
  ledger::replace_text(folder.experiment(), core::to_json(config));
  core::fault_point("start.recorded");
  ledger::replace_text(folder.inspection(), core::to_json(inspection));
}

}  // namespace

void remove_old_snapshots(const ledger::SweepFolder& folder, const core::ExperimentConfig& config,
                          const core::Inspection& inspection) {
  if (config.keep_snapshots != "newest") return;
  for (const auto& facts : inspection.cells) {
    if (!config.method_of(facts.cell)->stores_snapshots()) continue;
    const auto files = ledger::scan_cell(folder.cell(facts.cell, facts.edit_identity));
    const auto parts_due = [&](std::int64_t edit) { return core::parts_due(config, facts.cell, edit); };
    for (const auto& snapshot : ledger::unneeded_snapshots(files, parts_due, facts.reduction_identities)) {
      ledger::remove_file(snapshot.file.path);
    }
  }
}

std::string foreign_results(const ledger::SweepFolder& folder, const core::Inspection& inspection) {
  std::string text;
  for (const auto& cell : inspection.cells) {
    for (const auto& identity : ledger::foreign_identities(folder, cell.cell, cell.edit_identity)) {
      const auto path = folder.cell(cell.cell, identity);
      if (!text.empty()) text += '\n';
      text += path.string() + ": holds results of other settings (edit identity " + identity + ", the config gives " +
              cell.edit_identity + "); restore the config or choose another --out" +
              describe_differences(stored_fields(path), cell.edit_identity_fields);
    }
  }
  return text;
}

std::optional<SweepStart> start_sweep(const SweepOptions& options, Zygote& zygote,
                                      const std::function<bool()>& should_stop) {
  auto config = load_config(options, should_stop);
  ledger::SweepFolder folder(fs::absolute(options.out ? *options.out : fs::path("runs") / config.name));
  auto ownership = core::patiently([&] {
    ledger::make_folder(folder.root());
    return own_folder(folder, should_stop);
  });
  if (!ownership) return std::nullopt;
  core::fault_point("start.owned");
  remove_leftovers(folder, *ownership);
  const auto former_state = read_state(folder);
  core::patiently([&] { write_state(folder, to_string(Outcome::kIncomplete)); });
  try {
    auto inspection = core::patiently(
        [&] { return inspect_config(zygote, options.executor, options.config, {folder.root()}, should_stop); });
    if (!inspection) return std::nullopt;
    refuse_problems(*inspection);
    core::patiently([&] { record(folder, config, *inspection); });
    return SweepStart{std::move(config), std::move(*inspection), std::move(folder), std::move(ownership)};
  } catch (const core::ConfigError&) {
    write_refusal(folder, former_state);
    throw;
  }
}

}  // namespace lethe::orchestrator
