#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "data/edit_request.h"
#include "data/tfidf.h"

namespace lethe::report {

/// Names of the published files, in the folder of `--references`.
inline constexpr const char* kSnippetsFile = "attribute_snippets.json";
inline constexpr const char* kVocabularyFile = "tfidf_vocab.json";
inline constexpr const char* kIdfFile = "idf.npy";

/// Prompts behind which texts were written, by the case id of their fact.
using TextPrompts = std::map<std::int64_t, std::set<std::string>>;

/// A folder of reference texts, all but the snippets, which are read when it is known of whom.
struct ReferenceFiles {
  /// Throws `core::DataError` or `core::StorageError` for what is wrong with the vocabulary or its idf, and for
  /// snippets that cannot be opened.
  explicit ReferenceFiles(std::filesystem::path folder);

  std::filesystem::path folder;
  data::TfIdf tfidf;
  std::map<std::string, std::string> digests;  ///< of the three files, by name
};

/// Those of a folder; null of none (an empty path). Read before anything else of a report: flaws are told at once.
std::unique_ptr<const ReferenceFiles> reference_files(const std::filesystem::path& folder);

/// Reference texts of edited facts: snippets about subjects of which the new target is true, found by the relation and
/// the target's id that a fact's record names.
class References {
 public:
  /// Reads the snippets that the facts of `asked` need. A fact has no references whose record is not among `records`,
  /// has other prompts than those asked (the records are then no longer those of the edits), or names no relation or
  /// target, or of which there is no snippet. `files` must outlive it. Throws `core::DataError` for flawed snippets.
  References(const ReferenceFiles& files, std::span<const data::EditRequest> records, const TextPrompts& asked);

  /// 100 times the TF-IDF cosine of a fact's texts, joined by blanks, and its references, joined so (the published
  /// `reference_score`). Texts are NFKD-normalised and without end-of-text, as published; references are as they are.
  /// `texts`: of one fact, with their prompts. NaN where the fact has no references.
  [[nodiscard]] double score(std::int64_t case_id, std::span<const std::string> texts) const;

  [[nodiscard]] bool has(std::int64_t case_id) const { return weights_.contains(case_id); }
  /// How many facts have references and where those are, and of the others how many lack what.
  [[nodiscard]] std::string account() const;

 private:
  const ReferenceFiles& files_;
  std::map<std::int64_t, std::vector<data::TermWeight>> weights_;  ///< of each fact's references
  std::size_t num_asked_ = 0;
  std::map<std::string, std::size_t> lacking_;  ///< facts without references, by the reason
};

}  // namespace lethe::report
