#include "data/reference_snippets.h"

#include <string_view>

#include "data/json_entries.h"
#include "data/mapped_file.h"

namespace lethe::data {
namespace {

/// Entries between which pages of the file are given back; an entry of the published file has some 100 KB.
constexpr std::size_t kEntriesOnHand = 64;

/// Appends the texts of an entry's samples; null: checks them alone.
void read_samples(const EntryReader& reader, const Json& entry, std::string* texts) {
  const auto samples = entry.find("samples");
  if (samples == entry.end()) return reader.report("samples", "is missing; a list of {text} expected");
  if (!samples->is_array()) {
    return reader.report("samples", "a list of {text} expected, found " + describe(*samples));
  }
  for (std::size_t i = 0; i < samples->size(); ++i) {
    const Json& sample = (*samples)[i];
    const auto text = sample.find("text");
    if (text == sample.end() || !text->is_string()) {
      const auto found = text == sample.end() ? describe(sample) + " without it" : describe(*text);
      reader.report("samples[" + std::to_string(i) + "].text", "a string expected, found " + found);
    } else if (texts != nullptr) {
      if (!texts->empty()) *texts += ' ';
      *texts += text->get_ref<const std::string&>();
    }
  }
}

}  // namespace

std::map<SnippetKey, std::string> read_reference_snippets(const std::filesystem::path& path,
                                                          const std::set<SnippetKey>& wanted) {
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size_bytes());
  std::map<SnippetKey, std::string> found;
  Problems problems;
  std::size_t num_entries = 0;
  visit_json_list(text, path.string(), [&](const Json& entry, const std::string& place) {
    if (++num_entries % kEntriesOnHand == 0) file.forget_pages();
    const EntryReader reader(entry, place, problems);
    if (!entry.is_object()) return;
    const SnippetKey key{reader.required_text("relation_id"), reader.required_text("target_id")};
    read_samples(reader, entry, wanted.contains(key) ? &found[key] : nullptr);
  });
  if (num_entries == 0) problems.add(path.string() + ": holds no entry; fetch the file again");
  problems.throw_if_any();
  return found;
}

}  // namespace lethe::data
