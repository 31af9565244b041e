#include "model/tokenizer/text_decoder.h"

#include <charconv>
#include <optional>
#include <utility>

#include "core/replace_all.h"
#include "data/unicode.h"
#include "model/tokenizer/byte_alphabet.h"

namespace lethe::model::inline tokenizer {
namespace {

using Tokens = std::vector<std::string>;

std::string joined(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

Tokens applied(const ByteAlphabetDecoding&, Tokens tokens, TextPlace) {
  for (std::string& token : tokens) token = token_bytes(token).value_or(token);
  return {data::replace_invalid_utf8(joined(tokens))};
}

Tokens applied(const ByteFallbackDecoding&, const Tokens& tokens, TextPlace) {
  Tokens result;
  std::string bytes;  // of the tokens just seen
  const auto finish = [&] {
    if (data::first_invalid_utf8(bytes) == std::string_view::npos) {
      if (!bytes.empty()) result.push_back(bytes);
    } else {
      for (std::size_t i = 0; i < bytes.size(); ++i) result.emplace_back("\uFFFD");
    }
    bytes.clear();
  };
  for (const std::string& token : tokens) {
    if (const auto byte = fallback_byte(token)) {
      bytes += static_cast<char>(*byte);
      continue;
    }
    finish();
    result.push_back(token);
  }
  finish();
  return result;
}

Tokens applied(const Joining&, const Tokens& tokens, TextPlace) { return {joined(tokens)}; }

Tokens applied(const Stripping& stripping, Tokens tokens, TextPlace place) {
  for (std::size_t i = place == TextPlace::kContinuation ? 1 : 0; i < tokens.size(); ++i) {
    for (std::int64_t count = 0; count < stripping.most && tokens[i].starts_with(stripping.sign); ++count) {
      tokens[i].erase(0, stripping.sign.size());
    }
  }
  return tokens;
}

Tokens applied(const MetaspaceDecoding& metaspace, Tokens tokens, TextPlace place) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool is_stripped = i == 0 && metaspace.strips_first && place == TextPlace::kWhole;
    core::replace_all(tokens[i], metaspace.sign, is_stripped ? "" : " ");
  }
  return tokens;
}

Tokens applied(const Replacement& replacement, Tokens tokens, TextPlace) {
  for (std::string& token : tokens) {
    std::string text;
    std::size_t start = 0;
    for (const Span& match : replacement.pattern.matches(token)) {
      text += token.substr(start, match.begin - start) + replacement.content;
      start = match.end;
    }
    token = text + token.substr(start);
  }
  return tokens;
}

}  // namespace

void TextDecoder::add(const Component& description) {
  const std::string& type = description.type();
  if (type == "Sequence") {
    description.allow_only({"decoders"});
    for (const Component& part : description.parts("decoders")) add(part);
  } else if (type == "ByteLevel") {
    description.allow_only({"add_prefix_space", "trim_offsets", "use_regex"});
    steps_.emplace_back(ByteAlphabetDecoding{});
  } else if (type == "ByteFallback") {
    description.allow_only({});
    steps_.emplace_back(ByteFallbackDecoding{});
  } else if (type == "Fuse") {
    description.allow_only({});
    steps_.emplace_back(Joining{});
  } else if (type == "Strip") {
    description.allow_only({"content", "start", "stop"});
    if (description.count("stop") != 0) description.refuse("stop", "nothing is taken from a text's end");
    steps_.emplace_back(Stripping{description.text("content"), description.count("start")});
  } else if (type == "Metaspace") {
    description.allow_only({"replacement", "prepend_scheme", "add_prefix_space", "split"});
    steps_.emplace_back(
        MetaspaceDecoding{description.text("replacement"), description.text("prepend_scheme", "always") != "never"});
  } else if (type == "Replace") {
    description.allow_only({"pattern", "content"});
    steps_.emplace_back(Replacement{TextPattern(description), description.text("content")});
  } else {
    description.refuse("type",
                       "lethe knows the decoders ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Sequence, Strip");
  }
}

std::string TextDecoder::decode(std::vector<std::string> tokens, TextPlace place) const {
  for (const auto& step : steps_) {
    tokens = std::visit([&](const auto& kind) { return applied(kind, std::move(tokens), place); }, step);
  }
  return joined(tokens);
}

}  // namespace lethe::model::inline tokenizer
