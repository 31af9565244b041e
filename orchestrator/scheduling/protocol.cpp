#include "orchestrator/scheduling/protocol.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strict_json.h"

namespace lethe::orchestrator::inline scheduling {
namespace {

using comm::Message;
using comm::MessageType;
using nlohmann::json;

Message make(MessageType type, const json& payload, std::uint64_t epoch = 0) {
  return {type, 0, epoch, payload.dump(-1, ' ', false, json::error_handler_t::replace)};
}

/// Parses a payload with `read`, which may throw any JSON error.
template <typename Read>
auto parse(const Message& message, const char* what, Read read) {
  try {
    return read(core::strict_json(message.payload));
  } catch (const core::JsonError& error) {
    throw core::CommError(std::string("message ") + what + ": " + error.what());
  } catch (const json::exception& error) {
    throw core::CommError(std::string("message ") + what + ": " + error.what());
  }
}

}  // namespace

Message to_message(const Hello& hello) {
  return make(MessageType::kHello, {{"host", hello.host}, {"pid", hello.process_id}, {"build", hello.build}});
}

Message to_message(const Welcome& welcome) {
  return make(MessageType::kWelcome, {{"out", welcome.out},
                                      {"experiment", welcome.experiment},
                                      {"device", welcome.device},
                                      {"threads", welcome.threads},
                                      {"executors_per_gpu", welcome.executors_per_gpu}});
}

Message to_message(const Assignment& assignment, std::uint64_t epoch) {
  return make(MessageType::kAssign,
              {{"task", core::to_json(assignment.task)}, {"expected_step_seconds", assignment.expected_step_seconds}},
              epoch);
}

Message to_message(const Quit& quit) { return make(MessageType::kQuit, {{"exit_code", quit.exit_code}}); }

Message to_message(const core::Event& event, std::uint64_t epoch) {
  return {MessageType::kEvent, 0, epoch, core::to_json(event)};
}

Message empty_message(MessageType type, std::uint64_t epoch) { return {type, 0, epoch, {}}; }

Hello hello_from(const Message& message) {
  return parse(message, "hello", [](const json& payload) {
    return Hello{payload.at("host").get<std::string>(), payload.at("pid").get<std::int64_t>(),
                 payload.at("build").get<std::string>()};
  });
}

Welcome welcome_from(const Message& message) {
  return parse(message, "welcome", [](const json& payload) {
    return Welcome{payload.at("out").get<std::string>(), payload.at("experiment").get<std::string>(),
                   payload.at("device").get<std::string>(), payload.at("threads").get<int>(),
                   payload.at("executors_per_gpu").get<int>()};
  });
}

Assignment assignment_from(const Message& message) {
  return parse(message, "assign", [](const json& payload) {
    return Assignment{core::task_from_json(payload.at("task").get<std::string>()),
                      payload.at("expected_step_seconds").get<double>()};
  });
}

Quit quit_from(const Message& message) {
  return parse(message, "quit", [](const json& payload) { return Quit{payload.at("exit_code").get<int>()}; });
}

}  // namespace lethe::orchestrator::inline scheduling
