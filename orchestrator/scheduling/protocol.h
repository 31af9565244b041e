#pragma once

#include <cstdint>
#include <string>

#include "comm/message.h"
#include "core/contract/executor_messages.h"

// Payloads of the messages between ranks (comm::MessageType), all JSON. kEvent carries a core::Event; kStop, kStopTask,
// kStopRequest and kBye carry nothing. Readers throw `core::CommError` on anything malformed.

namespace lethe::orchestrator::inline scheduling {

inline constexpr int kCoordinatorRank = 0;

/// A rank presents itself. Another build than the coordinator's is refused: its numbers could differ.
struct Hello {
  std::string host;
  std::int64_t process_id = 0;
  std::string build;
};

/// What a rank needs to start executors.
struct Welcome {
  std::string out;         ///< sweep folder, absolute
  std::string experiment;  ///< resolved config, JSON file
  std::string device;      ///< "cpu" or "cuda"
  int threads = 1;
  int executors_per_gpu = 1;
};

struct Assignment {
  core::Task task;
  double expected_step_seconds = 0.0;  ///< of one edit, batch or evaluation; a bound for hang detection, not a promise
};

struct Quit {
  int exit_code = 0;
};

comm::Message to_message(const Hello& hello);
comm::Message to_message(const Welcome& welcome);
comm::Message to_message(const Assignment& assignment, std::uint64_t epoch);
comm::Message to_message(const Quit& quit);
comm::Message to_message(const core::Event& event, std::uint64_t epoch);
comm::Message empty_message(comm::MessageType type, std::uint64_t epoch = 0);

Hello hello_from(const comm::Message& message);
Welcome welcome_from(const comm::Message& message);
Assignment assignment_from(const comm::Message& message);
Quit quit_from(const comm::Message& message);

}  // namespace lethe::orchestrator::inline scheduling
