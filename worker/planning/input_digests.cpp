#include "worker/planning/input_digests.h"

#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "ledger/commit.h"

namespace lethe::worker::inline planning {
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
      auto& entry = entries_[path];
      entry.size = value.at("size").get<std::uintmax_t>();
      entry.modified_ns = value.at("modified_ns").get<std::int64_t>();
      if (value.contains("digest")) entry.digest = core::Digest::from_hex(value["digest"].get<std::string>());
      for (const auto& size : value.value("corpus", nlohmann::json::array())) {
        entry.corpus_sizes[size.at("max_documents").get<std::int64_t>()] = {size.at("documents").get<std::int64_t>(),
                                                                            size.at("bytes").get<std::int64_t>()};
      }
    }
  } catch (const std::exception&) {
    entries_.clear();  // only a memory: everything in it can be computed again
  }
}

InputDigests::Entry& InputDigests::entry_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) throw core::StorageError(path.string() + ": " + error.message());
  const auto modified = modified_ns(path);
  auto& entry = entries_[path.string()];
  if (entry.size != size || entry.modified_ns != modified) entry = {size, modified, {}, {}};
  return entry;
}

core::Digest InputDigests::of_file(const std::filesystem::path& path) {
  auto& entry = entry_of(path);
  if (!entry.digest) entry.digest = core::digest_of_file(path);
  return *entry.digest;
}

std::string InputDigests::of_corpus(const std::filesystem::path& path) {
  const bool is_text = data::CorpusReader(path).format() == data::CorpusFormat::kText;
  return of_file(path).hex() + (is_text ? "" : " as JSON lines");
}

data::CorpusSize InputDigests::size_of_corpus(const std::filesystem::path& path, std::int64_t max_documents) {
  auto& sizes = entry_of(path).corpus_sizes;
  const auto known = sizes.find(max_documents);
  if (known != sizes.end()) return known->second;
  return sizes[max_documents] = data::measure_corpus(path, max_documents);
}

void InputDigests::save() const {
  if (memory_.empty()) return;
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [path, entry] : entries_) {
    auto& value = json[path] = {{"size", entry.size}, {"modified_ns", entry.modified_ns}};
    if (entry.digest) value["digest"] = entry.digest->hex();
    for (const auto& [max_documents, size] : entry.corpus_sizes) {
      value["corpus"].push_back(
          {{"max_documents", max_documents}, {"documents", size.num_documents}, {"bytes", size.num_bytes}});
    }
  }
  std::filesystem::create_directories(memory_.parent_path());
  ledger::replace_text(memory_, json.dump(1));
}

}  // namespace lethe::worker::inline planning
