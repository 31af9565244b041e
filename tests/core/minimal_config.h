#pragma once

#include <string>

namespace lethe::test {

/// The least that a config holds: one model "a" with these methods, two cells, 60 edits.
inline std::string minimal_config(const std::string& methods = "rome: {layer: 0}",
                                  const std::string& grid = "grid: {methods: [rome], samples: [0, 1]}\n",
                                  const std::string& edits = "edits: 60\n") {
  return "dataset: {records: records.json, samples: samples.json}\n"
         "models:\n"
         "  a:\n"
         "    path: ../models/a\n"
         "    second_moments: {corpus: corpus.txt}\n"
         "    methods: {" +
         methods + "}\n" + grid + edits;
}

}  // namespace lethe::test
