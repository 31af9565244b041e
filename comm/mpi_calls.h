#pragma once

#include <mpi.h>

#include <array>
#include <string>

#include "core/error.h"

namespace lethe::comm {

/// Turns an MPI error code into `core::CommError`.
inline void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw core::CommError(std::string(call) + ": " + std::string(text.data(), static_cast<std::size_t>(length)));
}

}  // namespace lethe::comm
