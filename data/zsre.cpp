#include <string>
#include <unordered_map>

#include "core/error.h"
#include "data/counterfact.h"
#include "data/json_entries.h"

namespace lethe::data {
namespace {

constexpr const char* kSubjectSlot = "{}";
/// What the published reader puts where zsRE has no former answer.
constexpr const char* kNoFormerAnswer = "<|endoftext|>";

using Completions = std::unordered_map<std::string, std::string>;

/// `text` with the subject's first occurrence made the slot; empty if the subject is not in it. Later occurrences stay
/// text: the filled prompt is the same, and the subject has one place.
std::string template_of(const std::string& text, const std::string& subject) {
  const auto found = text.find(subject);
  if (subject.empty() || found == std::string::npos) return {};
  return text.substr(0, found) + kSubjectSlot + text.substr(found + subject.size());
}

Completions read_completions(const std::filesystem::path& path) {
  Completions completions;
  Problems problems;
  for_each_json_entry(path, "question", [&](const Json& entry, const std::string& place) {
    const EntryReader reader(entry, place, problems);
    completions.emplace(reader.required_text("question"), reader.required_text("text_completion_prompt"));
  });
  problems.throw_if_any();
  return completions;
}

/// Some records have several answers, and one or two an empty first one; the published reader takes the first.
std::string first_answer(const EntryReader& reader) {
  const auto answers = reader.optional_texts("answers");
  if (answers.empty()) {
    reader.report("answers", "a list of at least one answer expected");
    return {};
  }
  auto answer = answers.front();
  if (answer.starts_with(' ')) answer.erase(0, 1);
  return answer;
}

EditRequest read_request(const Json& entry, const std::string& place, const Completions& completions,
                         Problems& problems) {
  const EntryReader reader(entry, place, problems);
  EditRequest request;
  if (!entry.is_object()) return request;
  request.subject = reader.required_text("subject");
  const auto question = reader.required_text("src");
  request.prompt = template_of(question, request.subject);
  if (!question.empty() && request.prompt.empty()) {
    reader.report("src", "does not hold the record's subject, so the edit has no place; remove the record");
  } else if (count_subject_slots(request.prompt) > 1) {
    reader.report("src", "holds \"{}\" beside the subject");
  }
  request.question_prompt = request.prompt;
  request.target_new = first_answer(reader);
  request.target_true = kNoFormerAnswer;
  request.paraphrase_prompts = {reader.required_text("rephrase")};
  if (count_subject_slots(request.subject) == 0 && count_subject_slots(request.paraphrase_prompts.front()) > 0) {
    reader.report("rephrase",
                  "is a whole question, in which nothing is filled in, but holds \"{}\"; write the subject out");
  }
  const auto neighbor = reader.required_text("loc");
  if (!neighbor.empty() && neighbor.find("nq question: ") == std::string::npos) {
    reader.report("loc", "\"nq question: \" expected in it; is this one of MEND's zsRE files?");
  }
  request.neighborhood_prompts = {neighbor + "?"};
  request.neighborhood_target = reader.required_text("loc_ans");
  if (const auto found = completions.find(question); found != completions.end()) {
    request.completion_prompt = template_of(found->second, request.subject);
  }
  return request;
}

}  // namespace

std::vector<EditRequest> read_zsre(const std::filesystem::path& path, const std::filesystem::path& completions) {
  const auto completion_of = completions.empty() ? Completions{} : read_completions(completions);
  std::vector<EditRequest> records;
  Problems problems;
  for_each_json_entry(path, "src", [&](const Json& entry, const std::string& place) {
    records.push_back(read_request(entry, place, completion_of, problems));
    records.back().case_id = static_cast<std::int64_t>(records.size()) - 1;
  });
  if (records.empty()) problems.add(path.string() + ": holds no record");
  problems.throw_if_any();
  return records;
}

std::vector<EditRequest> read_records(const core::DatasetConfig& dataset) {
  if (dataset.format == "zsre") return read_zsre(dataset.records, dataset.completions);
  return read_counterfact(dataset.records);
}

std::map<int, std::vector<std::int64_t>> orders_of(const core::DatasetConfig& dataset,
                                                   std::span<const EditRequest> records) {
  return dataset.has_published_orders() ? published_orders(records) : read_samples(dataset.samples);
}

}  // namespace lethe::data
