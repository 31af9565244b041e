#include "model/tokenizer/post_processor.h"

#include <string>

#include "data/text_file.h"

namespace lethe::model::inline tokenizer {
namespace {

using data::Json;

/// Of {"SpecialToken": {"id": ...}} or {"Sequence": {"id": ...}}: the kind, and the id.
struct TemplatePart {
  std::string kind, id;
};

std::optional<TemplatePart> part_of(const Json& part) {
  if (!part.is_object() || part.size() != 1 || !part.begin()->is_object()) return std::nullopt;
  const Json id = part.begin()->value("id", Json());
  if (!id.is_string()) return std::nullopt;
  return TemplatePart{part.begin().key(), id.get<std::string>()};
}

/// A template of the text alone, or of one token and the text.
std::optional<TokenId> of_template(const Component& processor, const Vocabulary& vocabulary) {
  processor.allow_only({"single", "pair", "special_tokens"});
  const Json single = processor.value("single");
  const auto refuse = [&]() { processor.refuse("single", "lethe knows the text alone, and one token in front of it"); };
  if (!single.is_array() || single.empty() || single.size() > 2) refuse();
  const auto text = part_of(single.back());
  if (!text || text->kind != "Sequence" || text->id != "A") refuse();
  if (single.size() == 1) return std::nullopt;
  const auto token = part_of(single.front());
  if (!token || token->kind != "SpecialToken") refuse();
  const Json tokens = processor.value("special_tokens");
  const Json entry = tokens.is_object() ? tokens.value(token->id, Json()) : Json();
  const Json ids = entry.is_object() ? entry.value("ids", Json()) : Json();
  const auto id = id_of(token->id, vocabulary);
  if (!id || ids != Json::array({*id})) {
    processor.refuse("special_tokens", "it does not give \"" + data::excerpt(token->id) + "\" the id that it has");
  }
  return id;
}

std::optional<TokenId> of_part(const Component& processor, const Vocabulary& vocabulary) {
  if (processor.type() == "ByteLevel") return std::nullopt;  // offsets only
  if (processor.type() == "TemplateProcessing") return of_template(processor, vocabulary);
  if (processor.type() != "Sequence") {
    processor.refuse("type", "lethe knows the post-processors ByteLevel, Sequence and TemplateProcessing");
  }
  processor.allow_only({"processors"});
  std::optional<TokenId> beginning;
  for (const Component& part : processor.parts("processors")) {
    const auto token = of_part(part, vocabulary);
    if (token && beginning) part.refuse("a second token in front of a text");
    if (token) beginning = token;
  }
  return beginning;
}

}  // namespace

std::optional<TokenId> beginning_of(const Json& post_processor, const std::string& place,
                                    const Vocabulary& vocabulary) {
  if (post_processor.is_null()) return std::nullopt;
  return of_part(Component(post_processor, place, "post_processor"), vocabulary);
}

}  // namespace lethe::model::inline tokenizer
