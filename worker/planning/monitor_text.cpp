#include "worker/planning/monitor_text.h"

#include "core/error.h"
#include "data/corpus.h"

namespace lethe::worker::inline planning {
namespace {

/// What is wrong with the file, with the key that names it.
template <typename Read>
auto with_key(const Read& read) {
  try {
    return read();
  } catch (const core::DataError& error) {
    throw core::DataError(std::string(error.what()) + " (monitor_text: expected a UTF-8 text, one document a line)");
  }
}

}  // namespace

std::string monitor_text_content(const core::ExperimentConfig& config, InputDigests& digests) {
  return with_key([&] {
    static_cast<void>(data::measure_corpus(config.monitor_text, 1));  // throws for one without a document
    return digests.of_corpus(config.monitor_text);
  });
}

metrics::FixedText read_monitor_text(const core::ExperimentConfig& config, const model::Tokenizer& tokenizer,
                                     const model::Architecture& architecture) {
  return with_key([&] {
    data::CorpusReader reader(config.monitor_text);
    return metrics::cut_text([&] { return reader.next(); }, config.monitor_tokens, tokenizer, architecture,
                             config.monitor_text.string());
  });
}

}  // namespace lethe::worker::inline planning
