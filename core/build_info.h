#pragma once

#include <span>
#include <string_view>

// What this program was built from: provenance of every file it writes (design C9). Values are fixed at build
// time by cmake/LetheBuildInfo.cmake; link lethe::build_info.

namespace lethe::core {

/// 40 hexadecimal digits of the commit; "unknown" outside a git checkout.
std::string_view git_sha();
/// True if tracked files differed from that commit.
bool is_dirty();
/// lethe's own version, "0.1.0".
std::string_view version();

/// True if its LibTorch was built for CUDA; whether there is a GPU is another question (`lethe doctor`).
bool has_cuda();

struct LibraryVersion {
  std::string_view name;     ///< "compiler", "build_type", "libtorch", "hdf5", "mpi"
  std::string_view version;  ///< as found when the build was configured
};
std::span<const LibraryVersion> library_versions();
/// Of the library with that name; empty if none has it.
std::string_view library_version(std::string_view name);

}  // namespace lethe::core
