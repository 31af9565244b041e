#include "core/error.h"

#include <array>
#include <cerrno>
#include <new>

#include "core/contract_error.h"

namespace lethe::core {
namespace {

struct FailureRow {
  FailureClass failure;
  std::string_view name;
  Healing healing;
};

constexpr std::array kFailures{
    FailureRow{FailureClass::kConfig, "config", Healing::kNever},
    FailureRow{FailureClass::kData, "data", Healing::kNever},
    FailureRow{FailureClass::kMethod, "method", Healing::kNever},
    FailureRow{FailureClass::kMismatch, "mismatch", Healing::kNever},
    FailureRow{FailureClass::kCrash, "crash", Healing::kAnotherTry},
    FailureRow{FailureClass::kOutOfMemory, "oom", Healing::kAnotherTry},
    FailureRow{FailureClass::kHang, "hang", Healing::kAnotherTry},
    FailureRow{FailureClass::kInfrastructure, "infrastructure", Healing::kTime},
    FailureRow{FailureClass::kFolder, "folder", Healing::kSomeoneActs},
};

const FailureRow& row_of(FailureClass failure) {
  for (const auto& row : kFailures) {
    if (row.failure == failure) return row;
  }
  throw CommError("failure class " + std::to_string(static_cast<int>(failure)) + " has no name");
}

bool mentions_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const auto word : words) {
    if (text.find(word) != std::string_view::npos) return true;
  }
  return false;
}

// LibTorch reports allocation failures and device errors as one exception type; only the text tells them apart.
FailureClass classify_foreign(std::string_view text) {
  if (mentions_any(text, {"out of memory", "can't allocate memory"})) return FailureClass::kOutOfMemory;
  if (mentions_any(text, {"CUDA error", "CUBLAS_STATUS", "CUSOLVER_STATUS", "CUDNN_STATUS", "cuDNN error"}))
    return FailureClass::kCrash;
  return FailureClass::kMethod;
}

// What the operating system refused is never the method's fault. Most of it passes by itself (a read error, a thread
// too many); a folder that takes nothing any more does not.
FailureClass classify_cause(const std::error_code& cause) {
  if (cause.category() != std::generic_category() && cause.category() != std::system_category())
    return FailureClass::kInfrastructure;
  switch (cause.value()) {
    case ENOMEM:
      return FailureClass::kOutOfMemory;
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EACCES:
    case EPERM:
    case ESTALE:
    case ENOTCONN:
    case ENODEV:
      return FailureClass::kFolder;
    default:
      return FailureClass::kInfrastructure;
  }
}

}  // namespace

std::string_view to_string(FailureClass failure) { return row_of(failure).name; }

FailureClass failure_class_from(std::string_view word) {
  for (const auto& row : kFailures) {
    if (row.name == word) return row.failure;
  }
  throw CommError("\"" + std::string(word) + "\" is no failure class");
}

Healing healing_of(FailureClass failure) { return row_of(failure).healing; }

FailureClass classify(const std::exception& error) {
  if (dynamic_cast<const ConfigError*>(&error) != nullptr) return FailureClass::kConfig;
  if (dynamic_cast<const DataError*>(&error) != nullptr) return FailureClass::kData;
  if (dynamic_cast<const ModelError*>(&error) != nullptr) return FailureClass::kData;
  if (dynamic_cast<const MismatchError*>(&error) != nullptr) return FailureClass::kMismatch;
  if (const auto* storage = dynamic_cast<const StorageError*>(&error)) return classify_cause(storage->cause());
  if (dynamic_cast<const ContractError*>(&error) != nullptr) return FailureClass::kConfig;
  if (dynamic_cast<const CommError*>(&error) != nullptr) return FailureClass::kInfrastructure;
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return FailureClass::kOutOfMemory;
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) return classify_cause(system->code());
  return classify_foreign(error.what());
}

}  // namespace lethe::core
