// Files of results: a sound one of the kind that the first byte tells, whose objects the following steps change through
// HDF5 itself. Of other bytes HDF5 is no judge: a digest keeps them from it, and that is test_storage's to try.
#include "tests/fuzz/stored_samples.h"
#include "tests/fuzz/tampering.h"

#include "core/error.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {

bool stored_file(std::string_view input) {
  if (input.empty()) return false;
  const auto& samples = stored_samples();
  const auto& sample = samples[static_cast<unsigned char>(input.front()) % samples.size()];
  const auto path = InputFolder::instance().write("stored.h5", sample.bytes);
  tamper_with(path, input.substr(1));
  return read_or_refuse<core::StorageError>("stored.h5",
                                            [&] {
                                              sample.read(path);
                                              return true;
                                            })
      .has_value();
}

}  // namespace lethe::fuzz
