#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lethe::fuzz {

/// A sound file of each kind that storage/ writes, and what reads it. Made once.
struct StoredSample {
  std::string bytes;
  std::function<void(const std::filesystem::path& path)> read;
};
const std::vector<StoredSample>& stored_samples();

}  // namespace lethe::fuzz
