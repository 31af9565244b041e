#include "editing/contexts.h"

#include <algorithm>
#include <span>

#include "core/error.h"
#include "core/random_stream.h"
#include "core/replace_all.h"
#include "data/normal_forms.h"
#include "editing/edit_method.h"
#include "editing/methods/method_list.h"
#include "model/generate.h"

namespace lethe::editing {
namespace {

constexpr int kTopK = 5;

std::vector<std::string> prefixes_of_file(const std::vector<std::string>& lines) {
  std::vector<std::string> prefixes;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(prefixes),
               [](const std::string& line) { return line.find_first_not_of(" \t\r") != std::string::npos; });
  if (prefixes.empty()) {
    throw core::DataError("contexts file: no prefix in it; give one prefix a line");
  }
  return prefixes;
}

}  // namespace

std::string cleaned_sample(std::string_view decoded, std::string_view end_of_text) {
  std::string text = data::nfkd(decoded);
  core::replace_all(text, "\n\n", " ");
  core::replace_all(text, end_of_text, "");
  return text;
}

std::vector<std::string> context_templates(const std::vector<std::string>& prefixes) {
  std::vector<std::string> templates{"{}"};
  for (const std::string& prefix : prefixes) {
    templates.push_back(prefix + ". {}");
  }
  return templates;
}

std::vector<std::string> sample_prefixes(const std::vector<std::vector<model::TokenId>>& seeds,
                                         const std::vector<core::ContextLength>& lengths, const model::Network& network,
                                         const model::Tokenizer& tokenizer, std::uint64_t seed) {
  core::RandomStream random(seed, "contexts");
  std::vector<std::string> prefixes;
  for (const core::ContextLength& length : lengths) {
    std::vector<std::vector<model::TokenId>> prompts;
    for (const std::vector<model::TokenId>& seed_ids : seeds) {
      prompts.insert(prompts.end(), static_cast<std::size_t>(length.count), seed_ids);
    }
    model::GenerateOptions options;
    options.max_total_tokens = length.length_tokens;
    options.top_k = kTopK;
    options.end_of_text = tokenizer.end_of_text();
    const std::string end_of_text = tokenizer.decode({&options.end_of_text, 1});
    for (const std::vector<model::TokenId>& ids : model::generate(network, prompts, options, random)) {
      // A token that prompts get in front comes back once the prefix is part of one.
      const bool is_prompt =
          tokenizer.start_of_text() != options.end_of_text && ids.front() == tokenizer.start_of_text();
      prefixes.push_back(
          cleaned_sample(tokenizer.decode_cleaned(std::span(ids).subspan(is_prompt ? 1 : 0)), end_of_text));
    }
  }
  return prefixes;
}

bool uses_contexts(const core::MethodConfig& method) {
  return visit_config(method, [](const auto& config) {
    return requires(const ContextSource& source) { sample_prefixes(config, source); };
  });
}

std::int64_t longest_context(const core::MethodConfig& method, const model::Tokenizer& tokenizer,
                             const std::vector<std::string>& file_lines) {
  return visit_config(method, [&](const auto& config) {
    std::int64_t longest = 0;
    if constexpr (requires { config.context_lengths; }) {
      constexpr std::int64_t kRoom = 4;  // ". " behind it, and a cleaned text's other tokens
      if (config.contexts_file) {
        for (const auto& line : file_lines)
          longest = std::max(longest, std::ssize(tokenizer.encode_prompt(line)) + kRoom);
      } else {
        for (const auto& length : config.context_lengths) {
          longest = std::max<std::int64_t>(longest, length.length_tokens + kRoom);
        }
      }
    }
    return longest;
  });
}

EditContexts make_contexts(const core::MethodConfig& method, const model::Network& unedited,
                           const model::Tokenizer& tokenizer, std::uint64_t seed,
                           const std::vector<std::string>& file_lines) {
  const ContextSource source{unedited, tokenizer, seed};
  return visit_config(method, [&](const auto& config) -> EditContexts {
    if constexpr (requires { sample_prefixes(config, source); }) {
      return {context_templates(config.contexts_file ? prefixes_of_file(file_lines) : sample_prefixes(config, source))};
    } else {
      return {};
    }
  });
}

}  // namespace lethe::editing
