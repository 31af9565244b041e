#include "model/tokenizer/text_rewriting.h"

#include <algorithm>

#include "data/normal_forms.h"
#include "data/unicode.h"

namespace lethe::model::inline tokenizer {
namespace {

/// Appends the normal form of `text`, in the smallest parts that are normalised alone, so that what each byte came from
/// is known as closely as it can be.
void append_in_parts(const TextView& text, AlignedText& result) {
  std::size_t start = 0;  // of the part
  std::string part;
  for (std::size_t position = 0; position < text.bytes.size();) {
    const data::CodePoint point = data::code_point_at(text.bytes, position);
    const std::size_t next = position + point.size;
    const std::string alone = data::nfc(text.bytes.substr(position, next - position));
    std::string joined = data::nfc(text.bytes.substr(start, next - start));
    if (position > start && !data::is_ordered_mark(point.value) && joined == part + alone) {
      result.put(part, text.origin_of(start));
      start = position;
      joined = alone;
    }
    part = std::move(joined);
    position = next;
  }
  result.put(part, text.origin_of(start));
}

/// Nothing composes with an ASCII character in front of it, so a text is cut before each.
AlignedText applied(const Nfc&, const TextView& text, TextPlace) {
  AlignedText result;
  for (std::size_t begin = 0; begin < text.bytes.size();) {
    const auto is_ascii = [](char byte) { return static_cast<unsigned char>(byte) < 0x80; };
    std::size_t end = begin + 1;
    while (end < text.bytes.size() && !is_ascii(text.bytes[end])) ++end;
    const TextView part = text.part({begin, end});
    if (end == begin + 1 || data::nfc(part.bytes) == part.bytes) {
      result.keep(part);
    } else {
      append_in_parts(part, result);
    }
    begin = end;
  }
  return result;
}

AlignedText applied(const Prefix& prefix, const TextView& text, TextPlace place) {
  AlignedText result;
  const bool is_beginning = text.origin_of(0) == 0;
  const bool is_there = prefix.unless_there && text.bytes.starts_with(prefix.text);
  const bool is_inside = is_beginning ? place == TextPlace::kContinuation : prefix.only_at_beginning;
  if (!is_there && !is_inside) result.put(prefix.text, text.origin_of(0));
  result.keep(text);
  return result;
}

AlignedText applied(const Replacement& replacement, const TextView& text, TextPlace) {
  AlignedText result;
  std::size_t start = 0;
  for (const Span& match : replacement.pattern.matches(text.bytes)) {
    result.keep(text.part({start, match.begin}));
    result.put(replacement.content, text.origin_of(match.begin));
    start = match.end;
  }
  result.keep(text.part({start, text.bytes.size()}));
  return result;
}

}  // namespace

void TextRewriting::add(const Component& normalizer) {
  const std::string& type = normalizer.type();
  if (type == "Sequence") {
    normalizer.allow_only({"normalizers"});
    for (const Component& part : normalizer.parts("normalizers")) add(part);
  } else if (type == "NFC") {
    normalizer.allow_only({});
    add_step(Nfc{});
  } else if (type == "Prepend") {
    normalizer.allow_only({"prepend"});
    add_step(Prefix{normalizer.text("prepend")});
  } else if (type == "Replace") {
    normalizer.allow_only({"pattern", "content"});
    add_step(Replacement{TextPattern(normalizer), normalizer.text("content")});
  } else {
    normalizer.refuse("type", "lethe knows the normalizers NFC, Prepend, Replace and Sequence");
  }
}

AlignedText TextRewriting::apply(const TextView& text, TextPlace place) const {
  AlignedText result;
  result.keep(text);
  for (const auto& step : steps_) {
    if (result.bytes.empty()) break;
    result = std::visit([&](const auto& kind) { return applied(kind, result.view(), place); }, step);
  }
  return result;
}

}  // namespace lethe::model::inline tokenizer
