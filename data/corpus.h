#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/corpus_format.h"

namespace lethe::data {

/// Reads a corpus from its beginning, one document at a time, in memory of a few MiB: plain text, one document a line,
/// or JSON lines, one object with a `text` field a line; `corpus_format` tells which. Blank lines are no documents; a
/// JSON line whose text is empty is one. UTF-8, a leading byte order mark is skipped.
/// Errors are `core::DataError` with file and line; of skipped documents only the line's length is checked.
class CorpusReader {
 public:
  explicit CorpusReader(std::filesystem::path path);

  [[nodiscard]] CorpusFormat format() const { return format_; }
  /// The next document; nullopt at the end.
  std::optional<std::string> next();
  /// Passes over up to `count` documents, without parsing them. Returns how many there were.
  std::int64_t skip(std::int64_t count);
  /// Bytes of the lines of the documents taken or skipped so far: no document has more tokens than its line has bytes.
  [[nodiscard]] std::int64_t num_bytes() const { return num_bytes_; }

 private:
  std::filesystem::path path_;
  std::ifstream in_;
  CorpusFormat format_ = CorpusFormat::kText;
  std::string buffer_;        ///< what was read and not taken
  std::size_t position_ = 0;  ///< of the first byte not taken, in `buffer_`
  std::int64_t num_lines_ = 0;
  std::int64_t num_bytes_ = 0;

  std::optional<std::string_view> next_line();
  std::optional<std::string_view> next_document_line();
  [[nodiscard]] bool fill();
  [[nodiscard]] std::string place() const;
};

/// What a plan must know of a corpus, from its lines alone.
struct CorpusSize {
  std::int64_t num_documents = 0;  ///< at most as many as asked for
  std::int64_t num_bytes = 0;      ///< of their lines
};
/// Counts up to `max_documents` (at least one) documents at the speed of the disk. Throws `core::DataError` for an
/// empty corpus, and one whose first document cannot be read.
CorpusSize measure_corpus(const std::filesystem::path& path, std::int64_t max_documents);

/// The first `max_documents` documents at once, for corpora that fit memory many times.
std::vector<std::string> read_corpus(const std::filesystem::path& path, std::int64_t max_documents);

}  // namespace lethe::data
