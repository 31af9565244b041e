#include "worker/commands/sampled_corpus.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/random_stream.h"
#include "ledger/durable_file.h"
#include "model/generate.h"

namespace lethe::worker::inline commands {
namespace {

constexpr std::size_t kRows = 64;          ///< documents drawn side by side
constexpr std::int64_t kMostTokens = 256;  ///< of a document

/// The texts of a row, which an end of text parts.
std::vector<std::string> texts_of(const std::vector<model::TokenId>& ids, const model::Tokenizer& tokenizer) {
  std::vector<std::string> texts;
  for (auto begin = ids.begin(); begin != ids.end();) {
    const auto end = std::find(begin, ids.end(), tokenizer.end_of_text());
    if (auto text = tokenizer.decode(std::vector(begin, end), true); !text.empty()) texts.push_back(std::move(text));
    begin = end == ids.end() ? end : std::next(end);
  }
  return texts;
}

std::vector<model::TokenId> first_tokens(const model::Tokenizer& tokenizer) {
  if (tokenizer.start_of_text() >= 0) return {tokenizer.start_of_text()};
  return tokenizer.encode_prompt("The");
}

}  // namespace

std::int64_t sampled_tokens(std::int64_t inner_width) { return std::max<std::int64_t>(20'000, 4 * inner_width); }

bool write_sampled_corpus(const std::filesystem::path& file, const LoadedModel& model, std::uint64_t seed,
                          std::int64_t num_tokens, TaskMonitor& monitor) {
  const auto& architecture = model.unedited.architecture();
  model::GenerateOptions options;
  options.max_total_tokens = static_cast<int>(std::min(kMostTokens, architecture.max_positions));
  options.top_k = static_cast<int>(std::min<std::int64_t>(architecture.vocab_size, std::numeric_limits<int>::max()));
  const std::vector<std::vector<model::TokenId>> prompts(kRows, first_tokens(model.tokenizer));
  core::RandomStream random(seed, "sampled corpus");
  std::string lines;
  for (std::int64_t drawn = 0; drawn < num_tokens;) {
    if (monitor.should_stop()) return false;
    const auto start = std::chrono::steady_clock::now();
    const auto before = drawn;
    for (const auto& ids : model::generate(model.unedited, prompts, options, random)) {
      for (const auto& text : texts_of(ids, model.tokenizer)) {
        lines += nlohmann::json{{"text", text}}.dump() + "\n";
        // Read again, a text may have fewer tokens than were drawn.
        drawn += std::ssize(model.tokenizer.encode_prompt(text));
      }
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    monitor.progress("text", std::min(drawn, num_tokens), num_tokens, seconds.count());
    if (drawn == before) break;  // a model that says nothing: the corpus is refused as too small
  }
  ledger::write_new_file(file, lines);
  return true;
}

}  // namespace lethe::worker::inline commands
