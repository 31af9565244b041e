#include "ledger/process_name.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

#include "core/host_name.h"

namespace lethe::ledger {
namespace {

std::string namespace_number() {
  std::array<char, 64> link{};
  const auto length = ::readlink("/proc/self/ns/pid", link.data(), link.size());
  std::string digits;
  for (ssize_t i = 0; i < length; ++i) {
    if (std::isdigit(static_cast<unsigned char>(link[static_cast<std::size_t>(i)])) != 0) {
      digits += link[static_cast<std::size_t>(i)];
    }
  }
  return digits.empty() ? "0" : digits;
}

/// The host's name without dots, and which process namespace of it.
std::string host_key() {
  auto host = core::host_name();
  for (auto& c : host) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') c = '_';
  }
  return host + "_" + namespace_number();
}

struct ProcessState {
  std::string letter;       ///< 'Z': ended, and its parent has not asked how
  std::string start_ticks;  ///< since boot
};

/// nullopt if there is no such process (or no /proc).
std::optional<ProcessState> state_of(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The command's name is in parentheses and may hold anything; the start time is field 20 after it.
  const auto end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(end_of_name + 1));
  ProcessState state;
  fields >> state.letter;
  for (int i = 1; i < 20; ++i) fields >> state.start_ticks;
  return fields ? std::optional(state) : std::nullopt;
}

std::string own_start_ticks() {
  const auto state = state_of(std::to_string(::getpid()));
  return state ? state->start_ticks : "0";
}

const std::string& this_host() {
  static const std::string host = host_key();
  return host;
}

}  // namespace

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

const std::string& process_name() {
  // A fork shares the parent's static, so the pid is part of the key.
  thread_local pid_t named_pid = -1;
  thread_local std::string name;
  if (named_pid != ::getpid()) {
    named_pid = ::getpid();
    name = this_host() + "." + std::to_string(named_pid) + "." + own_start_ticks();
  }
  return name;
}

ProcessFate fate_of(std::string_view name) {
  const auto start_dot = name.rfind('.');
  const auto pid_dot = start_dot == std::string_view::npos ? start_dot : name.rfind('.', start_dot - 1);
  if (pid_dot == std::string_view::npos || start_dot == 0) return ProcessFate::kElsewhere;
  const auto start = name.substr(start_dot + 1);
  const auto pid = name.substr(pid_dot + 1, start_dot - pid_dot - 1);
  if (name.substr(0, pid_dot) != this_host() || !is_number(pid) || !is_number(start)) return ProcessFate::kElsewhere;

  int number = 0;
  const auto [end, error] = std::from_chars(pid.data(), pid.data() + pid.size(), number);
  if (error != std::errc{} || number <= 0) return ProcessFate::kElsewhere;
  if (::kill(number, 0) != 0 && errno == ESRCH) return ProcessFate::kEnded;
  const auto state = state_of(std::string(pid));
  if (!state) return ProcessFate::kElsewhere;
  const bool is_another = start != "0" && state->start_ticks != start;
  return state->letter == "Z" || state->letter == "X" || is_another ? ProcessFate::kEnded : ProcessFate::kRuns;
}

bool has_ended_here(std::string_view name) { return fate_of(name) == ProcessFate::kEnded; }

}  // namespace lethe::ledger
