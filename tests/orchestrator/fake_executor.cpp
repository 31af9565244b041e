// Speaks the executor's protocol and commits real files; its model is a matrix of twelve numbers, and its edits sleep.
// Used by the tests of zygote, supervisor, sweep and faults: it comes by the executor's sites of core/fault_sites.h.
// Environment:
//   LETHE_FAKE_EDIT_SECONDS   duration of an edit and of a reduction (0.002)
//   LETHE_FAKE_FAULTS         faults of one cell, and lies, beside LETHE_FAULT: "<what>@<cell>@<edit>;...", what =
//   segv,
//                             exit, hang, garbage, data, full; each strikes once per LETHE_FAKE_MEMORY folder, with "!"
//                             in front always
//   LETHE_FAKE_GATE           a file; while it is there, no cell goes on beyond what its first checkpoint commits
//   LETHE_FAKE_PROBLEM        reported by `inspect`

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/config/schedule.h"
#include "core/contract/executor_messages.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "core/fault.h"
#include "editing/methods/catalogue.h"
#include "ledger/durable_file.h"
#include "ledger/sweep_folder.h"
#include "tests/orchestrator/fake_cell.h"
#include "tests/orchestrator/small_experiment.h"

namespace {

namespace fs = std::filesystem;
using namespace lethe;
namespace testing = lethe::orchestrator::testing;

constexpr int kEvents = 3;
constexpr int kOrphaned = 3;

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

void send(const core::Event& event) {
  const auto line = core::to_json(event) + "\n";
  for (std::size_t sent = 0; sent < line.size();) {
    const auto count = core::write_at("event.send", line.size() - sent,
                                      [&](std::size_t size) { return ::write(kEvents, line.data() + sent, size); });
    if (count < 0) std::_Exit(kOrphaned);
    sent += static_cast<std::size_t>(count);
  }
}

class FakeExecutor {
 public:
  FakeExecutor(core::ExperimentConfig config, const fs::path& out)
      : config_(std::move(config)),
        inspection_(orchestrator::testing::make_inspection(config_)),
        folder_(out),
        step_(std::stod(environment("LETHE_FAKE_EDIT_SECONDS", "0.002"))),
        gate_(environment("LETHE_FAKE_GATE", "/nowhere")) {}

  int serve() {
    send(core::ReadyEvent{::getpid(), "cpu"});
    while (true) {
      const auto command = next_command(-1);
      if (!command) continue;
      if (std::holds_alternative<core::QuitCommand>(*command)) return 0;
      if (const auto* run = std::get_if<core::RunCommand>(&*command)) {
        should_stop_ = false;
        if (!run_task(run->task)) return 0;
      }
    }
  }

 private:
  core::ExperimentConfig config_;
  core::Inspection inspection_;
  ledger::SweepFolder folder_;
  double step_;
  fs::path gate_;
  std::string pending_;
  bool should_stop_ = false;
  bool should_quit_ = false;

  /// Waits for `timeout_ms` (-1: for ever); leaves at the end of input, as a supervisor that vanished means.
  std::optional<core::Command> next_command(int timeout_ms) {
    const auto end = pending_.find('\n');
    if (end != std::string::npos) {
      auto command = core::command_from_json(pending_.substr(0, end));
      pending_.erase(0, end + 1);
      return command;
    }
    pollfd watched{0, POLLIN, 0};
    if (::poll(&watched, 1, timeout_ms) <= 0) return std::nullopt;
    char buffer[4096];
    const auto count = core::fails_at("command.read") ? -1 : ::read(0, buffer, sizeof buffer);
    if (count <= 0) std::_Exit(kOrphaned);
    pending_.append(buffer, static_cast<std::size_t>(count));
    return next_command(0);
  }

  void work() {
    std::this_thread::sleep_for(std::chrono::duration<double>(step_));
    while (const auto command = next_command(0)) {
      if (std::holds_alternative<core::StopCommand>(*command)) should_stop_ = true;
      if (std::holds_alternative<core::QuitCommand>(*command)) should_stop_ = should_quit_ = true;
    }
  }

  void wait_at_gate() {
    while (fs::exists(gate_) && !should_stop_) work();
  }

  void commit(const fs::path& folder, const std::string& stem, const ledger::FileWriter& write, std::int64_t edits) {
    ledger::make_folder_below(folder_.root(), folder);
    send(core::CommittedEvent{ledger::commit_file(folder, stem, write).path.string(), edits});
  }

  /// False if the executor is to leave.
  bool run_task(const core::Task& task) {
    std::cout << "fake executor runs " << core::describe(task) << std::endl;
    send(core::ProgressEvent{"load", 0, 1, 0.0});
    try {
      core::fault_point("task.begin");
      const bool is_done = std::visit([this](const auto& one) { return run(one); }, task);
      if (is_done) {
        send(core::DoneEvent{});
      } else {
        send(core::StoppedEvent{0});
      }
    } catch (const core::Error& error) {
      send(core::FailedEvent{core::classify(error), error.what(), 0});
    }
    return !should_quit_;
  }

  bool run(const core::PrerequisiteTask& task) {
    core::fault_point("prerequisite.begin");
    const auto& facts = inspection_.prerequisite(task.kind, task.model);
    const auto folder = folder_.root() / facts.folder;
    const auto slices = folder / ledger::kSlicesFolder;
    const auto write = [&](const auto& path) { testing::write_prerequisite(path, facts, config_, task.slice, slices); };
    for (const auto& stem : facts.stems) {
      work();
      if (should_stop_) return false;
      const auto place = task.slice ? slices : folder;
      const auto name = task.slice ? ledger::slice_stem(*task.slice, stem) : stem;
      if (!ledger::find_committed(place, name)) commit(place, name, write, 0);
    }
    if (task.slice) return true;
    core::fault_point("moments.clear");
    fs::remove_all(slices);
    return true;
  }

  bool run(const core::EditTask& task) {
    const auto& facts = inspection_.cell(task.cell);
    const auto folder = folder_.cell(task.cell, facts.edit_identity);
    commit_identity(folder, facts);
    const auto checkpoints = core::checkpoints_of(config_, task.cell);
    testing::FakeCell cell(config_, facts, folder);
    core::fault_point("edit.resume");
    cell.move_to(ledger::scan_cell(folder).num_edits());
    while (cell.edits() < task.until && !should_stop_) {
      strike(task.cell, cell.edits() + 1);
      if (cell.edits() >= checkpoints.front()) wait_at_gate();
      core::fault_point("edit.step");
      work();
      std::cout << "fake executor edits " << task.cell.name() << std::endl;
      cell.edit();
      core::fault_point("edit.done");
      send(core::ProgressEvent{"edit", cell.edits(), task.until, step_});
      const bool is_checkpoint = std::ranges::binary_search(checkpoints, cell.edits());
      if (!is_checkpoint && cell.edits() < task.until && !should_stop_) continue;
      send(core::CommittedEvent{cell.commit().path.string(), cell.edits()});
    }
    ledger::quarantine_covered(folder);
    return cell.edits() >= task.until;
  }

  void commit_identity(const fs::path& folder, const core::CellFacts& facts) {
    ledger::make_folder_below(folder_.root(), folder);
    if (ledger::find_committed(folder, "identity")) return;
    const auto text = nlohmann::json(facts.edit_identity_fields).dump(1);
    ledger::commit_file(
        folder, "identity", [&](const auto& path) { ledger::write_new_file(path, text); }, ".json");
  }

  bool run(const core::ReduceTask& task) {
    core::fault_point("reduce.begin");
    work();
    const auto& facts = inspection_.cell(task.cell);
    const auto folder = folder_.cell(task.cell, facts.edit_identity);
    testing::FakeCell cell(config_, facts, folder);
    cell.move_to(task.edits);
    for (const auto part : task.parts) {
      const auto& identity = facts.reduction_identities.at(part);
      if (ledger::scan_cell(folder).has_reduction(part, task.edits, identity)) continue;
      core::fault_point("reduce.measure");
      const auto contents = cell.reduction(part);
      core::fault_point("reduce.commit");
      const auto file = ledger::commit_file(folder, ledger::reduction_stem(part, task.edits, identity),
                                            [&](const auto& path) { storage::write_reduction(path, contents); });
      core::fault_point("reduce.committed");
      send(core::CommittedEvent{file.path.string(), task.edits});
    }
    cell.prune_snapshots();
    return true;
  }

  static bool is_due(const std::string& fault) {
    if (fault.starts_with("!")) return true;
    auto name = fault;
    std::ranges::replace(name, '/', '_');
    return ::mkdir((fs::path(environment("LETHE_FAKE_MEMORY", "/nowhere")) / name).c_str(), 0755) == 0;
  }

  static void strike(const core::GridCell& cell, std::int64_t edit) {
    for (const auto& fault : split(environment("LETHE_FAKE_FAULTS", ""), ';')) {
      const auto parts = split(fault.starts_with("!") ? fault.substr(1) : fault, '@');
      if (parts.size() != 3 || parts[1] != cell.name() || parts[2] != std::to_string(edit) || !is_due(fault)) continue;
      std::cerr << "about to strike: " << parts[0] << std::endl;
      if (parts[0] == "segv") {
        ::signal(SIGSEGV, SIG_DFL);  // not a sanitizer's
        ::raise(SIGSEGV);
      }
      if (parts[0] == "exit") std::_Exit(17);
      if (parts[0] == "hang") std::this_thread::sleep_for(std::chrono::hours(1));
      if (parts[0] == "garbage" && ::write(kEvents, "}{ no event\n", 12) < 0) std::_Exit(1);
      if (parts[0] == "data") throw core::DataError("a record is malformed");
      if (parts[0] == "full") {
        const std::error_code cause(ENOSPC, std::generic_category());
        throw core::StorageError("segment: cannot be written: " + cause.message(), cause);
      }
    }
  }
};

std::string option(const std::vector<std::string>& arguments, const std::string& name) {
  const auto found = std::ranges::find(arguments, name);
  return found == arguments.end() || found + 1 == arguments.end() ? std::string() : *(found + 1);
}

int inspect(const std::vector<std::string>& arguments) {
  auto inspection = orchestrator::testing::make_inspection(
      core::load_experiment_config(option(arguments, "--config"), editing::catalogue()));
  const auto problem = environment("LETHE_FAKE_PROBLEM", "");
  if (!problem.empty()) inspection.problems = {problem};
  std::cout << core::to_json(inspection) << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  try {
    core::arm_faults_from_environment();
  } catch (const core::ConfigError& error) {
    std::cerr << error.what() << "\n";
    return core::kExitConfigError;
  }
  if (arguments[0] == "inspect") return inspect(arguments);
  if (arguments[0] == "environment") {
    for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "OMP_NUM_THREADS", "KEPT"}) {
      std::cout << name << "=" << environment(name, "(none)") << "\n";
    }
    return 0;
  }
  const auto config =
      core::experiment_config_from_json(ledger::read_text(option(arguments, "--experiment")), editing::catalogue());
  return FakeExecutor(config, option(arguments, "--out")).serve();
}
