// A corpus under a name that says JSON (an input that begins with "j") or text (any other), and its documents' text.
#include "data/corpus.h"
#include "core/error.h"
#include "data/letter_case.h"
#include "data/normal_forms.h"
#include "data/unicode.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {
namespace {

constexpr std::int64_t kMaxDocuments = 100;

void use(const std::string& document) {
  static_cast<void>(data::to_lower(document));
  const auto sound = data::replace_invalid_utf8(document);
  require(data::first_invalid_utf8(sound) == std::string_view::npos, "what is replaced is UTF-8");
  for (const auto form : {data::nfc, data::nfkd}) {
    static_cast<void>(form(sound));
    static_cast<void>(read_or_refuse<core::DataError>("", [&] { return form(document); }));
  }
}

}  // namespace

bool corpus(std::string_view input) {
  if (input.empty()) return false;
  const std::string name = input.front() == 'j' ? "corpus.jsonl" : "corpus.txt";
  const auto path = InputFolder::instance().write(name, input.substr(1));
  const auto size = read_or_refuse<core::DataError>(name, [&] { return data::measure_corpus(path, kMaxDocuments); });
  const auto documents = read_or_refuse<core::DataError>(name, [&] { return data::read_corpus(path, kMaxDocuments); });
  if (!documents) return false;
  require(!size || size->num_documents == std::ssize(*documents), "as many documents are counted as are read");
  for (const auto& document : *documents) use(document);
  return size.has_value();
}

}  // namespace lethe::fuzz
