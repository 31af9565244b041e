#include "data/word_tokens.h"

#include "data/unicode.h"
#include "data/word_character_table.h"

namespace lethe::data {

bool is_word_character(char32_t code_point) { return has_code_point(kWordRuns, code_point); }

std::vector<std::string_view> word_tokens(std::string_view text) {
  std::vector<std::string_view> tokens;
  std::size_t begin = 0;           // of the run
  std::size_t num_characters = 0;  // of the run
  const auto end_run = [&](std::size_t end) {
    if (num_characters >= 2) tokens.push_back(text.substr(begin, end - begin));
    num_characters = 0;
  };
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    if (!point.valid || !is_word_character(point.value)) {
      end_run(position);
    } else if (num_characters++ == 0) {
      begin = position;
    }
    position += point.size;
  }
  end_run(text.size());
  return tokens;
}

}  // namespace lethe::data
