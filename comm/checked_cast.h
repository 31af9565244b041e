#pragma once

#include <string>
#include <utility>

#include "core/error.h"

namespace lethe::comm {

/// Integer conversion that keeps the value or throws `core::CommError`; MPI counts are `int`.
template <typename To, typename From>
To checked_cast(From value) {
  if (!std::in_range<To>(value)) {
    throw core::CommError("value " + std::to_string(value) + " does not fit the integer type of an MPI call");
  }
  return static_cast<To>(value);
}

}  // namespace lethe::comm
