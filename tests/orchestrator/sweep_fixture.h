#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "core/config/experiment_config.h"
#include "core/config/schedule.h"
#include "editing/methods/catalogue.h"
#include "ledger/ownership.h"
#include "ledger/process_name.h"
#include "ledger/sweep_folder.h"
#include "orchestrator/display/status_file.h"
#include "orchestrator/scheduling/ledger_view.h"
#include "tests/orchestrator/small_experiment.h"
#include "tests/support/temporary_folder.h"

namespace lethe::orchestrator::testing {

namespace fs = std::filesystem;

/// The program `lethe` over the fake executor, in a folder of its own.
class SweepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_.path() / "memory");
    write_config(60);
    environment_ = {{"LETHE_EXECUTOR", LETHE_FAKE_EXECUTOR},
                    {"LETHE_FAKE_MEMORY", (folder_.path() / "memory").string()},
                    {"LETHE_RETRY_SECONDS", "0.05"},
                    {"LETHE_KILL_GRACE_SECONDS", "0.2"},
                    {"LETHE_PROGRESS", "lines"}};
  }

  void write_config(int edits) {
    std::ofstream(config_) << "dataset: {records: records.json, samples: samples.json}\n"
                              "models:\n"
                              "  small:\n"
                              "    path: model\n"
                              "    second_moments: {corpus: corpus.txt, documents_per_slice: 300}\n"
                              "    methods: {rome: {layer: 0}, ft-c: {layer: 0, linf_bound: 0.01}}\n"
                              "grid: {methods: [rome, ft-c], samples: [0, 1]}\n"
                           << "edits: " << edits
                           << "\n"
                              "checkpoint_every: 10\nforgetting_every: 10\ntasks_every: 30\n";
  }

  std::vector<std::string> sweep_command(int mpi_ranks, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command;
    if (mpi_ranks > 0) command = {LETHE_MPIEXEC, "-n", std::to_string(mpi_ranks)};
    command.insert(command.end(), {LETHE_PROGRAM, "sweep", config_.string(), "--out", out_.string()});
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  pid_t start(std::vector<std::string> command) const {
    const auto child = ::fork();
    if (child != 0) return child;
    for (const auto& [name, value] : environment_) ::setenv(name.c_str(), value.c_str(), 1);
    ::freopen((folder_.path() / "output").c_str(), "w", stdout);
    ::dup2(STDOUT_FILENO, STDERR_FILENO);
    std::vector<char*> pointers;
    for (auto& word : command) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  static int wait_for(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  int run(const std::vector<std::string>& command) const { return wait_for(start(command)); }
  [[nodiscard]] std::string output() const { return test::read_text(folder_.path() / "output"); }
  [[nodiscard]] std::string state() const { return read_state(ledger::SweepFolder(out_)); }

  /// Waits until the journal holds a text.
  bool wait_for_event(const std::string& text, std::chrono::seconds limit = std::chrono::seconds(60)) const {
    return wait_for_text(out_ / "events.jsonl", text, limit);
  }
  /// Waits until the executors of ranks 0 and 1 have read their experiment and begun a task.
  [[nodiscard]] bool wait_for_both_at_work() const {
    const ledger::SweepFolder folder(out_);
    constexpr std::chrono::seconds kLimit{60};
    return wait_for_text(folder.rank_log(0), "fake executor runs", kLimit) &&
           wait_for_text(folder.rank_log(1), "fake executor runs", kLimit);
  }
  static bool wait_for_text(const fs::path& file, const std::string& text, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < end) {
      if (test::read_text(file).find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  /// A sweep that stays in the middle, each cell with its first checkpoint at most, until open_gate() or a signal:
  /// what a test does to it does not race against its end, however slow the machine is.
  pid_t start_held(const std::vector<std::string>& command) {
    std::ofstream(gate_) << "held\n";
    environment_["LETHE_FAKE_GATE"] = gate_.string();
    const auto child = start(command);
    if (!wait_for_event("/segment-")) {
      ADD_FAILURE() << "no segment is committed: " << output();
      open_gate();
    }
    return child;
  }
  void open_gate() const { fs::remove(gate_); }

  using Reductions = std::set<std::pair<std::int64_t, core::ReductionPart>>;

  /// Every cell holds what is due, and nothing else but `kept`.
  void expect_complete(std::int64_t edits = 60, const Reductions& kept = {}) const {
    EXPECT_EQ(state(), "COMPLETE") << output();
    const auto config = core::load_experiment_config(config_, editing::catalogue());
    const FolderLedgerView view{ledger::SweepFolder(out_)};
    const auto inspection = make_inspection(config);
    for (const auto& facts : inspection.cells) {
      const auto ledger = view.cell(facts);
      EXPECT_EQ(ledger.num_edits, edits) << facts.cell.name();
      auto expected = kept;
      for (const auto n : core::checkpoints_of(config, facts.cell)) {
        for (const auto part : core::parts_due(config, facts.cell, n)) expected.emplace(n, part);
      }
      EXPECT_EQ(ledger.reductions, expected) << facts.cell.name();
    }
  }

  test::TemporaryFolder folder_;
  fs::path config_ = folder_.path() / "sweep.yaml";
  fs::path out_ = folder_.path() / "out";
  fs::path gate_ = folder_.path() / "gate";
  std::map<std::string, std::string> environment_;
};

}  // namespace lethe::orchestrator::testing
