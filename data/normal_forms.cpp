#include "data/normal_forms.h"

#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "core/error.h"
#include "data/code_point_runs.h"
#include "data/letter_case.h"
#include "data/unicode.h"

namespace lethe::data {
namespace {

// Of Unicode 10 to 14 what is not its own normal form wherever it stands: marks with a combining class, and the one
// pair that composes. Held against tokenizers 0.22.2 over all code points (TokenizerForms).
constexpr CodePointRun kNewerMarks[] = {
    {0x007FD, 0x007FD}, {0x00898, 0x0089F}, {0x008CA, 0x008D3}, {0x009FE, 0x009FE}, {0x00C3C, 0x00C3C},
    {0x00D3B, 0x00D3C}, {0x00EBA, 0x00EBA}, {0x01715, 0x01715}, {0x01ABF, 0x01ACE}, {0x01DF6, 0x01DFA},
    {0x0A82C, 0x0A82C}, {0x10D24, 0x10D27}, {0x10EAB, 0x10EAC}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85},
    {0x11070, 0x11070}, {0x1133B, 0x1133B}, {0x1145E, 0x1145E}, {0x11839, 0x1183A}, {0x11930, 0x11930},
    {0x11938, 0x11938}, {0x1193D, 0x1193E}, {0x11943, 0x11943}, {0x119E0, 0x119E0}, {0x11A34, 0x11A34},
    {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42}, {0x11D44, 0x11D45}, {0x11D97, 0x11D97},
    {0x16FF0, 0x16FF1}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF},
};

bool is_kept_by_nfc(char32_t code_point) { return !is_assigned(code_point) || has_code_point(kNewerMarks, code_point); }

/// Text of characters whose normal forms no later version of Unicode changes.
std::string mapped(std::string_view text, unsigned options) {
  utf8proc_uint8_t* result = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &result, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
  if (size < 0) throw core::DataError(std::string("text cannot be normalised: ") + utf8proc_errmsg(size));
  return {reinterpret_cast<const char*>(result), static_cast<std::size_t>(size)};
}

/// A library older than `is_assigned` would leave characters as they are that others decompose.
void require_unicode() {
  constexpr int kMajor = 14;
  const std::string version = utf8proc_unicode_version();
  if (std::atoi(version.c_str()) >= kMajor) return;
  throw core::ConfigError("utf8proc " + std::string(utf8proc_version()) + " knows Unicode " + version +
                          "; normal forms need 14.0 or newer: install utf8proc 2.7 or newer");
}

/// Normalises what stands between the code points that are kept.
template <typename IsKept>
std::string normalized(std::string_view text, unsigned options, const IsKept& is_kept) {
  require_unicode();
  std::string result;
  std::size_t start = 0;  // of what has not been normalised
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    if (!point.valid) throw core::DataError("text cannot be normalised: it is not UTF-8");
    if (is_kept(point.value)) {
      result += mapped(text.substr(start, position - start), options);
      result += text.substr(position, point.size);
      start = position + point.size;
    }
    position += point.size;
  }
  return result + mapped(text.substr(start), options);
}

}  // namespace

std::string nfkd(std::string_view text) {
  return normalized(text, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, [](char32_t value) { return !is_assigned(value); });
}

std::string nfc(std::string_view text) { return normalized(text, UTF8PROC_COMPOSE, is_kept_by_nfc); }

bool is_ordered_mark(char32_t code_point) {
  return !is_kept_by_nfc(code_point) &&
         utf8proc_get_property(static_cast<utf8proc_int32_t>(code_point))->combining_class != 0;
}

}  // namespace lethe::data
