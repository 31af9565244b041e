// What the coordinator costs, and what it makes of many ranks: the real coordinator, scheduler and messages over
// channels in memory, on a simulated clock. Prints a row a sweep (docs/scaling.md). `lethe_scaling NAME...` runs those.

#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <set>
#include <string>

#include "bench/scaling/simulated_world.h"
#include "core/log.h"
#include "core/random_stream.h"
#include "ledger/sweep_folder.h"
#include "orchestrator/display/status_file.h"
#include "orchestrator/scheduling/journal.h"

namespace {

using namespace lethe;
using bench::SimulatedWorld;
using orchestrator::testing::SimulatedSweep;

/// What dies in a sweep.
struct Deaths {
  std::string title = "";
  double share = 0.0;        ///< of the ranks
  bool is_for_good = false;  ///< every later task of the rank fails at once; else a new executor goes on
};

double heap_megabytes() { return static_cast<double>(::mallinfo2().uordblks + ::mallinfo2().hblkhd) / 1e6; }

/// A moment of death for each rank that dies, spread over `within_seconds` of the clock.
std::map<int, double> moments_of(const Deaths& deaths, int num_ranks, double within_seconds) {
  core::RandomStream random(7, "deaths");
  std::map<int, double> moments;
  while (static_cast<double>(moments.size()) < deaths.share * num_ranks) {
    const auto rank = static_cast<int>(random.next() % static_cast<std::uint64_t>(num_ranks));
    moments.try_emplace(rank, within_seconds * static_cast<double>(random.next() % 100'000) / 100'000.0);
  }
  return moments;
}

/// The end of `work_seconds` of work without any loss, by ranks that work until they die.
double bound_with_deaths(double work_seconds, int num_ranks, const std::map<int, double>& moments) {
  std::multiset<double> ends;
  for (const auto& [rank, moment] : moments) ends.insert(moment);
  double at = 0.0;
  int alive = num_ranks;
  for (const double end : ends) {
    if (work_seconds <= alive * (end - at)) break;
    work_seconds -= alive * (end - at);
    at = end;
    --alive;
  }
  return at + work_seconds / alive;
}

std::int64_t num_lost(SimulatedSweep& sweep) {
  orchestrator::testing::FakeLedger expected;
  const auto& config = sweep.config();
  for (const auto& cell : config.cells) expected.complete(config, cell, config.edits.at(cell));
  std::int64_t lost = 0;
  for (const auto& [cell, ledger] : expected.cells) {
    const auto& made = sweep.ledger().cells[cell];
    if (made.num_edits != ledger.num_edits || made.reductions != ledger.reductions) ++lost;
  }
  return lost;
}

/// What the display and status.json take, once.
double look_milliseconds(const orchestrator::Coordinator& coordinator, const std::filesystem::path& folder) {
  const auto start = std::chrono::steady_clock::now();
  orchestrator::write_status(ledger::SweepFolder(folder), coordinator, 1.0);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// Rank-seconds between each rank's last task and the end.
double idle_at_end(SimulatedSweep& sweep) {
  std::map<int, double> ends;
  for (const auto& run : sweep.runs()) ends[run.rank] = std::max(ends[run.rank], run.end_seconds);
  double seconds = 0.0;
  for (const auto& [rank, end] : ends) seconds += sweep.clock().now - end;
  return seconds;
}

void run(const std::string& name, const SimulatedWorld& world, int num_ranks, const Deaths& deaths = {}) {
  const auto folder = std::filesystem::temp_directory_path() / ("lethe_scaling_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const double before = heap_megabytes();
  SimulatedSweep::Parts parts;
  parts.inspection = world.inspection;
  parts.journal = std::make_unique<orchestrator::FileJournal>(folder / "events.jsonl");
  SimulatedSweep sweep(world.config, num_ranks, std::move(parts));
  const double heap = heap_megabytes() - before;
  world.set_up(sweep);
  double loads = 0.0;
  int num_loads = 0;
  sweep.load_seconds_of = [&](const std::string& model) {
    loads += world.durations.models.at(model).load_seconds;
    ++num_loads;
    return world.durations.models.at(model).load_seconds;
  };
  double bound = std::max(world.all_seconds() / num_ranks, world.longest_seconds());
  const auto moments = moments_of(deaths, num_ranks, 0.9 * bound);
  if (deaths.is_for_good)
    bound = std::max(world.longest_seconds(), bound_with_deaths(world.all_seconds(), num_ranks, moments));
  const double begin = sweep.clock().now;
  std::set<int> dead;
  sweep.dies_now = [&](int rank) {
    const auto moment = moments.find(rank);
    if (moment == moments.end() || sweep.clock().now - begin < moment->second) return false;
    return dead.insert(rank).second || deaths.is_for_good;
  };
  double look = 0.0;
  sweep.on_step = [&](SimulatedSweep& self) {
    if (look == 0.0 && self.elapsed_seconds() > 0.5 * bound) look = look_milliseconds(self.coordinator(), folder);
  };
  const auto outcome = sweep.run();
  const auto& effort = sweep.effort();
  std::printf(
      "%-34s %6d ranks %6zu cells  made in %6.2f s, %6.1f MB  messages %8lld, %5.1f us each, longest call %6.1f ms"
      "  look %6.1f ms  makespan %8.1f s / bound %8.1f s = %.4f  %s, cells not whole %lld\n",
      name.c_str(), num_ranks, world.config.cells.size(), effort.making_seconds, heap,
      static_cast<long long>(effort.messages), 1e6 * effort.seconds / static_cast<double>(effort.messages),
      1e3 * effort.longest_seconds, look, sweep.elapsed_seconds(), bound, sweep.elapsed_seconds() / bound,
      std::string(to_string(outcome)).c_str(), static_cast<long long>(num_lost(sweep)));
  std::printf("    of rank-seconds %.0f: work %.0f, %d loads %.0f, idle at the end %.0f\n",
              sweep.elapsed_seconds() * num_ranks, world.all_seconds(), num_loads, loads, idle_at_end(sweep));
  std::fflush(stdout);
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  core::init_logging("scaling", 0);  // what the coordinator says of bad ranks goes to standard error
  const std::map<std::string, std::function<void(const std::string&)>> sweeps{
      {"paper-8", [](const auto& name) { run(name, bench::paper_world(1.0), 8); }},
      {"paper-32", [](const auto& name) { run(name, bench::paper_world(1.0), 32); }},
      {"paper-8-mispriced", [](const auto& name) { run(name, bench::paper_world(2.0), 8); }},
      {"paper-32-mispriced", [](const auto& name) { run(name, bench::paper_world(2.0), 32); }},
      {"10000-cells-1024", [](const auto& name) { run(name, bench::large_world(10'000, 100, 60.0), 1024); }},
      {"10000-cells-4096", [](const auto& name) { run(name, bench::large_world(10'000, 100, 60.0), 4096); }},
      {"100-checkpoints", [](const auto& name) { run(name, bench::large_world(10'000, 1000, 10.0), 4096); }},
      {"executors-die",
       [](const auto& name) {
         run(name, bench::large_world(10'000, 100, 60.0), 1024, {name, 1.0 / 3.0, false});
       }},
      {"ranks-die",
       [](const auto& name) {
         run(name, bench::large_world(10'000, 100, 60.0), 1024, {name, 1.0 / 3.0, true});
       }},
  };
  std::set<std::string> wanted(argv + 1, argv + argc);
  for (const auto& [name, simulate] : sweeps) {
    if (wanted.empty() || wanted.contains(name)) simulate(name);
  }
  for (const auto& name : wanted) {
    if (!sweeps.contains(name)) std::cerr << name << ": there is no such sweep\n";
  }
  return 0;
}
