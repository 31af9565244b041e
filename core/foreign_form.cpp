#include "core/foreign_form.h"

#include <algorithm>
#include <array>

namespace lethe::core {
namespace {

struct ForeignForm {
  std::string_view begin, what;
};

constexpr std::string_view kUtf16 = "is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)";

constexpr std::array kForms{
    ForeignForm{"\xFF\xFE", kUtf16},
    ForeignForm{"\xFE\xFF", kUtf16},
    ForeignForm{"\x1F\x8B", "is compressed; unpack it (gunzip)"},
    ForeignForm{"BZh", "is compressed; unpack it (bunzip2)"},
    ForeignForm{"\xFD"
                "7zXZ",
                "is compressed; unpack it (unxz)"},
    ForeignForm{"\x28\xB5\x2F\xFD", "is compressed; unpack it (unzstd)"},
    ForeignForm{"PK\x03\x04", "is a zip archive; unpack it (unzip)"},
    ForeignForm{"PAR1", "is a Parquet table; write its rows as JSON lines"},
    ForeignForm{"ARROW1", "is an Arrow table; write its rows as JSON lines"},
};

}  // namespace

std::string_view foreign_form(std::string_view begin) {
  const auto* const found =
      std::ranges::find_if(kForms, [&](const ForeignForm& form) { return begin.starts_with(form.begin); });
  if (found != kForms.end()) return found->what;
  // Text holds no zero byte; UTF-16 without a mark has one beside each ASCII letter.
  constexpr std::size_t kShown = 4;
  bool may_be_utf16 = begin.size() >= kShown && (begin[0] == '\0') != (begin[1] == '\0');
  for (std::size_t i = 2; may_be_utf16 && i < kShown; ++i) may_be_utf16 = (begin[i] == '\0') == (begin[i - 2] == '\0');
  return may_be_utf16 ? kUtf16 : std::string_view();
}

}  // namespace lethe::core
