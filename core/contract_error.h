#pragma once

#include "core/error.h"

namespace lethe::core {

/// One program of lethe asks or tells another what that one does not know: the two are of different builds. It stays so
/// until somebody installs both from one, and is never retried.
class ContractError : public CommError {
 public:
  using CommError::CommError;
};

}  // namespace lethe::core
