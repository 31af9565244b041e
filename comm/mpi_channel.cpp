#include "comm/mpi_channel.h"

#include <deque>
#include <iterator>
#include <map>
#include <string>

#include "comm/checked_cast.h"
#include "comm/mpi_calls.h"
#include "core/fault.h"

namespace lethe::comm {
namespace {

constexpr int kTag = 1;
constexpr std::size_t kMaxInFlightPerPeer = 16;

}  // namespace

struct MpiChannel::State {
  struct Outgoing {
    std::vector<std::byte> bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  struct Peer {
    std::deque<Outgoing> in_flight;
    std::deque<std::vector<std::byte>> waiting;
  };

  MPI_Comm communicator = MPI_COMM_NULL;
  int rank = 0;
  int size = 1;
  std::uint64_t num_sent = 0;
  std::map<int, Peer> peers;  // only those with messages under way
  std::deque<std::vector<std::byte>> own;
  // A matched message whose bytes are still arriving.
  std::vector<std::byte> incoming;
  int incoming_source = 0;
  MPI_Request incoming_request = MPI_REQUEST_NULL;

  void post(int peer, Peer& queue) {
    while (!queue.waiting.empty() && queue.in_flight.size() < kMaxInFlightPerPeer) {
      auto& outgoing = queue.in_flight.emplace_back();
      outgoing.bytes = std::move(queue.waiting.front());
      queue.waiting.pop_front();
      check_mpi(MPI_Isend(outgoing.bytes.data(), checked_cast<int>(outgoing.bytes.size()), MPI_BYTE, peer, kTag,
                          communicator, &outgoing.request),
                "MPI_Isend");
    }
  }

  /// Releases finished sends (in order: MPI does not overtake) and posts the next ones.
  void advance_sends() {
    for (auto entry = peers.begin(); entry != peers.end();) {
      auto& queue = entry->second;
      while (!queue.in_flight.empty()) {
        int is_done = 0;
        check_mpi(MPI_Test(&queue.in_flight.front().request, &is_done, MPI_STATUS_IGNORE), "MPI_Test");
        if (is_done == 0) break;
        queue.in_flight.pop_front();
      }
      post(entry->first, queue);
      entry = queue.in_flight.empty() ? peers.erase(entry) : std::next(entry);
    }
  }

  /// True if a message is matched and its bytes are under way.
  bool match_next() {
    if (incoming_request != MPI_REQUEST_NULL) return true;
    int is_there = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    check_mpi(MPI_Improbe(MPI_ANY_SOURCE, kTag, communicator, &is_there, &message, &status), "MPI_Improbe");
    if (is_there == 0) return false;
    int count = 0;
    check_mpi(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
    incoming.resize(checked_cast<std::size_t>(count));
    incoming_source = status.MPI_SOURCE;
    check_mpi(MPI_Imrecv(incoming.data(), count, MPI_BYTE, &message, &incoming_request), "MPI_Imrecv");
    return true;
  }
};

MpiChannel::MpiChannel() : state_(std::make_unique<State>()) {
  check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &state_->communicator), "MPI_Comm_dup");
  check_mpi(MPI_Comm_set_errhandler(state_->communicator, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(state_->communicator, &state_->rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(state_->communicator, &state_->size), "MPI_Comm_size");
}

MpiChannel::~MpiChannel() {
  // Freeing the communicator is collective and belongs to MPI_Finalize.
  if (num_unsent() > 0 || state_->incoming_request != MPI_REQUEST_NULL) static_cast<void>(state_.release());
}

int MpiChannel::rank() const { return state_->rank; }
int MpiChannel::size() const { return state_->size; }

void MpiChannel::send(int peer, Message message) {
  if (peer < 0 || peer >= state_->size) {
    throw core::CommError("rank " + std::to_string(peer) + " of " + std::to_string(state_->size) + " does not exist");
  }
  core::fault_point("message.send");
  message.sequence = ++state_->num_sent;
  auto bytes = encode(message);
  if (peer == state_->rank) {
    state_->own.push_back(std::move(bytes));
    return;
  }
  auto& queue = state_->peers[peer];
  queue.waiting.push_back(std::move(bytes));
  state_->post(peer, queue);
}

std::optional<Received> MpiChannel::poll() {
  state_->advance_sends();
  if (!state_->own.empty()) {
    const auto bytes = std::move(state_->own.front());
    state_->own.pop_front();
    core::fault_point("message.take");
    return Received{state_->rank, decode(bytes)};
  }
  if (!state_->match_next()) return std::nullopt;
  int is_done = 0;
  check_mpi(MPI_Test(&state_->incoming_request, &is_done, MPI_STATUS_IGNORE), "MPI_Test");
  if (is_done == 0) return std::nullopt;
  core::fault_point("message.take");
  return Received{state_->incoming_source, decode(state_->incoming)};
}

std::size_t MpiChannel::num_unsent() const {
  std::size_t count = 0;
  for (const auto& [peer, queue] : state_->peers) count += queue.in_flight.size() + queue.waiting.size();
  return count;
}

}  // namespace lethe::comm
