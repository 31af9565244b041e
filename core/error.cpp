#include "core/error.h"

#include <array>
#include <new>
#include <system_error>
#include <utility>

namespace lethe::core {
namespace {

constexpr std::array<std::pair<FailureClass, std::string_view>, 7> kFailureNames{{
    {FailureClass::kConfig, "config"},
    {FailureClass::kData, "data"},
    {FailureClass::kMethod, "method"},
    {FailureClass::kCrash, "crash"},
    {FailureClass::kOutOfMemory, "oom"},
    {FailureClass::kHang, "hang"},
    {FailureClass::kInfrastructure, "infrastructure"},
}};

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

// What the operating system refused: a file system that is full, stale or away, a thread or process too many. None of
// it is the method's fault, and much of it passes.
FailureClass classify_system(const std::system_error& error) {
  return error.code() == std::errc::not_enough_memory ? FailureClass::kOutOfMemory : FailureClass::kInfrastructure;
}

}  // namespace

std::string_view to_string(FailureClass failure) {
  for (const auto& [value, name] : kFailureNames) {
    if (value == failure) return name;
  }
  throw CommError("failure class " + std::to_string(static_cast<int>(failure)) + " has no name");
}

FailureClass failure_class_from(std::string_view word) {
  for (const auto& [value, name] : kFailureNames) {
    if (name == word) return value;
  }
  throw CommError("\"" + std::string(word) + "\" is no failure class");
}

FailureClass classify(const std::exception& error) {
  if (dynamic_cast<const ConfigError*>(&error) != nullptr) return FailureClass::kConfig;
  if (dynamic_cast<const DataError*>(&error) != nullptr) return FailureClass::kData;
  if (dynamic_cast<const ModelError*>(&error) != nullptr) return FailureClass::kData;
  if (dynamic_cast<const StorageError*>(&error) != nullptr) return FailureClass::kInfrastructure;
  if (dynamic_cast<const CommError*>(&error) != nullptr) return FailureClass::kInfrastructure;
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return FailureClass::kOutOfMemory;
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) return classify_system(*system);
  return classify_foreign(error.what());
}

}  // namespace lethe::core
