#include "data/corpus.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/input_file.h"
#include "data/json_entries.h"
#include "data/text_file.h"
#include "data/unicode.h"

namespace lethe::data {
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::size_t kMaxLineBytes = 64 << 20;

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

/// ", found the keys ..." of an object; nothing for what is none.
std::string describe_keys(const Json& entry) {
  if (!entry.is_object() || entry.empty()) return {};
  std::string keys;
  for (const auto& [key, value] : entry.items()) keys += (keys.empty() ? "" : ", ") + excerpt(key);
  return "; found the keys " + excerpt(keys, 120);
}

}  // namespace

CorpusReader::CorpusReader(std::filesystem::path path) : path_(std::move(path)) {
  core::check_input_file(path_);
  in_.open(path_, std::ios::binary);
  if (!in_) throw core::DataError(path_.string() + ": cannot be opened: " + std::strerror(errno));
  static_cast<void>(fill());
  if (std::string_view(buffer_).starts_with("\xEF\xBB\xBF")) position_ = 3;
  format_ = corpus_format(std::string_view(buffer_).substr(position_), path_);
}

std::string CorpusReader::place() const { return path_.string() + ": line " + std::to_string(num_lines_); }

bool CorpusReader::fill() {
  buffer_.erase(0, std::exchange(position_, 0));
  const std::size_t old_size = buffer_.size();
  buffer_.resize(old_size + kChunkBytes);
  in_.read(buffer_.data() + old_size, kChunkBytes);
  const auto count = static_cast<std::size_t>(in_.gcount());
  if (in_.bad()) throw core::DataError(path_.string() + ": cannot be read to its end");
  buffer_.resize(old_size + count);
  return count > 0;
}

std::optional<std::string_view> CorpusReader::next_line() {
  std::size_t end = buffer_.find('\n', position_);
  while (end == std::string::npos) {
    const std::size_t line_bytes = buffer_.size() - position_;
    if (line_bytes > kMaxLineBytes) {
      ++num_lines_;
      throw core::DataError(place() + ": is longer than 64 MiB; a corpus holds one document a line");
    }
    if (!fill()) {
      if (line_bytes == 0) return std::nullopt;
      end = buffer_.size();
      break;
    }
    end = buffer_.find('\n', line_bytes);  // `fill` has moved the line to the front
  }
  ++num_lines_;
  std::string_view line = std::string_view(buffer_).substr(position_, end - position_);
  position_ = std::min(end + 1, buffer_.size());
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<std::string_view> CorpusReader::next_document_line() {
  while (const auto line = next_line()) {
    if (is_blank(*line)) continue;
    num_bytes_ += static_cast<std::int64_t>(line->size());
    return line;
  }
  return std::nullopt;
}

std::optional<std::string> CorpusReader::next() {
  const auto line = next_document_line();
  if (!line) return std::nullopt;
  if (const auto invalid = first_invalid_utf8(*line); invalid != std::string_view::npos) {
    throw core::DataError(place() + ", byte " + std::to_string(invalid + 1) +
                          ": is not UTF-8; convert the file (iconv -t UTF-8)");
  }
  if (format_ == CorpusFormat::kText) return std::string(*line);
  const Json entry = parse_json(*line, place());
  const auto text = entry.find("text");
  if (!entry.is_object() || text == entry.end() || !text->is_string()) {
    throw core::DataError(place() + ": expected an object with a \"text\" that is a string, as in {\"text\": \"...\"}" +
                          describe_keys(entry));
  }
  return text->get<std::string>();
}

std::int64_t CorpusReader::skip(std::int64_t count) {
  std::int64_t skipped = 0;
  while (skipped < count && next_document_line()) ++skipped;
  return skipped;
}

CorpusSize measure_corpus(const std::filesystem::path& path, std::int64_t max_documents) {
  CorpusReader reader(path);
  // The first is read as a document, so that lines of another kind of object are told before anything is computed.
  const std::int64_t num_documents = reader.next() ? 1 + reader.skip(max_documents - 1) : 0;
  if (num_documents == 0) throw core::DataError(path.string() + ": holds no document (a line that is not blank)");
  return {num_documents, reader.num_bytes()};
}

std::vector<std::string> read_corpus(const std::filesystem::path& path, std::int64_t max_documents) {
  CorpusReader reader(path);
  std::vector<std::string> documents;
  while (static_cast<std::int64_t>(documents.size()) < max_documents) {
    auto document = reader.next();
    if (!document) break;
    documents.push_back(std::move(*document));
  }
  if (documents.empty()) throw core::DataError(path.string() + ": holds no document (a line that is not blank)");
  return documents;
}

}  // namespace lethe::data
