#include "model/tokenizer/regular_expression.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/error.h"
#include "model/tokenizer/regex_pattern.h"

namespace lethe::model::inline tokenizer {
namespace {

// A match of a published pattern takes a few steps a byte. A pattern that backtracks without end is stopped within
// a fraction of a second.
constexpr std::uint32_t kStepsPerMatch = 200'000;
constexpr std::uint32_t kStepsPerByte = 16;
constexpr std::uint32_t kDepth = 2'000;
constexpr std::uint32_t kHeapKibibytes = 16'384;

template <auto Free>
struct Freed {
  template <typename Handle>
  void operator()(Handle* handle) const {
    Free(handle);
  }
};

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 160> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

/// PCRE2's counts are of 32 bits; matching stops there where the text is longer still.
std::uint32_t steps_for(std::size_t num_bytes) {
  constexpr std::size_t kMostBytes = (UINT32_MAX - kStepsPerMatch) / kStepsPerByte;
  return kStepsPerMatch + kStepsPerByte * static_cast<std::uint32_t>(std::min(num_bytes, kMostBytes));
}

}  // namespace

/// PCRE2's own handle, which the header does not name.
struct RegularExpression::Compiled {
  explicit Compiled(pcre2_code* compiled) : code(compiled) {}
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() { pcre2_code_free(code); }

  pcre2_code* code;
};

RegularExpression::RegularExpression(std::string pattern, std::string place)
    : pattern_(std::move(pattern)), place_(std::move(place)) {
  const std::string translated = pcre2_pattern(pattern_);
  const std::unique_ptr<pcre2_compile_context, Freed<pcre2_compile_context_free>> context(
      pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  const auto compiled = std::make_shared<const Compiled>(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C, &error, &offset, context.get()));
  if (compiled->code == nullptr) throw core::DataError(message_of(error));
  std::uint32_t matches_empty = 0;
  pcre2_pattern_info(compiled->code, PCRE2_INFO_MATCHEMPTY, &matches_empty);
  if (matches_empty != 0) throw core::DataError("it can match an empty text");
  compiled_ = compiled;
}

std::vector<Span> RegularExpression::matches(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>> data(pcre2_match_data_create(1, nullptr));
  const std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>> context(
      pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(context.get(), steps_for(text.size()));
  pcre2_set_depth_limit(context.get(), kDepth);
  pcre2_set_heap_limit(context.get(), kHeapKibibytes);
  std::vector<Span> matches;
  const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(data.get());
  for (std::size_t start = 0; start < text.size();) {
    // Look-behinds see what stands before `start`, as in Oniguruma's search.
    const int found = pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start,
                                  PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, data.get(), context.get());
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0) {
      throw core::DataError(place_ + ": \"" + pattern_ + "\" cannot be matched in a text of " +
                            std::to_string(text.size()) + " bytes: " + message_of(found));
    }
    matches.push_back({bounds[0], bounds[1]});
    start = bounds[1];
  }
  return matches;
}

}  // namespace lethe::model::inline tokenizer
