#include "tests/orchestrator/simulated_sweep.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/config/schedule.h"
#include "ledger/sweep_folder.h"

namespace lethe::orchestrator::testing {

SimulatedSweep::SimulatedSweep(core::ExperimentConfig config, int num_ranks, FakeLedger ledger,
                               CoordinatorOptions options)
    : config_(std::move(config)),
      inspection_(make_inspection(config_)),
      ledger_(std::move(ledger)),
      channels_(comm::connect_in_process(num_ranks)),
      workers_(static_cast<std::size_t>(num_ranks)),
      start_seconds_(clock_.now) {
  options.welcome = {"/out", "/out/experiment.json", "cpu", 1, 1};
  options.build = "test";
  options.scheduler.has_elastic_roles = config_.elastic_roles;
  coordinator_ = std::make_unique<Coordinator>(options, config_, inspection_, ledger_, *channels_[0], clock_, journal_);
  for (auto& channel : channels_) channel->send(0, to_message(Hello{"host", 1, "test"}));
}

Outcome SimulatedSweep::run(double limit_seconds) {
  while (true) {
    deliver();
    coordinator_->tick();
    deliver();
    on_step(*this);
    if (coordinator_->is_finished()) return coordinator_->outcome();
    if (elapsed_seconds() > limit_seconds) {
      ADD_FAILURE() << "the sweep does not end";
      return coordinator_->outcome();
    }
    if (moments_.empty()) {
      clock_.now += 0.25;  // delays of retries, grace times
      continue;
    }
    const auto next = moments_.top();
    moments_.pop();
    clock_.now = std::max(clock_.now, next.seconds);
    advance(next.rank);
  }
}

void SimulatedSweep::deliver() {
  bool has_delivered = true;
  while (has_delivered) {
    has_delivered = false;
    for (std::size_t rank = 0; rank < channels_.size(); ++rank) {
      while (const auto received = channels_[rank]->poll()) {
        has_delivered = true;
        using comm::MessageType;
        const auto type = received->message.type;
        if (type == MessageType::kHello || type == MessageType::kEvent || type == MessageType::kStopRequest ||
            type == MessageType::kBye) {
          coordinator_->on_message(*received);
        } else {
          on_message(static_cast<int>(rank), received->message);
        }
      }
    }
  }
}

void SimulatedSweep::on_message(int rank, const comm::Message& message) {
  auto& worker = workers_[static_cast<std::size_t>(rank)];
  switch (message.type) {
    case comm::MessageType::kAssign:
      return begin(rank, message);
    case comm::MessageType::kStop:
      worker.is_stopping = true;
      return;
    case comm::MessageType::kStopTask:
      if (worker.task && worker.epoch == message.epoch) worker.is_stopping = true;
      return;
    case comm::MessageType::kQuit:
      channels_[static_cast<std::size_t>(rank)]->send(0, empty_message(comm::MessageType::kBye));
      return;
    default:
      return;
  }
}

void SimulatedSweep::begin(int rank, const comm::Message& message) {
  auto& worker = workers_[static_cast<std::size_t>(rank)];
  ASSERT_FALSE(worker.task.has_value()) << "rank " << rank << " got two tasks at once";
  const auto reduced = worker.reduced;
  worker = Worker{assignment_from(message).task, message.epoch, false, 0, clock_.now};
  if (const auto fault = fault_of(rank, *worker.task)) return finish(rank, *fault);
  if (const auto* edit = std::get_if<core::EditTask>(&*worker.task)) worker.edits = ledger_.cells[edit->cell].num_edits;
  send(rank, core::ProgressEvent{"load", 0, 1, 0.0});
  worker.step_seconds = seconds_of(*worker.task);
  const auto* reduce = std::get_if<core::ReduceTask>(&*worker.task);
  if (reduce != nullptr) worker.reduced = reduce->cell;
  if (std::holds_alternative<core::EditTask>(*worker.task)) worker.step_seconds *= first_step_factor;
  const bool is_at_hand = reduce != nullptr && reduced == reduce->cell;
  schedule(rank, (is_at_hand ? 0.0 : start_seconds_of(*worker.task)) + worker.step_seconds);
}

void SimulatedSweep::schedule(int rank, double delay_seconds) {
  moments_.push({clock_.now + delay_seconds, next_order_++, rank});
}

void SimulatedSweep::advance(int rank) {
  auto& worker = workers_[static_cast<std::size_t>(rank)];
  if (const auto* edit = std::get_if<core::EditTask>(&*worker.task)) return step_edits(rank, *edit);
  if (const auto* task = std::get_if<core::ReduceTask>(&*worker.task)) reduce(rank, *task);
  if (const auto* made = std::get_if<core::PrerequisiteTask>(&*worker.task)) {
    if (worker.is_stopping) return finish(rank, core::StoppedEvent{0});
    const auto key = inspection_.prerequisite(made->kind, made->model).key();
    if (made->slice) {
      ledger_.slices[key].insert(*made->slice);
    } else {
      ledger_.prerequisites.insert(key);
    }
  }
  finish(rank, core::DoneEvent{});
}

/// Each part is committed, and then said to have taken its share.
void SimulatedSweep::reduce(int rank, const core::ReduceTask& task) {
  const auto& facts = inspection_.cell(task.cell);
  const double seconds = workers_[static_cast<std::size_t>(rank)].step_seconds;
  for (const auto part : task.parts) {
    ledger_.cells[task.cell].reductions.emplace(task.edits, part);
    const auto stem = ledger::reduction_stem(part, task.edits, facts.reduction_identities.at(part));
    send(rank, core::CommittedEvent{"/out/" + stem + "-0123456789abcdef0123456789abcdef.h5", task.edits});
    send(rank, core::ProgressEvent{"reduce", task.edits, task.edits, seconds * share_of(task, part)});
  }
}

std::int64_t SimulatedSweep::facts_of_step(const core::EditTask& task, std::int64_t edits) const {
  return core::step_end(config_, task.cell, edits) - edits;
}

void SimulatedSweep::step_edits(int rank, const core::EditTask& task) {
  auto& worker = workers_[static_cast<std::size_t>(rank)];
  if (dies_at(task, worker.edits + 1)) {
    return finish(rank, core::FailedEvent{core::FailureClass::kCrash, "the executor died", 0});
  }
  worker.edits += facts_of_step(task, worker.edits);
  send(rank, core::ProgressEvent{"edit", worker.edits, task.until, worker.step_seconds});
  const auto checkpoints = core::checkpoints_of(config_, task.cell);
  const bool is_checkpoint = std::ranges::binary_search(checkpoints, worker.edits);
  if (is_checkpoint || worker.is_stopping || worker.edits >= task.until) {
    ledger_.cells[task.cell].num_edits = worker.edits;
    send(rank, core::CommittedEvent{"segment", worker.edits});
  }
  if (worker.edits >= task.until) return finish(rank, core::DoneEvent{});
  if (worker.is_stopping) return finish(rank, core::StoppedEvent{worker.edits});
  worker.step_seconds = seconds_of(task);
  schedule(rank, worker.step_seconds);
}

void SimulatedSweep::finish(int rank, const core::Event& event) {
  auto& worker = workers_[static_cast<std::size_t>(rank)];
  runs_.push_back({rank, *worker.task, worker.begin_seconds, clock_.now});
  send(rank, event);
  worker.task.reset();
}

void SimulatedSweep::send(int rank, const core::Event& event) {
  channels_[static_cast<std::size_t>(rank)]->send(0, to_message(event, workers_[static_cast<std::size_t>(rank)].epoch));
}

void expect_all_done(SimulatedSweep& sweep) {
  FakeLedger expected;
  for (const auto& cell : sweep.config().cells) expected.complete(sweep.config(), cell, sweep.config().edits.at(cell));
  for (const auto& [cell, ledger] : expected.cells) {
    EXPECT_EQ(sweep.ledger().cells[cell].num_edits, ledger.num_edits) << cell.name();
    EXPECT_EQ(sweep.ledger().cells[cell].reductions, ledger.reductions) << cell.name();
  }
  for (const auto& facts : sweep.inspection().prerequisites) {
    EXPECT_TRUE(sweep.ledger().prerequisites.contains(facts.key())) << facts.key();
  }
}

std::vector<SimulatedSweep::Run> prerequisite_runs(const SimulatedSweep& sweep, const std::string& kind) {
  auto runs = runs_of<core::PrerequisiteTask>(sweep);
  std::erase_if(runs, [&](const auto& run) { return std::get<core::PrerequisiteTask>(run.task).kind != kind; });
  return runs;
}

}  // namespace lethe::orchestrator::testing
