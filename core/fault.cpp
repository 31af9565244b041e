#include "core/fault.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/unique_fd.h"

namespace lethe::core {
namespace {

constexpr const char* kVariable = "LETHE_FAULT";
constexpr std::chrono::seconds kDelayed(2);
constexpr int kFirstKeptFd = 10;  ///< above those that an executor expects in their places

enum class FaultAction { kExit, kKill, kSegv, kStop, kDelay, kNoSpace, kQuota, kInputOutput, kShort };

struct ActionFacts {
  FaultAction action;
  std::string_view name;
  FaultKind least;  ///< kinds of sites from this one on take it
};
constexpr std::array kActions{
    ActionFacts{FaultAction::kExit, "exit", FaultKind::kStep},
    ActionFacts{FaultAction::kKill, "kill", FaultKind::kStep},
    ActionFacts{FaultAction::kSegv, "segv", FaultKind::kStep},
    ActionFacts{FaultAction::kStop, "stop", FaultKind::kStep},
    ActionFacts{FaultAction::kDelay, "delay", FaultKind::kStep},
    ActionFacts{FaultAction::kNoSpace, "enospc", FaultKind::kCall},
    ActionFacts{FaultAction::kQuota, "edquot", FaultKind::kCall},
    ActionFacts{FaultAction::kInputOutput, "eio", FaultKind::kCall},
    ActionFacts{FaultAction::kShort, "short", FaultKind::kWrite},
};

struct Fault {
  std::size_t site = 0;
  FaultAction action = FaultAction::kExit;
  std::uint64_t number = 0;
  bool is_lasting = false;
  std::string text;
};

struct Armed {
  std::vector<Fault> faults;
  std::array<std::atomic<std::uint64_t>, kFaultSites.size()> num_visits{};
  UniqueFd errors;  ///< standard error as it was: the zygote closes its own
};

Armed& armed() {
  static Armed instance;
  return instance;
}

std::string actions_of(FaultKind kind) {
  std::string names;
  for (const auto& one : kActions) {
    if (one.least <= kind) names += (names.empty() ? "" : ", ") + std::string(one.name);
  }
  return names;
}

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw ConfigError(std::string(kVariable) + ": \"" + std::string(text) + "\": " + why);
}

std::size_t site_of(std::string_view name, std::string_view text) {
  std::string known;
  for (std::size_t i = 0; i < kFaultSites.size(); ++i) {
    if (kFaultSites.at(i).name == name) return i;
    known += "\n  " + std::string(kFaultSites.at(i).name) + ": " + actions_of(kFaultSites.at(i).kind);
  }
  refuse(text, "expected <site>:<action>:<number>, with one of the sites and its actions\n" + known.substr(1));
}

FaultAction action_of(std::string_view name, std::size_t site, std::string_view text) {
  const auto kind = kFaultSites.at(site).kind;
  for (const auto& one : kActions) {
    if (one.name == name && one.least <= kind) return one.action;
  }
  refuse(text, std::string(kFaultSites.at(site).name) + " takes the actions " + actions_of(kind));
}

Fault fault_of(std::string_view text) {
  const auto first = text.find(':');
  const auto second = first == std::string_view::npos ? first : text.find(':', first + 1);
  Fault fault;
  fault.text = text;
  fault.site = site_of(text.substr(0, first), text);
  fault.action =
      action_of(first == std::string_view::npos ? "" : text.substr(first + 1, second - first - 1), fault.site, text);
  auto number = second == std::string_view::npos ? std::string_view() : text.substr(second + 1);
  fault.is_lasting = number.ends_with('+');
  if (fault.is_lasting) number.remove_suffix(1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), fault.number);
  if (error != std::errc{} || end != number.data() + number.size() || fault.number == 0) {
    refuse(text, "expected a number from 1 on after the second colon: the n-th visit, or n+ for it and all later ones");
  }
  return fault;
}

void announce(const std::string& text) {
  const auto line = std::string(kVariable) + ": " + text + " strikes in process " + std::to_string(::getpid()) + "\n";
  const int fd = armed().errors ? armed().errors.get() : STDERR_FILENO;
  static_cast<void>(!::write(fd, line.data(), line.size()));
}

detail::Strike act(FaultAction action) {
  switch (action) {
    case FaultAction::kExit:
      std::_Exit(kFaultExit);
    case FaultAction::kKill:
      ::kill(::getpid(), SIGKILL);
      break;
    case FaultAction::kSegv:
      std::signal(SIGSEGV, SIG_DFL);  // not a sanitizer's
      ::raise(SIGSEGV);
      break;
    case FaultAction::kStop:
      ::kill(::getpid(), SIGSTOP);
      break;
    case FaultAction::kDelay:
      std::this_thread::sleep_for(kDelayed);
      break;
    case FaultAction::kNoSpace:
      return {ENOSPC, false};
    case FaultAction::kQuota:
      return {EDQUOT, false};
    case FaultAction::kInputOutput:
      return {EIO, false};
    case FaultAction::kShort:
      return {0, true};
  }
  return {};
}

}  // namespace

void arm_faults(std::string_view text) {
  std::vector<Fault> faults;
  while (!text.empty()) {
    const auto end = text.find(',');
    faults.push_back(fault_of(text.substr(0, end)));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (end != std::string_view::npos && text.empty()) refuse(",", "expected a fault after the comma");
  }
  auto& state = armed();
  for (auto& count : state.num_visits) count = 0;
  state.faults = std::move(faults);
  if (!state.faults.empty() && !state.errors) {
    state.errors = UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, kFirstKeptFd));
  }
  detail::are_faults_armed = !state.faults.empty();
}

void arm_faults_from_environment() {
  const char* text = std::getenv(kVariable);
  arm_faults(text == nullptr ? "" : text);
}

detail::Strike detail::strike(std::size_t site) {
  auto& state = armed();
  const auto visit = ++state.num_visits.at(site);
  for (const auto& fault : state.faults) {
    const bool is_due = fault.is_lasting ? visit >= fault.number : visit == fault.number;
    if (fault.site != site || !is_due) continue;
    announce(fault.text);
    const auto struck = act(fault.action);
    if (struck.error != 0 || struck.is_short) return struck;
  }
  return {};
}

}  // namespace lethe::core
