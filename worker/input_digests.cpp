#include "worker/input_digests.h"

#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "ledger/commit.h"

namespace lethe::worker {
namespace {

std::int64_t modified_ns(const std::filesystem::path& path) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::filesystem::last_write_time(path).time_since_epoch())
      .count();
}

}  // namespace

InputDigests::InputDigests(std::filesystem::path memory) : memory_(std::move(memory)) {
  std::ifstream in(memory_);
  if (!in) return;
  const auto json = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return;
  try {
    for (const auto& [path, value] : json.items()) {
      entries_[path] = {value.at("size").get<std::uintmax_t>(), value.at("modified_ns").get<std::int64_t>(),
                        core::Digest::from_hex(value.at("digest").get<std::string>())};
    }
  } catch (const std::exception&) {
    entries_.clear();  // only a memory: everything in it can be computed again
  }
}

core::Digest InputDigests::of_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) throw core::StorageError(path.string() + ": " + error.message());
  const auto modified = modified_ns(path);
  const auto known = entries_.find(path.string());
  if (known != entries_.end() && known->second.size == size && known->second.modified_ns == modified) {
    return known->second.digest;
  }
  const auto digest = core::digest_of_file(path);
  entries_[path.string()] = {size, modified, digest};
  return digest;
}

void InputDigests::save() const {
  if (memory_.empty()) return;
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [path, entry] : entries_) {
    json[path] = {{"size", entry.size}, {"modified_ns", entry.modified_ns}, {"digest", entry.digest.hex()}};
  }
  std::filesystem::create_directories(memory_.parent_path());
  ledger::replace_text(memory_, json.dump(1));
}

}  // namespace lethe::worker
