#include "tests/orchestrator/simulated_sweep.h"

#include <time.h>

#include <algorithm>
#include <stdexcept>

#include "core/config/schedule.h"
#include "ledger/sweep_folder.h"

namespace lethe::orchestrator::testing {

namespace {

/// A channel that notes to whom it sends, so that a simulation need not look into every mailbox.
class NotedChannel final : public comm::Channel {
 public:
  NotedChannel(comm::Channel& channel, std::set<int>& told, std::int64_t& num_sent)
      : channel_(channel), told_(told), num_sent_(num_sent) {}
  [[nodiscard]] int rank() const override { return channel_.rank(); }
  [[nodiscard]] int size() const override { return channel_.size(); }
  void send(int peer, comm::Message message) override {
    channel_.send(peer, std::move(message));
    told_.insert(peer);
    ++num_sent_;
  }
  std::optional<comm::Received> poll() override { return channel_.poll(); }
  [[nodiscard]] std::size_t num_unsent() const override { return channel_.num_unsent(); }

 private:
  comm::Channel& channel_;
  std::set<int>& told_;
  std::int64_t& num_sent_;
};

double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

bool is_for_coordinator(comm::MessageType type) {
  using comm::MessageType;
  return type == MessageType::kHello || type == MessageType::kEvent || type == MessageType::kStopRequest ||
         type == MessageType::kBye;
}

std::string model_of(const core::Task& task) {
  const auto* made = std::get_if<core::PrerequisiteTask>(&task);
  if (made != nullptr) return made->model;
  const auto* edit = std::get_if<core::EditTask>(&task);
  return edit != nullptr ? edit->cell.model : std::get<core::ReduceTask>(task).cell.model;
}

}  // namespace

SimulatedSweep::SimulatedSweep(core::ExperimentConfig config, int num_ranks, Parts parts)
    : config_(std::move(config)),
      inspection_(parts.inspection ? std::move(*parts.inspection) : make_inspection(config_)),
      ledger_(std::move(parts.ledger)),
      journal_(std::move(parts.journal)),
      channels_(comm::connect_in_process(num_ranks)),
      workers_(static_cast<std::size_t>(num_ranks)),
      start_seconds_(clock_.now) {
  auto& options = parts.options;
  options.welcome = {"/out", "/out/experiment.json", "cpu", 1, 1};
  options.build = "test";
  options.scheduler.has_elastic_roles = config_.elastic_roles;
  noted_ = std::make_unique<NotedChannel>(*channels_[0], told_, effort_.messages);
  const double start = processor_seconds();
  coordinator_ = std::make_unique<Coordinator>(options, config_, inspection_, ledger_, *noted_, clock_,
                                               journal_ ? *journal_ : memory_);
  effort_.making_seconds = processor_seconds() - start;
  for (auto& channel : channels_) channel->send(0, to_message(Hello{"host", 1, "test"}));
}

Outcome SimulatedSweep::run(double limit_seconds) {
  while (true) {
    deliver();
    measured([&] { coordinator_->tick(); });
    deliver();
    on_step(*this);
    if (coordinator_->is_finished()) return coordinator_->outcome();
    if (elapsed_seconds() > limit_seconds) {
      throw std::runtime_error("the sweep does not end");
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
  told_.insert(0);
  while (!told_.empty()) {
    const auto rank = *told_.begin();
    std::optional<comm::Received> received;
    // Rank 0's mail is its own and the coordinator's; taking it is the coordinator's work.
    const auto take = [&] {
      received = channels_[static_cast<std::size_t>(rank)]->poll();
      if (!received || !is_for_coordinator(received->message.type)) return;
      ++effort_.messages;
      coordinator_->on_message(*received);
    };
    rank == 0 ? measured(take) : take();
    if (!received) {
      told_.erase(rank);
    } else if (!is_for_coordinator(received->message.type)) {
      on_message(rank, received->message);
    }
  }
}

template <typename Call>
void SimulatedSweep::measured(Call call) {
  const double start = processor_seconds();
  call();
  const double seconds = processor_seconds() - start;
  effort_.seconds += seconds;
  effort_.longest_seconds = std::max(effort_.longest_seconds, seconds);
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
      told_.insert(0);
      return;
    default:
      return;
  }
}

void SimulatedSweep::begin(int rank, const comm::Message& message) {
  auto& worker = workers_[static_cast<std::size_t>(rank)];
  if (worker.task) throw std::runtime_error("rank " + std::to_string(rank) + " got two tasks at once");
  const auto reduced = worker.reduced;
  const auto loaded = worker.loaded_model;
  worker = Worker{assignment_from(message).task, message.epoch, false, 0, clock_.now};
  worker.loaded_model = model_of(*worker.task);
  if (const auto fault = fault_of(rank, *worker.task)) return finish(rank, *fault);
  if (dies_now(rank)) return die(rank);
  if (const auto* edit = std::get_if<core::EditTask>(&*worker.task)) worker.edits = ledger_.cells[edit->cell].num_edits;
  send(rank, core::ProgressEvent{"load", 0, 1, 0.0});
  worker.step_seconds = seconds_of(*worker.task);
  const auto* reduce = std::get_if<core::ReduceTask>(&*worker.task);
  if (reduce != nullptr) worker.reduced = reduce->cell;
  if (std::holds_alternative<core::EditTask>(*worker.task)) worker.step_seconds *= first_step_factor;
  const bool is_at_hand = reduce != nullptr && reduced == reduce->cell;
  const double load_seconds = loaded == worker.loaded_model ? 0.0 : load_seconds_of(worker.loaded_model);
  schedule(rank, load_seconds + (is_at_hand ? 0.0 : start_seconds_of(*worker.task)) + worker.step_seconds);
}

void SimulatedSweep::schedule(int rank, double delay_seconds) {
  moments_.push({clock_.now + delay_seconds, next_order_++, rank});
}

void SimulatedSweep::advance(int rank) {
  auto& worker = workers_[static_cast<std::size_t>(rank)];
  if (dies_now(rank)) return die(rank);
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

std::int64_t SimulatedSweep::last_edit(int rank, const core::GridCell& cell, std::int64_t edits, bool is_committed) {
  const auto found = collapses.find(cell);
  if (!config_.stop_at_collapse || found == collapses.end() || edits < found->second) return config_.edits.at(cell);
  auto& known = ledger_.cells[cell].collapsed_at;
  if (is_committed && !known) {
    known = found->second;
    const auto file = ledger::collapse_stem(*known) + "-0123456789abcdef0123456789abcdef.json";
    send(rank, core::CommittedEvent{"/out/" + file, edits});
  }
  return core::last_edit_of(config_, cell, found->second);
}

void SimulatedSweep::step_edits(int rank, const core::EditTask& task) {
  auto& worker = workers_[static_cast<std::size_t>(rank)];
  if (worker.edits >= last_edit(rank, task.cell, worker.edits, true)) return finish(rank, core::DoneEvent{});
  if (dies_at(task, worker.edits + 1)) return die(rank);
  worker.edits += facts_of_step(task, worker.edits);
  send(rank, core::ProgressEvent{"edit", worker.edits, task.until, worker.step_seconds});
  const auto checkpoints = core::checkpoints_of(config_, task.cell);
  const bool is_checkpoint = std::ranges::binary_search(checkpoints, worker.edits);
  const auto until = std::min(task.until, last_edit(rank, task.cell, worker.edits, false));
  if (is_checkpoint || worker.is_stopping || worker.edits >= until) {
    ledger_.cells[task.cell].num_edits = worker.edits;
    send(rank, core::CommittedEvent{"segment", worker.edits});
    last_edit(rank, task.cell, worker.edits, true);
  }
  if (worker.edits >= until) return finish(rank, core::DoneEvent{});
  if (worker.is_stopping) return finish(rank, core::StoppedEvent{worker.edits});
  worker.step_seconds = seconds_of(task);
  schedule(rank, worker.step_seconds);
}

void SimulatedSweep::finish(int rank, const core::Event& event) {
  auto& worker = workers_[static_cast<std::size_t>(rank)];
  runs_.push_back({rank, *worker.task, worker.begin_seconds, clock_.now});
  send(rank, event);
  worker.task.reset();
  // A failure means another executor, which has loaded nothing.
  if (std::holds_alternative<core::FailedEvent>(event)) {
    worker.loaded_model.clear();
    worker.reduced.reset();
  }
}

void SimulatedSweep::die(int rank) {
  finish(rank, core::FailedEvent{core::FailureClass::kCrash, "the executor died", 0});
}

void SimulatedSweep::send(int rank, const core::Event& event) {
  channels_[static_cast<std::size_t>(rank)]->send(0, to_message(event, workers_[static_cast<std::size_t>(rank)].epoch));
  told_.insert(0);
}

std::vector<SimulatedSweep::Run> prerequisite_runs(const SimulatedSweep& sweep, const std::string& kind) {
  auto runs = runs_of<core::PrerequisiteTask>(sweep);
  std::erase_if(runs, [&](const auto& run) { return std::get<core::PrerequisiteTask>(run.task).kind != kind; });
  return runs;
}

}  // namespace lethe::orchestrator::testing
