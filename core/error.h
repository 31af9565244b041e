#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace lethe::core {

/// Root of everything lethe throws on purpose. `what()` names the file or cell, the place and a remedy.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The user's YAML or command line is wrong. Never retried.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// An input file (records, samples, tasks, corpus, tokenizer) is missing, malformed or inconsistent.
class DataError : public Error {
 public:
  using Error::Error;
};

/// A model folder cannot be read as a GPT-2 or GPT-J network, or is used outside its limits.
class ModelError : public Error {
 public:
  using Error::Error;
};

/// A result file cannot be written, read or trusted.
class StorageError : public Error {
 public:
  explicit StorageError(const std::string& text, std::error_code cause = {}) : Error(text), cause_(cause) {}
  /// What the operating system said; zero where nobody asked it.
  [[nodiscard]] std::error_code cause() const { return cause_; }

 private:
  std::error_code cause_;
};

/// Weights that were computed again are not those that the committed files were made with, or a committed file is not
/// the one that its name says. Reading it again does not help.
class MismatchError : public StorageError {
 public:
  using StorageError::StorageError;
};

/// Messages between ranks, or between a supervisor and its executor, went wrong.
class CommError : public Error {
 public:
  using Error::Error;
};

/// Another living process works on the same part of a sweep. Run again when it has ended.
class OwnedError : public Error {
 public:
  using Error::Error;
};

/// Why a task failed; decides what becomes of it (`healing_of`).
enum class FailureClass {
  kConfig,
  kData,
  kMethod,
  kMismatch,
  kCrash,
  kOutOfMemory,
  kHang,
  kInfrastructure,
  kFolder,  ///< the sweep's folder is full, over quota, read-only, forbidden, or its file system is away
};

/// What has to happen before a task that failed can succeed.
enum class Healing {
  kNever,        ///< it fails again with the same inputs
  kAnotherTry,   ///< it may have been chance
  kTime,         ///< it passes by itself, sooner or later
  kSomeoneActs,  ///< somebody has to make room, or to bring the folder back
};

/// "config", "data", "method", "mismatch", "crash", "oom", "hang", "infrastructure", "folder".
std::string_view to_string(FailureClass failure);
/// Inverse of `to_string`; throws `CommError` on any other word.
FailureClass failure_class_from(std::string_view word);
/// The one place that says which failures are worth another try.
Healing healing_of(FailureClass failure);
/// Class of an exception that reached a task's boundary: a ModelError counts as data; StorageError and
/// `std::system_error` by what the operating system said, as infrastructure where that is nothing; `std::bad_alloc` and
/// LibTorch's allocation failures as out of memory; CUDA errors as a crash; any other exception as the method's.
FailureClass classify(const std::exception& error);

}  // namespace lethe::core
