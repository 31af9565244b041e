#pragma once

#include <filesystem>
#include <string_view>

namespace lethe::data {

/// How a corpus holds its documents.
enum class CorpusFormat {
  kText,       ///< one document a line
  kJsonLines,  ///< one object with a `text` a line
};

/// Tells a corpus's format from its beginning, whatever its name, so that a renamed file is read as before. `begin` is
/// the first MiB or all of a shorter file, without a byte order mark. Throws `core::DataError` with what it is and how
/// to convert it for everything that one of the two forms would only be a guess of: other containers, markup, tables, a
/// JSON list, JSON objects over several lines, dicts as Python prints them, text under a name that says JSON.
CorpusFormat corpus_format(std::string_view begin, const std::filesystem::path& path);

/// Whether `text` begins as a JSON object or list does: "{" or "[" and what may follow it there, as text rarely has.
bool begins_like_json(std::string_view text);

}  // namespace lethe::data
