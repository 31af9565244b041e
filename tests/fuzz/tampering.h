#pragma once

#include <filesystem>
#include <string_view>

namespace lethe::fuzz {

/// Changes objects of an HDF5 file, a step after the other as the bytes say: links deleted, moved and doubled, values,
/// types and sizes replaced, attributes too. The file stays one that HDF5 wrote.
void tamper_with(const std::filesystem::path& path, std::string_view steps);

}  // namespace lethe::fuzz
