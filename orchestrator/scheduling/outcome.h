#pragma once

#include <string_view>

namespace lethe::orchestrator::inline scheduling {

/// How a sweep ended; also the word in its STATE file.
enum class Outcome { kComplete, kIncomplete, kPoisoned };

/// Exit code of the sweep: 0, 75 (EX_TEMPFAIL: run it again), 1 (some work was given up).
int exit_code_of(Outcome outcome);
/// "COMPLETE", "INCOMPLETE", "POISONED".
std::string_view to_string(Outcome outcome);

}  // namespace lethe::orchestrator::inline scheduling
