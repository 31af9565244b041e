#include "editing/contexts.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "core/error.h"
#include "core/random_stream.h"
#include "core/replace_all.h"
#include "data/letter_case.h"
#include "data/unicode.h"
#include "editing/edit_method.h"
#include "editing/methods/method_list.h"
#include "model/generate.h"

namespace lethe::editing {
namespace {

constexpr int kTopK = 5;
constexpr std::string_view kEndOfText = "<|endoftext|>";

std::vector<std::string> prefixes_of_file(const std::vector<std::string>& lines) {
  std::vector<std::string> prefixes;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(prefixes),
               [](const std::string& line) { return line.find_first_not_of(" \t\r") != std::string::npos; });
  if (prefixes.empty()) {
    throw core::DataError("contexts file: no prefix in it; give one prefix a line");
  }
  return prefixes;
}

/// Text of assigned characters, whose decompositions no later version of Unicode changes.
std::string decomposed(std::string_view text) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (size < 0) {
    throw core::DataError(std::string("context text cannot be normalised: ") + utf8proc_errmsg(size));
  }
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)};
}

/// A library older than `data::is_assigned` would leave characters as they are that others decompose.
void require_unicode() {
  constexpr int kMajor = 14;
  const std::string version = utf8proc_unicode_version();
  if (std::atoi(version.c_str()) >= kMajor) return;
  throw core::ConfigError("utf8proc " + std::string(utf8proc_version()) + " knows Unicode " + version +
                          "; contexts need 14.0 or newer: install utf8proc 2.7 or newer");
}

}  // namespace

std::string nfkd(std::string_view text) {
  require_unicode();
  std::string result;
  std::size_t start = 0;  // of what has not been normalised
  for (std::size_t position = 0; position < text.size();) {
    const data::CodePoint point = data::code_point_at(text, position);
    if (!point.valid) throw core::DataError("context text cannot be normalised: it is not UTF-8");
    if (!data::is_assigned(point.value)) {
      result += decomposed(text.substr(start, position - start));
      result += text.substr(position, point.size);
      start = position + point.size;
    }
    position += point.size;
  }
  return result + decomposed(text.substr(start));
}

std::string cleaned_sample(std::string_view decoded) {
  std::string text = nfkd(decoded);
  core::replace_all(text, "\n\n", " ");
  core::replace_all(text, kEndOfText, "");
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
    for (const std::vector<model::TokenId>& ids : model::generate(network, prompts, options, random)) {
      prefixes.push_back(cleaned_sample(tokenizer.decode_cleaned(ids)));
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
        for (const auto& line : file_lines) longest = std::max(longest, std::ssize(tokenizer.encode(line)) + kRoom);
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
