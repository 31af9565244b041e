#include "worker/planning/input_digests.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_text.h"
#include "core/input_file.h"
#include "core/strict_json.h"
#include "ledger/commit.h"

namespace lethe::worker::inline planning {
InputDigests::FileStamp InputDigests::stamp_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    const std::error_code cause(errno, std::generic_category());
    throw core::StorageError(path.string() + ": " + cause.message(), cause);
  }
  const auto nanoseconds = [](const timespec& time) {
    return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
  };
  return {static_cast<std::uint64_t>(status.st_size), static_cast<std::uint64_t>(status.st_ino),
          nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

InputDigests::InputDigests(std::filesystem::path memory) : memory_(std::move(memory)) {
  nlohmann::json json;
  try {
    json = core::json_if_sound(core::text_of_file(memory_)).value_or(nullptr);
  } catch (const core::StorageError&) {
    return;  // none yet, or something else is in its place
  }
  if (!json.is_object()) return;
  try {
    for (const auto& [path, value] : json.items()) {
      auto& entry = entries_[path];
      // Those of older versions have no inode: such a file is read anew.
      entry.stamp = {value.at("size").get<std::uint64_t>(), value.value("inode", std::uint64_t{0}),
                     value.at("modified_ns").get<std::int64_t>(), value.value("changed_ns", std::int64_t{0})};
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
  core::check_input_file(path);
  const auto stamp = stamp_of(path);
  auto& entry = entries_[path.string()];
  if (entry.stamp != stamp) entry = {stamp, {}, false, {}};
  return entry;
}

core::Digest InputDigests::of_file(const std::filesystem::path& path) {
  auto& entry = entry_of(path);
  if (!entry.digest) {
    entry.digest = core::digest_of_file(path);
    entry.is_read = true;
  }
  hold(path, *entry.digest);
  return *entry.digest;
}

void InputDigests::confirm(const std::filesystem::path& path) {
  if (!held_.contains(path.string())) return;
  auto& entry = entry_of(path);
  if (!entry.is_read) entry.digest.reset();
  static_cast<void>(of_file(path));
}

void InputDigests::hold(const std::filesystem::path& place, const core::Digest& digest) {
  const auto [held, is_new] = held_.emplace(place.string(), digest);
  if (is_new || held->second == digest) return;
  throw core::DataError(place.string() + ": its content is not the one that identities were made from (digest " +
                        held->second.hex() + ", now " + digest.hex() +
                        "); it is damaged or was replaced: restore it, or `touch` it and begin another sweep with it");
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
    auto& value = json[path] = {{"size", entry.stamp.size},
                                {"inode", entry.stamp.inode},
                                {"modified_ns", entry.stamp.modified_ns},
                                {"changed_ns", entry.stamp.changed_ns}};
    if (entry.digest) value["digest"] = entry.digest->hex();
    for (const auto& [max_documents, size] : entry.corpus_sizes) {
      value["corpus"].push_back(
          {{"max_documents", max_documents}, {"documents", size.num_documents}, {"bytes", size.num_bytes}});
    }
  }
  ledger::replace_text(memory_, json.dump(1));
}

}  // namespace lethe::worker::inline planning
