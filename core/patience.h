#pragma once

#include <exception>
#include <string>
#include <system_error>

#include "core/error.h"

// What the operating system refuses now, and may grant another time.

namespace lethe::core {

/// The system refuses a process, or the pipes to one.
class RefusedError : public CommError {
 public:
  RefusedError(const std::string& text, std::error_code cause) : CommError(text), cause_(cause) {}
  [[nodiscard]] std::error_code cause() const { return cause_; }

 private:
  std::error_code cause_;
};

/// True for what the operating system refused and may grant another time: a read error, a process too many, a full
/// disk. False where it refused nothing (a damaged file, a text that is no message), or where the path is wrong for
/// good (a file in the place of a folder).
bool may_pass(const std::exception& error);

/// After the `num_tries`-th try: says in the log what went wrong, waits a moment (0.1 s, then 0.4 s, then 1.6 s) and is
/// true if another try may help. At once false for what does not heal by itself, and after the fourth try.
bool waits_for_another_try(const std::exception& error, int num_tries);

/// `act()`, tried again while that may help: for steps of a start, which no retried task stands behind. `act` leaves
/// nothing behind when it throws, or finds it again.
template <typename Act>
auto patiently(const Act& act) {
  for (int num_tries = 1;; ++num_tries) {
    try {
      return act();
    } catch (const std::exception& error) {
      if (!waits_for_another_try(error, num_tries)) throw;
    }
  }
}

}  // namespace lethe::core
