#include "orchestrator/scheduling/outcome.h"

#include "core/exit_code.h"

namespace lethe::orchestrator::inline scheduling {

int exit_code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kComplete:
      return 0;
    case Outcome::kIncomplete:
      return core::kExitStopped;
    case Outcome::kPoisoned:
      return core::kExitFailed;
  }
  return core::kExitFailed;
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kComplete:
      return "COMPLETE";
    case Outcome::kIncomplete:
      return "INCOMPLETE";
    case Outcome::kPoisoned:
      return "POISONED";
  }
  return "INCOMPLETE";
}

}  // namespace lethe::orchestrator::inline scheduling
