#include "model/tokenizer/pre_tokenizer.h"

#include "data/unicode.h"
#include "model/tokenizer/tokenizer_classes.h"
#include "model/tokenizer/tokenizer_split.h"

namespace lethe::model::inline tokenizer {
namespace {

void cut(const Gpt2Split&, std::string_view text, std::vector<std::size_t>& ends) {
  for (std::size_t start = 0; start < text.size();) {
    start = piece_end(text, start);
    ends.push_back(start);
  }
}

void cut(const DigitsSplit& split, std::string_view text, std::vector<std::size_t>& ends) {
  bool was_number = false;
  for (std::size_t position = 0; position < text.size();) {
    const data::CodePoint point = data::code_point_at(text, position);
    const bool is_number = class_of(point.value) == CharacterClass::kNumber;
    if (position > 0 && (is_number != was_number || (is_number && split.each_alone))) ends.push_back(position);
    was_number = is_number;
    position += point.size;
  }
  if (!text.empty()) ends.push_back(text.size());
}

}  // namespace

PreTokenizer::PreTokenizer(const Component& description) { add(description, true); }

void PreTokenizer::add(const Component& description, bool is_last) {
  const std::string& type = description.type();
  if (type == "Sequence") {
    description.allow_only({"pretokenizers"});
    const auto parts = description.parts("pretokenizers");
    if (parts.empty()) description.refuse("pretokenizers", "an empty list of parts");
    for (const Component& part : parts) add(part, is_last && &part == &parts.back());
  } else if (type == "ByteLevel") {
    description.allow_only({"add_prefix_space", "trim_offsets", "use_regex"});
    if (!is_last) description.refuse("nothing can follow once a text is written in the byte alphabet");
    if (description.flag("add_prefix_space", false)) {
      description.refuse("add_prefix_space", "text is tokenized as it is, with nothing added");
    }
    if (description.flag("use_regex", true)) steps_.emplace_back(Gpt2Split{});
  } else if (is_last) {
    description.refuse("type", "lethe reads byte-level BPE, whose last step is ByteLevel");
  } else if (type == "Digits") {
    description.allow_only({"individual_digits"});
    steps_.emplace_back(DigitsSplit{description.flag("individual_digits", false)});
  } else {
    description.refuse("type", "lethe knows Sequence, Digits and ByteLevel");
  }
}

std::vector<Span> PreTokenizer::pieces(std::string_view text) const {
  std::vector<Span> pieces;
  if (!text.empty()) pieces.push_back({0, text.size()});
  std::vector<std::size_t> ends;
  for (const Step& step : steps_) {
    std::vector<Span> cut_pieces;
    for (const Span& piece : pieces) {
      ends.clear();
      std::visit([&](const auto& split) { cut(split, text.substr(piece.begin, piece.end - piece.begin), ends); }, step);
      std::size_t begin = piece.begin;
      for (const std::size_t end : ends) {
        cut_pieces.push_back({begin, piece.begin + end});
        begin = piece.begin + end;
      }
    }
    pieces = std::move(cut_pieces);
  }
  return pieces;
}

}  // namespace lethe::model::inline tokenizer
