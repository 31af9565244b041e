#include <string_view>

#include "core/error.h"
#include "data/counterfact.h"
#include "data/text_file.h"
#include "data/unicode.h"

namespace lethe::data {

std::vector<std::string> read_corpus(const std::filesystem::path& path, std::int64_t max_documents) {
  const std::string text = read_text_file(path);
  std::string_view rest = text;
  std::vector<std::string> documents;
  for (std::size_t line_number = 1; !rest.empty(); ++line_number) {
    if (static_cast<std::int64_t>(documents.size()) >= max_documents) break;
    const std::string_view line = take_line(rest);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::size_t invalid = first_invalid_utf8(line);
    if (invalid != std::string_view::npos) {
      throw core::DataError(path.string() + ": line " + std::to_string(line_number) + ", byte " +
                            std::to_string(invalid + 1) + ": is not UTF-8; convert the file (iconv -t UTF-8)");
    }
    documents.emplace_back(line);
  }
  if (documents.empty()) throw core::DataError(path.string() + ": holds no document (a line that is not blank)");
  return documents;
}

}  // namespace lethe::data
