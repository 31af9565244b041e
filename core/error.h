#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

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
  using Error::Error;
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

/// Why a task failed; decides whether it is retried (design 5).
enum class FailureClass { kConfig, kData, kMethod, kCrash, kOutOfMemory, kHang, kInfrastructure };

/// "config", "data", "method", "crash", "oom", "hang", "infrastructure".
std::string_view to_string(FailureClass failure);
/// Inverse of `to_string`; throws `CommError` on any other word.
FailureClass failure_class_from(std::string_view word);
/// Class of an exception that reached a task's boundary: a ModelError counts as data; StorageError, CommError and
/// `std::system_error` as infrastructure; `std::bad_alloc`, LibTorch's allocation failures and ENOMEM as out of memory;
/// CUDA errors as a crash; any other exception as the method's.
FailureClass classify(const std::exception& error);

}  // namespace lethe::core
