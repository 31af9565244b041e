#include "report/references.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/digest.h"
#include "core/replace_all.h"
#include "data/normal_forms.h"
#include "data/reference_snippets.h"
#include "data/unicode.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNoRecord = "not among the records of the dataset";
constexpr const char* kOtherPrompts = "with other prompts in their records now than were asked";
constexpr const char* kNoIds = "whose records name no relation_id or no target_new.id";
constexpr const char* kNoSnippet = "without a snippet that has a word of the vocabulary";
constexpr const char* kEndOfText = "<|endoftext|>";

bool has_prompts(const data::EditRequest& record, const std::set<std::string>& asked) {
  const auto prompts = record.text_prompts();
  return std::ranges::all_of(
      asked, [&](const std::string& prompt) { return std::ranges::find(prompts, prompt) != prompts.end(); });
}

std::string normalized(const std::string& text) {
  auto result = data::nfkd(data::replace_invalid_utf8(text));
  core::replace_all(result, kEndOfText, "");
  return result;
}

}  // namespace

ReferenceFiles::ReferenceFiles(fs::path folder_of_files)
    : folder(std::move(folder_of_files)), tfidf(folder / kVocabularyFile, folder / kIdfFile) {
  for (const char* name : {kSnippetsFile, kVocabularyFile, kIdfFile}) {
    digests[name] = core::digest_of_file(folder / name).hex();
  }
}

std::unique_ptr<const ReferenceFiles> reference_files(const fs::path& folder) {
  return folder.empty() ? nullptr : std::make_unique<const ReferenceFiles>(folder);
}

References::References(const ReferenceFiles& files, std::span<const data::EditRequest> records,
                       const TextPrompts& asked)
    : files_(files), num_asked_(asked.size()) {
  std::map<std::int64_t, data::SnippetKey> keys;
  std::set<data::SnippetKey> wanted;
  std::size_t num_found = 0;
  for (const data::EditRequest& record : records) {
    const auto found = asked.find(record.case_id);
    if (found == asked.end()) continue;
    ++num_found;
    if (!has_prompts(record, found->second)) {
      ++lacking_[kOtherPrompts];
    } else if (record.relation_id.empty() || record.target_new_id.empty()) {
      ++lacking_[kNoIds];
    } else {
      wanted.insert(keys[record.case_id] = {record.relation_id, record.target_new_id});
    }
  }
  if (num_found < num_asked_) lacking_[kNoRecord] = num_asked_ - num_found;
  const auto texts = data::read_reference_snippets(files_.folder / kSnippetsFile, wanted);
  for (const auto& [case_id, key] : keys) {
    const auto text = texts.find(key);
    auto weights = text == texts.end() ? std::vector<data::TermWeight>() : files_.tfidf.weights_of(text->second);
    if (weights.empty()) {
      ++lacking_[kNoSnippet];
    } else {
      weights_.emplace(case_id, std::move(weights));
    }
  }
}

double References::score(std::int64_t case_id, std::span<const std::string> texts) const {
  const auto found = weights_.find(case_id);
  if (found == weights_.end()) return std::numeric_limits<double>::quiet_NaN();
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : " ") + normalized(text);
  return 100.0 * data::cosine(files_.tfidf.weights_of(joined), found->second);
}

std::string References::account() const {
  std::string text = "consistency: of " + std::to_string(num_asked_) + " facts with texts " +
                     std::to_string(weights_.size()) + " have references in " + files_.folder.string();
  const char* separator = "; the others: ";
  for (const auto& [reason, count] : lacking_) {
    text += separator + std::to_string(count) + " " + reason;
    separator = ", ";
  }
  return text;
}

}  // namespace lethe::report
