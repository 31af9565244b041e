#include <gtest/gtest.h>

#include "tests/orchestrator/simulated_sweep.h"

namespace lethe::orchestrator::testing {

void expect_all_done(SimulatedSweep& sweep) {
  FakeLedger expected;
  for (const auto& cell : sweep.config().cells) expected.complete(sweep.config(), cell, sweep.config().edits.at(cell));
  for (const auto& [cell, ledger] : expected.cells) {
    EXPECT_EQ(sweep.ledger().cells[cell].num_edits, ledger.num_edits) << cell.name();
    EXPECT_EQ(sweep.ledger().cells[cell].reductions, ledger.reductions) << cell.name();
  }
  for (const auto& facts : sweep.inspection().prerequisites) {
    EXPECT_TRUE(sweep.ledger().prerequisites.contains(facts.key())) << facts.key();
  }
}

}  // namespace lethe::orchestrator::testing
