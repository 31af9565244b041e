#include "data/corpus_format.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"
#include "core/foreign_form.h"
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

constexpr std::array kMarkup{"<?xml", "<mediawiki", "<!DOCTYPE", "<html", "<doc "};

bool is_named(const std::filesystem::path& path, std::initializer_list<std::string_view> extensions) {
  return std::ranges::find(extensions, path.extension().string()) != extensions.end();
}

void refuse_foreign_forms(std::string_view begin, const std::filesystem::path& path) {
  if (const auto form = core::foreign_form(begin); !form.empty()) refuse(path, form);
  if (begin.find('\0') != std::string_view::npos) refuse(path, "is a binary file; " + std::string(kWanted));
  const auto starts_with = [text = after_blanks(begin)](const char* form) { return text.starts_with(form); };
  if (std::ranges::any_of(kMarkup, starts_with)) {
    refuse(path, "begins as XML or HTML does; extract its texts: " + std::string(kWanted));
  }
  if (is_named(path, {".csv", ".tsv"})) {
    refuse(path, "is named as a table; write its texts alone: " + std::string(kWanted));
  }
}

/// A dict as Python prints it, {'text': ...}, alone or in a list: read as plain text it would be learnt with its
/// braces.
bool begins_like_python(std::string_view text) {
  const auto list = text.starts_with('[') ? after_blanks(text.substr(1)) : text;
  if (!list.starts_with('{')) return false;
  const auto key = after_blanks(list.substr(1));
  if (!key.starts_with('\'')) return false;
  const auto end = key.find('\'', 1);
  return end != std::string_view::npos && after_blanks(key.substr(end + 1)).starts_with(':');
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
  if (begins_like_python(text)) {
    refuse(path, "line 1: begins as a dict that Python prints; write JSON (json.dumps instead of str or print): " +
                     std::string(kWanted) + ". A corpus of plain text must not begin so: put another document first");
  }
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
