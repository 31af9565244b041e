#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "comm/message.h"
#include "core/config/experiment_config.h"
#include "core/contract/executor_messages.h"
#include "core/contract/inspection.h"
#include "core/digest.h"
#include "ledger/sweep_folder.h"
#include "orchestrator/scheduling/protocol.h"
#include "tests/fuzz/stored_samples.h"
#include "tests/fuzz/targets.h"
#include "tests/model/pickle_writer.h"
#include "tests/orchestrator/small_experiment.h"
#include "tests/support/temporary_folder.h"

namespace lethe::fuzz {
namespace {

namespace py = test::pickle;

std::string npy(const std::string& dtype, const std::string& shape, const std::string& values) {
  const auto header = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  const auto size = static_cast<std::uint16_t>(header.size());
  return std::string("\x93NUMPY\x01\0", 8) + py::bytes_of(size) + header + values;
}

std::string moment_arrays() {
  std::string values;
  for (const double value : {4.0, 2.0, 2.0, 9.0}) values += py::bytes_of(value);
  return npy("<f8", "(2, 2)", values) + npy("<i8", "()", py::bytes_of(std::int64_t{10}));
}

std::string moment_archive() {
  const auto arrays = moment_arrays();
  const auto second = arrays.find("\x93NUMPY", 6);
  test::ZipWriter zip;
  zip.add("mom2.mom2.npy", arrays.substr(0, second));
  zip.add("mom2.count.npy", arrays.substr(second));
  return zip.finish();
}

std::string reference_files() {
  constexpr const char* kNext = "\n=====\n";
  std::string idf;
  for (const double value : {1.0, 1.5, 2.25}) idf += py::bytes_of(value);
  return std::string(
             R"([{"relation_id": "P17", "target_id": "Q1", "samples": [{"text": "A river, a Town", "name": "T"}]},)"
             R"({"relation_id": "P37", "target_id": "Q2", "samples": []}])") +
         kNext + R"({"river": 0, "town": 2, "hill": 1})" + kNext + npy("<f8", "(3,)", idf);
}

std::string state_dict() {
  const auto weight = py::tensor(py::storage("FloatStorage", "0", 12), 0, {3, 4}, {4, 1});
  const auto mask = py::tensor(py::storage("BoolStorage", "1", 8), 2, {2, 3}, {3, 1});
  return py::whole(py::dict({{"h.0.weight", weight}, {"h.0.mask", mask}, {"more", py::dict({{"n", "K\x05"}})}}));
}

std::string safetensors_file() {
  std::string header = R"({"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],)"
                       R"("data_offsets":[0,24]},"b":{"dtype":"I64","shape":[1],"data_offsets":[24,32]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  return py::bytes_of(std::uint64_t{header.size()}) + header + std::string(32, '\x3f');
}

std::string framed() {
  const auto bytes = comm::encode(orchestrator::to_message(orchestrator::Quit{3}));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const core::ExperimentConfig& experiment() {
  static const auto config = orchestrator::testing::make_config({.num_samples = 1, .has_tasks = false});
  return config;
}

std::vector<std::string> of_messages() {
  using namespace core;
  const GridCell cell{"rome", "small-gpt2", 0};
  const std::vector<Task> tasks{PrerequisiteTask{"moments", "gpt-j", 3}, EditTask{cell, 30},
                                ReduceTask{cell, 30, {ReductionPart::kDistance, ReductionPart::kTasks}}};
  std::vector<std::string> seeds;
  for (const auto& task : tasks) seeds.push_back("t" + to_json(task));
  for (const auto& command : {Command(RunCommand{tasks[1]}), Command(StopCommand{}), Command(QuitCommand{})}) {
    seeds.push_back("c" + to_json(command));
  }
  const std::vector<Event> events{ReadyEvent{17, "cpu"},
                                  ProgressEvent{"edit", 3, 30, 0.25},
                                  CommittedEvent{"cells/x.h5", 10},
                                  DoneEvent{},
                                  StoppedEvent{7},
                                  FailedEvent{FailureClass::kMethod, "no", 3},
                                  LeavingEvent{FailureClass::kConfig, "unknown"}};
  for (const auto& event : events) seeds.push_back("e" + to_json(event));
  seeds.push_back("i" + to_json(orchestrator::testing::make_inspection(experiment())));
  seeds.push_back("h" + orchestrator::to_message(orchestrator::Hello{"node1", 7, "0.1.0 abc"}).payload);
  seeds.push_back("w" + orchestrator::to_message(orchestrator::Welcome{"/out", "/out/e.json", "cpu", 2, 1}).payload);
  seeds.push_back("a" + orchestrator::to_message(orchestrator::Assignment{tasks[1], 1.5}, 4).payload);
  seeds.push_back("q" + orchestrator::to_message(orchestrator::Quit{3}).payload);
  seeds.push_back(framed());
  return seeds;
}

std::string folder_of_a_sweep() {
  constexpr const char* kNext = "\n=====\n";
  const auto digest = core::digest_of("x").hex();
  std::string names;
  for (const auto& stem :
       {ledger::segment_stem(1, 20), ledger::segment_stem(21, 30), ledger::snapshot_stem(20), ledger::moments_stem(3),
        ledger::moment_slice_stem(2, 3), ledger::reduction_stem(core::ReductionPart::kDistance, 20, "0123456789ab")}) {
    names += stem + "-" + digest + ".h5\n";
  }
  return std::string("RUNNING") + kNext +
         R"({"time":"2026-01-01T00:00:00Z","host":"h","pid":"7","edits_per_second":1.5,"eta_seconds":3,)"
         R"("running":[{"rank":1,"host":"h","work":"edit","cell":"rome/small-gpt2/sample0","edits_done":3,"until":10}],)"
         R"("failures":[{"work":"w","reason":"r"}],"retries":[],"stopped":null,"last_failure":null})" +
         kNext + core::to_json(experiment()) + kNext +
         core::to_json(orchestrator::testing::make_inspection(experiment())) + kNext +
         "beat 00000000000000000007 running \nowner host7_1.4711.99\nboot elsewhere\nprocess 4711 on host7\njob 99\n" +
         kNext + names;
}

std::vector<std::string> of_stored_files() {
  std::vector<std::string> seeds;
  for (std::size_t kind = 0; kind < stored_samples().size(); ++kind) {
    seeds.emplace_back(1, static_cast<char>(kind));
    // Steps that change nothing, a link under the name that it has, and that mutations make others of.
    for (int step = 0; step < 4; ++step) seeds.back() += std::string("\5\0\0\0", 4);
  }
  return seeds;
}

std::vector<std::string> composed(std::string_view target) {
  if (target == "npz") return {moment_archive(), moment_arrays()};
  if (target == "references") return {reference_files()};
  if (target == "pickle") return {state_dict()};
  if (target == "checkpoint") {
    return {test::checkpoint_archive(state_dict(), {{"0", std::string(48, '\x3f')}, {"1", std::string(8, '\0')}})};
  }
  if (target == "safetensors") return {safetensors_file()};
  if (target == "messages") return of_messages();
  if (target == "experiment_json") return {core::to_json(experiment())};
  if (target == "sweep_folder") return {folder_of_a_sweep()};
  if (target == "stored_file") return of_stored_files();
  return {};
}

}  // namespace

std::vector<std::string> seeds_of(const Target& target) {
  std::vector<std::string> seeds;
  const auto folder = std::filesystem::path(LETHE_SOURCE_DIR) / "tests/fuzz/seeds" / target.name;
  if (std::filesystem::exists(folder)) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
    std::ranges::sort(files);
    for (const auto& file : files) seeds.push_back(test::read_text(file));
  }
  for (auto& seed : composed(target.name)) seeds.push_back(std::move(seed));
  return seeds;
}

}  // namespace lethe::fuzz
