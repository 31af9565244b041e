#include "worker/commands/fact_request.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/blanks.h"
#include "core/error.h"
#include "core/random_stream.h"
#include "data/text_file.h"
#include "data/unicode.h"
#include "ledger/durable_file.h"
#include "model/generate.h"

namespace lethe::worker::inline commands {
namespace {

/// All that is wrong with the texts of a fact, in the order of looking.
class TextProblems {
 public:
  /// A text that must hold something, be UTF-8, and neither begin nor end with a blank.
  void check(const char* option, const std::string& text, const char* because) {
    if (text.find_first_not_of(core::kBlanks) == std::string::npos) {
      return add(option, "is empty; expected " + std::string(because));
    }
    if (data::first_invalid_utf8(text) != std::string::npos) return add(option, "is no UTF-8: " + data::excerpt(text));
    if (core::has_blank_at_an_end(text)) {
      add(option, "begins or ends with a blank: \"" + data::excerpt(text) +
                      "\"; leave it out, the space between prompt and target is put there");
    }
  }
  void check_slots(const char* option, const std::string& text, std::size_t least, std::size_t most) {
    const auto slots = data::count_subject_slots(text);
    if (slots >= least && slots <= most) return;
    add(option, "has " + std::to_string(slots) + " times \"{}\" in \"" + data::excerpt(text, 80) + "\"; expected " +
                    (most == 0 ? "none, because it is about another subject"
                               : std::string(least == 0 ? "at most one" : "exactly one") +
                                     ", where the subject stands: \"{} is the capital of\""));
  }
  void check_distinct(const std::string& target, const std::string& old_target) {
    if (!old_target.empty() && target == old_target) {
      add("--true", "is the new target, \"" + data::excerpt(target) + "\"; name the old one, or leave it out");
    }
  }
  void throw_if_any() const {
    if (!lines_.empty()) throw core::ConfigError(lines_);
  }

 private:
  std::string lines_;

  void add(const std::string& option, const std::string& text) {
    lines_ += (lines_.empty() ? "" : "\n") + option + ": " + text;
  }
};

bool is_word_byte(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 0x80 || std::isalnum(value) != 0;
}

/// A word without the ASCII punctuation around it.
std::string bare(const std::string& word) {
  const auto first = std::ranges::find_if(word, is_word_byte);
  return {first, std::find_if(word.rbegin(), std::make_reverse_iterator(first), is_word_byte).base()};
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    if (auto one = bare(word); !one.empty()) words.push_back(std::move(one));
  }
  return words;
}

/// Whether a sentence ends behind a word; "St.", "J." and "U.S." are abbreviations.
bool ends_sentence(const std::string& word) {
  constexpr std::size_t kLongestAbbreviation = 2;
  const auto mark = word.find_last_not_of("\"')]");
  if (mark == std::string::npos || std::string_view(".!?").find(word[mark]) == std::string_view::npos) return false;
  const auto one = bare(word);
  const bool is_short = !one.empty() && one.size() <= kLongestAbbreviation && one.front() >= 'A' && one.front() <= 'Z';
  return word[mark] != '.' || !(is_short || one.find('.') != std::string::npos);
}

}  // namespace

std::vector<std::string> words_of_first_sentence(const std::string& text) {
  std::istringstream lines(text);
  std::vector<std::string> words;
  for (std::string line; words.empty() && std::getline(lines, line);) {
    std::istringstream stream(line);
    for (std::string word; stream >> word;) {
      if (auto one = bare(word); !one.empty()) words.push_back(std::move(one));
      if (!words.empty() && ends_sentence(word)) return words;
    }
  }
  return words;
}

data::EditRequest request_of(const Fact& fact) {
  TextProblems problems;
  problems.check("--prompt", fact.prompt, "a text with \"{}\" where the subject stands");
  problems.check_slots("--prompt", fact.prompt, 1, 1);
  problems.check("--subject", fact.subject, "what the fact is about");
  problems.check("--target", fact.target, "what the prompt is to be continued with");
  if (!fact.old_target.empty()) problems.check("--true", fact.old_target, "what the prompt was continued with");
  problems.check_distinct(fact.target, fact.old_target);
  for (const auto& text : fact.paraphrases) {
    problems.check("--paraphrase", text, "another prompt for the same fact");
    problems.check_slots("--paraphrase", text, 0, 1);
  }
  for (const auto& text : fact.neighbors) {
    problems.check("--neighbor", text, "a prompt about another subject");
    problems.check_slots("--neighbor", text, 0, 0);
  }
  problems.throw_if_any();
  data::EditRequest request;
  request.prompt = fact.prompt;
  request.subject = fact.subject;
  request.target_new = fact.target;
  request.target_true = fact.old_target.empty() ? fact.target : fact.old_target;
  for (const auto& text : fact.paraphrases) {
    request.paraphrase_prompts.push_back(data::count_subject_slots(text) == 1 ? data::fill_subject(text, fact.subject)
                                                                              : text);
  }
  request.neighborhood_prompts = fact.neighbors;
  return request;
}

std::string greedy_continuation(const model::Network& network, const model::Tokenizer& tokenizer,
                                const std::string& prompt, std::int64_t num_tokens) {
  const std::vector<std::vector<model::TokenId>> prompts{tokenizer.encode_prompt(prompt)};
  const auto length = std::ssize(prompts.front());
  model::GenerateOptions options;
  options.max_total_tokens = static_cast<int>(std::min(length + num_tokens, network.architecture().max_positions));
  options.stop_at_end_of_text = true;
  options.end_of_text = tokenizer.end_of_text();
  core::RandomStream random(0, "greedy");  // takes no draw
  const auto ids = model::generate(network, prompts, options, random).front();
  return tokenizer.decode(std::span(ids).subspan(static_cast<std::size_t>(length)), true);
}

std::string own_answer(const model::Network& network, const model::Tokenizer& tokenizer, const std::string& prompt,
                       const std::string& like) {
  constexpr std::int64_t kMoreTokens = 10;
  const auto num_tokens = std::ssize(tokenizer.encode_continuation(" " + like)) + kMoreTokens;
  const auto words = words_of_first_sentence(greedy_continuation(network, tokenizer, prompt, num_tokens));
  const auto wanted = std::max<std::size_t>(1, words_of(like).size());
  std::string answer;
  for (std::size_t i = 0; i < std::min(wanted, words.size()); ++i) answer += (i == 0 ? "" : " ") + words[i];
  return answer;
}

void write_dataset(const std::filesystem::path& folder, const data::EditRequest& request) {
  const nlohmann::ordered_json record{
      {"case_id", request.case_id},
      {"requested_rewrite",
       {{"prompt", request.prompt},
        {"subject", request.subject},
        {"target_new", {{"str", request.target_new}}},
        {"target_true", {{"str", request.target_true}}}}},
      {"paraphrase_prompts", request.paraphrase_prompts},
      {"neighborhood_prompts", request.neighborhood_prompts},
  };
  ledger::write_new_file(folder / "records.json", nlohmann::ordered_json::array({record}).dump(1));
  ledger::write_new_file(folder / "samples.json", nlohmann::json{{"0", {request.case_id}}}.dump());
}

}  // namespace lethe::worker::inline commands
