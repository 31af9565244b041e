#include "core/patience.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <new>
#include <string>
#include <thread>

#include "core/log.h"

namespace lethe::core {
namespace {

using std::chrono::milliseconds;
constexpr std::array kPauses{milliseconds(100), milliseconds(400), milliseconds(1600)};

std::error_code cause_of(const std::exception& error) {
  if (const auto* storage = dynamic_cast<const StorageError*>(&error)) return storage->cause();
  if (const auto* refused = dynamic_cast<const RefusedError*>(&error)) return refused->cause();
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) return system->code();
  return {};
}

// What is wrong with the name or with what stands there, and stays so until somebody changes the command or the folder.
bool is_about_the_path(int code) {
  constexpr std::array kCodes{ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EEXIST, EINVAL};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

}  // namespace

bool may_pass(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  const auto cause = cause_of(error);
  const bool is_of_the_system =
      cause.category() == std::generic_category() || cause.category() == std::system_category();
  return cause && is_of_the_system && !is_about_the_path(cause.value());
}

bool waits_for_another_try(const std::exception& error, int num_tries) {
  if (!may_pass(error) || healing_of(classify(error)) == Healing::kSomeoneActs) return false;
  const auto index = static_cast<std::size_t>(num_tries) - 1;
  if (index >= kPauses.size()) return false;
  log_warning(std::string(error.what()) + "; trying again");
  std::this_thread::sleep_for(kPauses.at(index));
  return true;
}

}  // namespace lethe::core
