#include "model/tokenizer/tokenizer_split.h"

#include "data/unicode.h"
#include "model/tokenizer/tokenizer_classes.h"

namespace lethe::model::inline tokenizer {
namespace {

struct Character {
  CharacterClass kind = CharacterClass::kOther;
  std::size_t size = 0;
};

CharacterClass ascii_class(unsigned char byte) {
  if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') return CharacterClass::kLetter;
  if (byte >= '0' && byte <= '9') return CharacterClass::kNumber;
  if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return CharacterClass::kSpace;
  return CharacterClass::kOther;
}

Character character_at(std::string_view text, std::size_t position) {
  const auto byte = static_cast<unsigned char>(text[position]);
  if (byte < 0x80) return {ascii_class(byte), 1};
  const data::CodePoint point = data::code_point_at(text, position);
  return {class_of(point.value), point.size};
}

/// End of the run of `kind` that starts at `position`.
std::size_t run_end(std::string_view text, std::size_t position, CharacterClass kind) {
  while (position < text.size()) {
    const Character character = character_at(text, position);
    if (character.kind != kind) break;
    position += character.size;
  }
  return position;
}

/// Bytes of the contraction that starts at `text`'s beginning; 0 if there is none. Capitals do not count.
std::size_t contraction_size(std::string_view text) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(ending)) return ending.size();
  }
  return 0;
}

/// \s+(?!\S)|\s+ : the whole run at the end of the text, else all but its last character, if that leaves any.
std::size_t space_end(std::string_view text, std::size_t start) {
  std::size_t last_start = start;
  std::size_t position = start;
  while (position < text.size()) {
    const Character character = character_at(text, position);
    if (character.kind != CharacterClass::kSpace) return last_start > start ? last_start : position;
    last_start = position;
    position += character.size;
  }
  return position;
}

}  // namespace

std::size_t piece_end(std::string_view text, std::size_t start) {
  if (text[start] == '\'') {
    if (const std::size_t size = contraction_size(text.substr(start)); size > 0) return start + size;
  }
  const std::size_t first = text[start] == ' ' ? start + 1 : start;
  if (first == text.size()) return first;
  const CharacterClass kind = character_at(text, first).kind;
  if (kind == CharacterClass::kSpace) return space_end(text, start);
  return run_end(text, first, kind);
}

}  // namespace lethe::model::inline tokenizer
