#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "core/fault_sites.h"

// Faults that a test asks for, in every build: LETHE_FAULT=site:action:number[,...]. Where none is asked for, a site
// costs one branch on a constant of the process.
//
// number: n, the n-th time that a process comes by the site; n+, that and every later time. Each process counts for
// itself, threads together; so does an executor that is started again. Actions:
//   exit, kill, segv      the process ends: status 17, SIGKILL, SIGSEGV
//   stop                  SIGSTOP; it goes on where someone sends SIGCONT
//   delay                 nothing happens for two seconds
//   enospc, edquot, eio   at a call or a write: it fails with this error, and is not made
//   short                 at a write: half of the bytes are taken
// A fault says on standard error that it strikes, before it does.

namespace lethe::core {

inline constexpr int kFaultExit = 17;  ///< status of a process that `exit` has ended

/// Arms the faults that LETHE_FAULT asks for; both programs call it first of all, before they have threads. Throws
/// `core::ConfigError` with what is known for a site, an action or a number that is not.
void arm_faults_from_environment();
/// The same for a text; nothing is armed any more with an empty one.
void arm_faults(std::string_view text);

/// A site by its name in `kFaultSites`; a name that is not there, or is of another kind, does not compile.
template <FaultKind kind>
class FaultSite {
 public:
  consteval FaultSite(const char* name) {  // NOLINT: call sites name it as a string
    while (kFaultSites.at(index_).name != name) ++index_;
    if (kFaultSites.at(index_).kind != kind) throw "the site is of another kind";
  }
  [[nodiscard]] constexpr std::size_t index() const { return index_; }

 private:
  std::size_t index_ = 0;
};

namespace detail {

/// Set before the first thread, and never after.
inline bool are_faults_armed = false;

struct Strike {
  int error = 0;  ///< what the call is to fail with; 0: it does not
  bool is_short = false;
};
/// Counts a visit, and does what was asked for at it.
Strike strike(std::size_t site);

}  // namespace detail

/// A point between two steps.
inline void fault_point(FaultSite<FaultKind::kStep> site) {
  if (detail::are_faults_armed) [[unlikely]]
    detail::strike(site.index());
}

/// True, and errno set, if the call that follows is to fail instead of being made.
[[nodiscard]] inline bool fails_at(FaultSite<FaultKind::kCall> site) {
  if (!detail::are_faults_armed) [[likely]]
    return false;
  const auto struck = detail::strike(site.index());
  if (struck.error != 0) errno = struck.error;
  return struck.error != 0;
}

/// `write(n)`, which writes the first n bytes as write(2) does, with n = `num_bytes`; a fault makes it less, or -1 with
/// errno set.
template <typename Write>
ssize_t write_at(FaultSite<FaultKind::kWrite> site, std::size_t num_bytes, const Write& write) {
  if (!detail::are_faults_armed) [[likely]]
    return write(num_bytes);
  const auto struck = detail::strike(site.index());
  if (struck.error != 0) {
    errno = struck.error;
    return -1;
  }
  return write(struck.is_short ? std::max<std::size_t>(1, num_bytes / 2) : num_bytes);
}

}  // namespace lethe::core
