#pragma once

#include <exception>
#include <string>

namespace lethe::core {

/// How both programs end. Wrappers read a sweep's STATE as well: `mpirun` returns 0 after some failures.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;  ///< some work was given up, or a check found problems
inline constexpr int kExitConfigError = 2;
inline constexpr int kExitOwned = 69;    ///< EX_UNAVAILABLE: another process works in the folder; nothing was touched
inline constexpr int kExitStopped = 75;  ///< EX_TEMPFAIL: stopped before the end; the same command goes on

/// Status of a program that an exception ends: what may pass (`may_pass`) asks to be run again.
int exit_code_of(const std::exception& error);
/// What it says of it, with the remedy where the text has none.
std::string last_words(const std::exception& error);

}  // namespace lethe::core
