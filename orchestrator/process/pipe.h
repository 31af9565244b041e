#pragma once

#include "core/unique_fd.h"

namespace lethe::orchestrator::inline process {

struct Pipe {
  core::UniqueFd read_end;
  core::UniqueFd write_end;
};

/// A pipe, both ends closed on exec. Throws `core::CommError`.
Pipe make_pipe();

/// Makes reads (or writes) return at once. Throws `core::CommError`.
void set_nonblocking(int fd);

}  // namespace lethe::orchestrator::inline process
