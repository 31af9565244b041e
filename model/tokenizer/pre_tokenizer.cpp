#include "model/tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "data/unicode.h"
#include "model/tokenizer/tokenizer_classes.h"
#include "model/tokenizer/tokenizer_split.h"

namespace lethe::model::inline tokenizer {
namespace {

using Matches = PatternSplit::Matches;

constexpr std::array<std::pair<std::string_view, Matches>, 5> kBehaviours{{
    {"Removed", Matches::kRemoved},
    {"Isolated", Matches::kIsolated},
    {"MergedWithPrevious", Matches::kMergedWithPrevious},
    {"MergedWithNext", Matches::kMergedWithNext},
    {"Contiguous", Matches::kContiguous},
}};

/// A part of a text that is a match of a pattern, or stands between two.
struct Part {
  Span span;
  bool is_match = false;
};

std::vector<Part> parts_of(const PatternSplit& split, std::string_view text) {
  std::vector<Part> parts;
  std::size_t start = 0;
  for (const Span& match : split.pattern.matches(text)) {
    if (match.begin > start) parts.push_back({{start, match.begin}, split.is_inverted});
    parts.push_back({match, !split.is_inverted});
    start = match.end;
  }
  if (start < text.size()) parts.push_back({{start, text.size()}, split.is_inverted});
  return parts;
}

/// A match joins its neighbour, but one that directly follows another match (on the way towards that neighbour) stays
/// alone.
std::vector<Span> merged(const std::vector<Part>& parts, bool with_next) {
  std::vector<Span> pieces;
  bool was_match = false;
  const auto add = [&](const Part& part) {
    if (part.is_match && !was_match && !pieces.empty()) {
      Span& neighbour = pieces.back();
      neighbour = {std::min(neighbour.begin, part.span.begin), std::max(neighbour.end, part.span.end)};
    } else {
      pieces.push_back(part.span);
    }
    was_match = part.is_match;
  };
  if (with_next) {
    std::for_each(parts.rbegin(), parts.rend(), add);
    std::ranges::reverse(pieces);
  } else {
    std::ranges::for_each(parts, add);
  }
  return pieces;
}

std::vector<Span> cut(const PatternSplit& split, std::string_view text) {
  const std::vector<Part> parts = parts_of(split, text);
  if (split.matches == Matches::kMergedWithPrevious) return merged(parts, false);
  if (split.matches == Matches::kMergedWithNext) return merged(parts, true);
  std::vector<Span> pieces;
  bool was_match = false;
  for (const Part& part : parts) {
    if (part.is_match && split.matches == Matches::kRemoved) continue;
    if (split.matches == Matches::kContiguous && !pieces.empty() && part.is_match == was_match) {
      pieces.back().end = part.span.end;
    } else {
      pieces.push_back(part.span);
    }
    was_match = part.is_match;
  }
  return pieces;
}

std::vector<Span> cut(const Gpt2Split&, std::string_view text) {
  std::vector<Span> pieces;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = piece_end(text, start);
    pieces.push_back({start, end});
    start = end;
  }
  return pieces;
}

std::vector<Span> cut(const DigitsSplit& split, std::string_view text) {
  std::vector<Span> pieces;
  bool was_number = false;
  for (std::size_t position = 0; position < text.size();) {
    const data::CodePoint point = data::code_point_at(text, position);
    const bool is_number = class_of(point.value) == CharacterClass::kNumber;
    if (pieces.empty() || is_number != was_number || (is_number && split.each_alone)) {
      pieces.push_back({position, position});
    }
    position += point.size;
    pieces.back().end = position;
    was_number = is_number;
  }
  return pieces;
}

}  // namespace

PreTokenizer::PreTokenizer(const data::Json& description, const std::string& place) {
  if (!description.is_null()) add(Component(description, place, "pre_tokenizer"));
}

void PreTokenizer::add(const Component& part) {
  const std::string& type = part.type();
  if (type == "Sequence") {
    part.allow_only({"pretokenizers"});
    for (const Component& one : part.parts("pretokenizers")) add(one);
    return;
  }
  if (is_byte_level_) part.refuse("nothing can follow ByteLevel, which writes a text in the byte alphabet");
  if (type == "ByteLevel") {
    add_byte_level(part);
  } else if (type == "Metaspace") {
    add_metaspace(part);
  } else if (type == "Digits") {
    part.allow_only({"individual_digits"});
    steps_.emplace_back(DigitsSplit{part.flag("individual_digits", false)});
  } else if (type == "Split") {
    part.allow_only({"pattern", "behavior", "invert"});
    const std::string behaviour = part.text("behavior");
    const auto* known = std::ranges::find(kBehaviours, behaviour, [](const auto& pair) { return pair.first; });
    if (known == kBehaviours.end()) part.refuse("behavior", "lethe knows no such one");
    steps_.emplace_back(PatternSplit{TextPattern(part), known->second, part.flag("invert", false)});
  } else {
    part.refuse("type", "lethe knows the pre-tokenizers ByteLevel, Digits, Metaspace, Sequence and Split");
  }
}

void PreTokenizer::add_byte_level(const Component& part) {
  part.allow_only({"add_prefix_space", "trim_offsets", "use_regex"});
  if (part.flag("add_prefix_space", false)) {
    part.refuse("add_prefix_space", "text is tokenized as it is, with no blank added");
  }
  if (part.flag("use_regex", true)) steps_.emplace_back(Gpt2Split{});
  is_byte_level_ = true;
}

void PreTokenizer::add_metaspace(const Component& part) {
  part.allow_only({"replacement", "prepend_scheme", "add_prefix_space", "split"});
  if (!steps_.empty() || !rewriting_.changes_nothing())
    part.refuse("it rewrites a text, which only the first part can");
  const std::string sign = part.text("replacement");
  if (sign.empty() || data::code_point_at(sign, 0).size != sign.size())
    part.refuse("replacement", "one character expected");
  const std::string scheme = part.text("prepend_scheme", "always");
  const bool is_known = scheme == "always" || scheme == "first" || scheme == "never";
  if (!is_known) part.refuse("prepend_scheme", "always, first or never expected");
  if (!part.flag("add_prefix_space", true) && scheme != "never") {
    part.refuse("add_prefix_space", "prepend_scheme says otherwise");
  }
  rewriting_.add_step(Replacement{TextPattern(" "), sign});
  if (scheme != "never") rewriting_.add_step(Prefix{sign, scheme == "first", true});
  if (part.flag("split", true)) {
    steps_.emplace_back(PatternSplit{TextPattern(sign), Matches::kMergedWithNext, false});
  }
}

std::vector<Span> PreTokenizer::pieces(std::string_view text) const {
  std::vector<Span> pieces;
  if (!text.empty()) pieces.push_back({0, text.size()});
  for (const Step& step : steps_) {
    std::vector<Span> smaller;
    for (const Span& piece : pieces) {
      const auto parts = std::visit([&](const auto& split) { return cut(split, piece.of(text)); }, step);
      for (const Span& part : parts) smaller.push_back({piece.begin + part.begin, piece.begin + part.end});
    }
    pieces = std::move(smaller);
  }
  return pieces;
}

}  // namespace lethe::model::inline tokenizer
