#pragma once

#include <cstdlib>
#include <filesystem>

namespace lethe::test {

/// Where the reference data is, if it is: LETHE_REFERENCE_DATA, else beside the source tree.
inline std::filesystem::path reference_data() {
  const char* folder = std::getenv("LETHE_REFERENCE_DATA");
  return folder != nullptr ? folder : LETHE_SOURCE_DIR "/../shared/reference/data";
}

}  // namespace lethe::test
