#pragma once

namespace lethe::orchestrator::inline display {

struct TerminalSize {
  int columns = 80;
  int rows = 24;
};

/// Of the terminal that shows this process's output, asked anew at each call; under mpirun of the launcher's, since the
/// process's own is a pipe. 80 by 24 where there is none that tells.
TerminalSize terminal_size(bool is_under_mpi);

}  // namespace lethe::orchestrator::inline display
