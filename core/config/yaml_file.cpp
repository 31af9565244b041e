#include "core/config/yaml_file.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <tuple>

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>

#include "core/error.h"
#include "core/utf8.h"

namespace lethe::core::inline config {
namespace {

constexpr std::uintmax_t kMaxBytes = std::uintmax_t{1} << 20U;
constexpr int kMaxDepth = 32;
constexpr int kMaxAliases = 100;
constexpr std::size_t kMaxProblemsTold = 1000;

/// Walks the document without building it, and stops it at the limits.
class LimitCheck : public YAML::EventHandler {
 public:
  // Thrown at once: after some malformed texts yaml-cpp finds empty documents without end.
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++num_documents_ > 1) throw YAML::ParserException(mark, "holds several documents (---); expected one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    if (++num_aliases_ > kMaxAliases) throw YAML::ParserException(mark, "more than 100 aliases; write the values out");
  }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    enter(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    enter(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void enter(const YAML::Mark& mark) {
    if (++depth_ > kMaxDepth) throw YAML::ParserException(mark, "nested deeper than 32 levels");
  }

  int num_documents_ = 0;
  int num_aliases_ = 0;
  int depth_ = 0;
};

/// Reads at most one byte more than allowed; what is wrong with the file in words, or nothing.
std::string read_text(const std::filesystem::path& path, std::string& text) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return "no such file";
  if (!std::filesystem::is_regular_file(status)) return "is no regular file";
  const auto size = std::filesystem::file_size(path, error);
  if (error) return error.message();
  if (size > kMaxBytes) return "is larger than 1 MiB, which no config is";
  std::ifstream file(path, std::ios::binary);
  text.resize(size);
  file.read(text.data(), static_cast<std::streamsize>(size));
  if (!file || file.gcount() != static_cast<std::streamsize>(size)) return "cannot be read";
  return "";
}

/// yaml-cpp takes some control characters for the end of the text and would ignore what follows.
void refuse_control_characters(const std::string& text) {
  YAML::Mark mark;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F) {
      throw YAML::ParserException(mark, "a control character; expected plain UTF-8 text");
    }
    mark.column = c == '\n' ? 0 : mark.column + 1;
    mark.line += c == '\n' ? 1 : 0;
  }
}

/// Where a tab stands in the indentation of the line that could not be read, or of one beside it. yaml-cpp says then
/// that a map is illegal or has no end.
std::optional<YAML::Mark> tab_indentation_near(const std::string& text, const YAML::Mark& error) {
  std::istringstream lines(text);
  YAML::Mark mark;
  for (std::string line; std::getline(lines, line); ++mark.line) {
    const auto content = line.find_first_not_of(" \t\r");
    const auto tab = line.find('\t');
    if (std::abs(mark.line - error.line) > 1 || content == std::string::npos || line[content] == '#') continue;
    if (tab >= content) continue;
    mark.column = static_cast<int>(tab);
    return mark;
  }
  return std::nullopt;
}

/// yaml-cpp hands on whatever bytes there are; messages, JSON and prompts made of them are to be UTF-8.
void refuse_other_encodings(const std::string& text) {
  std::istringstream lines(text);
  YAML::Mark mark;
  for (std::string line; std::getline(lines, line); ++mark.line) {
    const auto invalid = first_invalid_utf8(line);
    if (invalid == std::string::npos) continue;
    mark.column = static_cast<int>(invalid);
    throw YAML::ParserException(mark, "a byte that is not UTF-8; save the file as UTF-8");
  }
}

YAML::Node parse(const std::string& text) {
  refuse_control_characters(text);
  refuse_other_encodings(text);
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  LimitCheck limits;
  while (parser.HandleNextDocument(limits)) {
  }
  return YAML::Load(text);
}

std::string place_of(const std::string& file, const YAML::Mark& mark) {
  if (mark.is_null()) return file;
  return file + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

std::string first_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::size_t ProblemList::index_of(const std::string& file) {
  const auto known = std::find(files_.begin(), files_.end(), file);
  const auto index = static_cast<std::size_t>(known - files_.begin());
  if (known == files_.end()) files_.push_back(file);
  return index;
}

void ProblemList::announce(const std::string& file) { index_of(file); }

void ProblemList::add(const std::string& file, const YAML::Mark& mark, const std::string& text) {
  const auto index = index_of(file);
  const auto place = place_of(file, mark) + ": ";
  auto line = place + first_line(text);
  known_places_.insert(place + text.substr(0, text.find(": ")));
  // A file that two models share is read twice, and its problems are found twice.
  if (known_lines_.insert(line).second) problems_.push_back({index, mark, std::move(line)});
}

bool ProblemList::has_one_at(const std::string& file, const YAML::Mark& mark, const std::string& path) const {
  return known_places_.contains(place_of(file, mark) + ": " + path);
}

void ProblemList::throw_if_any(const std::string& config) const {
  if (problems_.empty()) return;
  auto sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.mark.line, a.mark.column) < std::tie(b.file, b.mark.line, b.mark.column);
  });
  std::string text = config + ": " + std::to_string(sorted.size()) + (sorted.size() == 1 ? " problem:" : " problems:");
  const auto num_told = std::min(sorted.size(), kMaxProblemsTold);
  for (std::size_t i = 0; i < num_told; ++i) text.append("\n").append(sorted[i].line);
  if (num_told < sorted.size()) text += "\n... and " + std::to_string(sorted.size() - num_told) + " more";
  throw ConfigError(text);
}

std::optional<YamlFile> read_yaml_file(const std::filesystem::path& path, ProblemList& problems) {
  YamlFile file;
  file.display = path.lexically_normal().string();
  file.folder = std::filesystem::absolute(path).lexically_normal().parent_path();
  problems.announce(file.display);
  std::string text;
  if (const auto reason = read_text(path, text); !reason.empty()) {
    problems.add(file.display, YAML::Mark::null_mark(), reason);
    return std::nullopt;
  }
  try {
    file.root = parse(text);
    return file;
  } catch (const YAML::Exception& error) {
    if (const auto tab = tab_indentation_near(text, error.mark)) {
      problems.add(file.display, *tab, "the line is indented with a tab; expected blanks, which YAML wants there");
    } else {
      problems.add(file.display, error.mark, "malformed YAML: " + error.msg);
    }
  }
  return std::nullopt;
}

}  // namespace lethe::core::inline config
