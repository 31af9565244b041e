#include "core/exit_code.h"

#include "core/patience.h"

namespace lethe::core {
namespace {

bool is_config(const std::exception& error) { return dynamic_cast<const ConfigError*>(&error) != nullptr; }
bool is_owned(const std::exception& error) { return dynamic_cast<const OwnedError*>(&error) != nullptr; }

}  // namespace

int exit_code_of(const std::exception& error) {
  if (is_config(error)) return kExitConfigError;
  if (is_owned(error)) return kExitOwned;
  return may_pass(error) ? kExitStopped : kExitFailed;
}

std::string last_words(const std::exception& error) {
  std::string text = error.what();
  if (is_config(error) || is_owned(error)) return text;
  const bool has_remedy = text.find("run again") != std::string::npos;
  return "lethe: " + text + (may_pass(error) && !has_remedy ? "; run again" : "");
}

}  // namespace lethe::core
