#include "worker/planning/context_file.h"

#include <fstream>

#include "core/error.h"
#include "core/input_file.h"
#include "data/corpus_format.h"

namespace lethe::worker::inline planning {

std::vector<std::string> context_file_lines(const core::MethodConfig& config) {
  const auto file = config->contexts_file();
  if (!file) return {};
  core::check_input_file(*file);
  std::ifstream in(*file);
  if (!in) throw core::DataError(file->string() + ": cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  if (!lines.empty() && data::begins_like_json(lines.front())) {
    throw core::DataError(file->string() + ": begins as JSON does; contexts are plain text, one prefix a line");
  }
  return lines;
}

}  // namespace lethe::worker::inline planning
