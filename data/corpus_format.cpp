#include "data/corpus_format.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"
#include "data/json_entries.h"
#include "data/text_file.h"

namespace lethe::data {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kWanted =
    "a corpus is plain text, one document a line, or JSON lines ({\"text\": \"...\"} a line)";

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view reason) {
  throw core::DataError(path.string() + ": " + std::string(reason));
}

std::string_view after_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

struct ForeignForm {
  std::string_view begin, what;
};

constexpr std::array kContainers{
    ForeignForm{"\xFF\xFE", "is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"},
    ForeignForm{"\xFE\xFF", "is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"},
    ForeignForm{"\x1F\x8B", "is compressed; unpack it (gunzip)"},
    ForeignForm{"BZh", "is compressed; unpack it (bunzip2)"},
    ForeignForm{"\xFD"
                "7zXZ",
                "is compressed; unpack it (unxz)"},
    ForeignForm{"\x28\xB5\x2F\xFD", "is compressed; unpack it (unzstd)"},
    ForeignForm{"PK\x03\x04", "is a zip archive; unpack it (unzip)"},
    ForeignForm{"PAR1", "is a Parquet table; write its texts as JSON lines"},
    ForeignForm{"ARROW1", "is an Arrow table; write its texts as JSON lines"},
};

constexpr std::array kMarkup{"<?xml", "<mediawiki", "<!DOCTYPE", "<html", "<doc "};

bool is_named(const std::filesystem::path& path, std::initializer_list<std::string_view> extensions) {
  return std::ranges::find(extensions, path.extension().string()) != extensions.end();
}

void refuse_foreign_forms(std::string_view begin, const std::filesystem::path& path) {
  for (const auto& form : kContainers) {
    if (begin.starts_with(form.begin)) refuse(path, form.what);
  }
  if (begin.find('\0') != std::string_view::npos) refuse(path, "is a binary file; " + std::string(kWanted));
  const auto starts_with = [text = after_blanks(begin)](const char* form) { return text.starts_with(form); };
  if (std::ranges::any_of(kMarkup, starts_with)) {
    refuse(path, "begins as XML or HTML does; extract its texts: " + std::string(kWanted));
  }
  if (is_named(path, {".csv", ".tsv"})) {
    refuse(path, "is named as a table; write its texts alone: " + std::string(kWanted));
  }
}

/// A first object that goes on in other lines is refused here. Of a line longer than `begin` this is not known, and
/// malformed lines are named when they are read.
void check_first_object(std::string_view begin, const std::filesystem::path& path) {
  const bool ends_with_line = begin.ends_with('\n');
  std::size_t line_number = 1;
  std::string_view line = take_line(begin);
  for (; line.find_first_not_of(kBlanks) == std::string_view::npos; ++line_number) line = take_line(begin);
  const bool may_go_on = begin.empty() && !ends_with_line;
  if (may_go_on || !is_unfinished_json(line)) return;
  const std::string place = "line " + std::to_string(line_number);
  refuse(path, place + ": begins a JSON object that does not end on it; JSON lines hold an object a line: convert it " +
                   "(jq -c . for objects one after another, jq -c '.NAME[]' for a list under a name). " +
                   "A corpus of plain text must not begin so: put another document first");
}

}  // namespace

bool begins_like_json(std::string_view text) {
  const std::string_view json = after_blanks(text);
  if (json.empty()) return false;
  const std::string_view next = after_blanks(json.substr(1));
  if (json.front() == '{') return next.starts_with('"') || next.starts_with('}');
  if (json.front() != '[') return false;
  return next.starts_with('{') || next.starts_with('"') || next.starts_with(']') || next.starts_with("[\"");
}

CorpusFormat corpus_format(std::string_view begin, const std::filesystem::path& path) {
  refuse_foreign_forms(begin, path);
  const std::string_view text = after_blanks(begin);
  if (!begins_like_json(text)) {
    const bool is_named_json = is_named(path, {".json", ".jsonl", ".ndjson"});
    if (is_named_json && !text.empty())
      refuse(path, "is named as JSON, but does not begin so; " + std::string(kWanted));
    return CorpusFormat::kText;
  }
  if (text.front() == '[') {
    refuse(path,
           "line 1: expected an object with a \"text\", found a JSON list; convert it to JSON lines (jq -c '.[]'). " +
               std::string("A corpus of plain text must not begin so: put another document first"));
  }
  check_first_object(begin, path);
  return CorpusFormat::kJsonLines;
}

}  // namespace lethe::data
