#include "data/counterfact.h"

#include <string>
#include <unordered_map>

#include "core/blanks.h"
#include "data/json_entries.h"
#include "data/text_file.h"

namespace lethe::data {
namespace {

/// A template's text; anything but one "{}" is reported.
void check_template(const EntryReader& reader, const char* key, const std::string& text) {
  const std::size_t slots = count_subject_slots(text);
  if (text.empty() || slots == 1) return;
  reader.report(key, "exactly one \"{}\" for the subject expected, found " + std::to_string(slots));
}

/// The blank between prompt and target is put there; one more would be tokenized with what stands beside it. Texts of
/// blanks alone are reported already.
void check_ends(const EntryReader& reader, const char* key, const std::string& text, std::int64_t case_id) {
  if (!core::has_blank_at_an_end(text) || text.find_first_not_of(core::kBlanks) == std::string::npos) return;
  reader.report(key, "case " + std::to_string(case_id) + ": begins or ends with a blank: \"" + excerpt(text) +
                         "\"; leave it out, the space between prompt and target is put there");
}

/// {"str": ..., "id": ...}: the string, without the one leading space that some files carry.
std::string read_target(const EntryReader& rewrite, const char* key, std::int64_t case_id) {
  const auto reader = rewrite.object(key);
  std::string target = reader.required_text("str");
  if (target.starts_with(' ')) target.erase(0, 1);
  check_ends(reader, "str", target, case_id);
  return target;
}

/// target_new's. No edit depends on it, so that no record is refused for one that is no text: it has none.
std::string target_new_id(const Json& entry) {
  const Json* value = &entry;
  for (const char* key : {"requested_rewrite", "target_new", "id"}) {
    const auto found = value->find(key);
    if (found == value->end()) return {};
    value = &*found;
  }
  return value->is_string() ? value->get<std::string>() : std::string();
}

/// Whole sentences, of the subject or of others: only a subject that holds "{}" itself may put one there.
std::vector<std::string> read_sentences(const EntryReader& reader, const char* key, const EditRequest& request) {
  auto texts = reader.optional_texts(key);
  if (count_subject_slots(request.subject) > 0) return texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (count_subject_slots(texts[i]) == 0) continue;
    reader.report(std::string(key) + "[" + std::to_string(i) + "]",
                  "case " + std::to_string(request.case_id) +
                      ": is a whole sentence, in which nothing is filled in, "
                      "but holds \"{}\"; write the subject out (a neighborhood prompt has one of its own)");
  }
  return texts;
}

EditRequest read_request(const Json& entry, const std::string& place, Problems& problems) {
  const EntryReader reader(entry, place, problems);
  EditRequest request;
  if (!entry.is_object()) return request;
  request.case_id = reader.required_integer("case_id");
  if (request.case_id < 0) {
    reader.report("case_id", "a number of at least 0 expected, found " + std::to_string(request.case_id));
  }
  const EntryReader rewrite = reader.object("requested_rewrite");
  request.prompt = rewrite.required_text("prompt");
  check_template(rewrite, "prompt", request.prompt);
  check_ends(rewrite, "prompt", request.prompt, request.case_id);
  request.relation_id = rewrite.optional_text("relation_id");
  request.subject = rewrite.required_text("subject");
  check_ends(rewrite, "subject", request.subject, request.case_id);
  request.target_new = read_target(rewrite, "target_new", request.case_id);
  request.target_new_id = target_new_id(entry);
  request.target_true = read_target(rewrite, "target_true", request.case_id);
  request.paraphrase_prompts = read_sentences(reader, "paraphrase_prompts", request);
  request.neighborhood_prompts = read_sentences(reader, "neighborhood_prompts", request);
  request.generation_prompts = read_sentences(reader, "generation_prompts", request);
  request.completion_prompt = request.prompt;
  request.question_prompt = reader.optional_text("question_prompt");
  check_template(reader, "question_prompt", request.question_prompt);
  return request;
}

}  // namespace

std::vector<EditRequest> read_counterfact(const std::filesystem::path& path) {
  std::vector<EditRequest> records;
  std::unordered_map<std::int64_t, std::string> first_place;
  Problems problems;
  for_each_json_entry(path, "case_id", [&](const Json& entry, const std::string& place) {
    EditRequest request = read_request(entry, place, problems);
    const bool has_case_id = entry.is_object() && entry.contains("case_id") && integer_of(entry["case_id"]);
    if (has_case_id) {
      const auto [first, is_new] = first_place.emplace(request.case_id, place.substr(path.string().size() + 2));
      if (!is_new) {
        problems.add(place + ", key \"case_id\": " + std::to_string(request.case_id) + " was used before, by " +
                     first->second);
      }
    }
    records.push_back(std::move(request));
  });
  if (records.empty()) problems.add(path.string() + ": holds no record");
  problems.throw_if_any();
  return records;
}

}  // namespace lethe::data
