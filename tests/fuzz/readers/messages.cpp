// What processes say to each other. The first byte tells what the rest is: c a command, e an event, t a task, i an
// inspection, h, w, a, q payloads between ranks; else a message between ranks with its header.
#include "comm/message.h"
#include "core/contract/executor_messages.h"
#include "core/contract/inspection.h"
#include "core/error.h"
#include "orchestrator/scheduling/protocol.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {
namespace {

/// What was read and written again says the same.
template <typename Parse>
bool comes_back(std::string_view named, std::string_view text, const Parse& parse) {
  const auto value = read_or_refuse<core::CommError>(named, [&] { return parse(std::string(text)); });
  if (!value) return false;
  const auto written = to_json(*value);
  require(to_json(parse(written)) == written, "a message comes back: " + written);
  return true;
}

template <typename Parse>
bool is_payload(std::string_view text, const Parse& parse) {
  const comm::Message message{comm::MessageType::kHello, 1, 2, std::string(text)};
  return read_or_refuse<core::CommError>("", [&] { return parse(message); }).has_value();
}

bool is_framed(std::string_view input) {
  const auto message =
      read_or_refuse<core::CommError>("", [&] { return comm::decode(std::as_bytes(std::span(input))); });
  if (!message) return false;
  require(comm::decode(comm::encode(*message)) == *message, "a message comes back");
  return true;
}

}  // namespace

bool messages(std::string_view input) {
  if (input.empty()) return false;
  const auto text = input.substr(1);
  switch (input.front()) {
    case 'c':
      return comes_back("command", text, core::command_from_json);
    case 'e':
      return comes_back("event", text, core::event_from_json);
    case 't':
      return comes_back("task", text, core::task_from_json);
    case 'i':
      return comes_back("inspection", text,
                        [](const std::string& json) { return core::inspection_from_json(json, "inspection"); });
    case 'h':
      return is_payload(text, orchestrator::hello_from);
    case 'w':
      return is_payload(text, orchestrator::welcome_from);
    case 'a':
      return is_payload(text, orchestrator::assignment_from);
    case 'q':
      return is_payload(text, orchestrator::quit_from);
    default:
      return is_framed(input);
  }
}

}  // namespace lethe::fuzz
