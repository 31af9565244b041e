#include "worker/arithmetic.h"

#include <dlfcn.h>

#include <algorithm>
#include <fstream>

#include "core/build_info.h"

namespace lethe::worker {
namespace {

/// OpenBLAS names its version and the kernel that it chose for this processor. Another BLAS is LibTorch's own.
std::string blas_name() {
  using Config = char* (*)();
  const auto config = reinterpret_cast<Config>(::dlsym(RTLD_DEFAULT, "openblas_get_config"));
  return config != nullptr ? config() : "LibTorch's BLAS";
}

/// A BLAS that does not name its kernel chooses it by this.
std::string processor_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return "unknown processor";
}

}  // namespace

const std::string& arithmetic() {
  static const std::string text =
      "LibTorch " + std::string(core::library_version("libtorch")) + ", " + blas_name() + ", " + processor_name();
  return text;
}

}  // namespace lethe::worker
