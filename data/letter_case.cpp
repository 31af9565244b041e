#include "data/letter_case.h"

#include <algorithm>
#include <iterator>

#include "data/letter_case_table.h"
#include "data/unicode.h"

namespace lethe::data {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr char32_t kSmallSigma = 0x3C3;
constexpr char32_t kFinalSigma = 0x3C2;
constexpr char32_t kCapitalIWithDot = 0x130;
constexpr char32_t kDotAbove = 0x307;

/// What a sigma's neighbours tell of it. Characters that are both cased and ignorable are passed over: ignorable.
enum class CaseClass : std::uint8_t { kOther = 0, kCased = 1, kIgnorable = 2, kUnassigned = 3 };

CaseClass class_of(char32_t code_point) {
  const std::uint32_t after = ((static_cast<std::uint32_t>(code_point) + 1) << 2) - 1;
  const std::uint32_t* run = std::upper_bound(std::begin(kCaseClassRuns), std::end(kCaseClassRuns), after) - 1;
  return static_cast<CaseClass>(*run & 3U);
}

char32_t lower_of(char32_t code_point) {
  const auto* run = std::upper_bound(std::begin(kCapitalRuns), std::end(kCapitalRuns), code_point,
                                     [](char32_t value, const CapitalRun& r) { return value < r.first; });
  if (run == std::begin(kCapitalRuns)) return code_point;
  --run;
  if (code_point > run->last || (code_point - run->first) % run->step != 0) return code_point;
  return static_cast<char32_t>(static_cast<std::int32_t>(code_point) + run->distance);
}

/// Whether a cased letter follows `position`, whatever is ignored between.
bool cased_follows(std::string_view text, std::size_t position) {
  while (position < text.size()) {
    const CodePoint point = code_point_at(text, position);
    const CaseClass kind = class_of(point.value);
    if (kind != CaseClass::kIgnorable) return kind == CaseClass::kCased;
    position += point.size;
  }
  return false;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool is_after_cased = false;  // ignorable characters between do not count
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    const std::size_t next = position + point.size;
    if (!point.valid) {
      result.append(text.substr(position, point.size));
    } else if (point.value == kCapitalSigma) {
      append_utf8(is_after_cased && !cased_follows(text, next) ? kFinalSigma : kSmallSigma, result);
    } else if (point.value == kCapitalIWithDot) {
      append_utf8('i', result);
      append_utf8(kDotAbove, result);
    } else {
      append_utf8(lower_of(point.value), result);
    }
    const CaseClass kind = class_of(point.value);
    if (kind != CaseClass::kIgnorable) is_after_cased = kind == CaseClass::kCased;
    position = next;
  }
  return result;
}

bool is_assigned(char32_t code_point) { return class_of(code_point) != CaseClass::kUnassigned; }

}  // namespace lethe::data
