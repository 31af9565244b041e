#pragma once

#include <compare>
#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace lethe::data {

/// What a snippet is about: a subject that has `target_id` as its `relation_id` (both of Wikidata, "Q183" and "P17").
struct SnippetKey {
  std::string relation_id, target_id;

  auto operator<=>(const SnippetKey&) const = default;
};

/// The reference texts of CounterFact (attribute_snippets.json, some 300 MB): a JSON list of {relation_id, target_id,
/// samples: [{text}, ...]}, other keys ignored. Of each key that is `wanted` and there, its texts in the file's order,
/// with a blank between them. The file is read from its mapping, one entry at a time; in memory are one entry and what
/// is given back. All entries are checked. Throws `core::DataError` with file, entry and key of all problems.
std::map<SnippetKey, std::string> read_reference_snippets(const std::filesystem::path& path,
                                                          const std::set<SnippetKey>& wanted);

}  // namespace lethe::data
