#pragma once

#include <string>
#include <string_view>

namespace lethe::data {

/// Unicode NFKD normalisation of the characters of Unicode 14.0, whichever version the host's utf8proc knows; code
/// points that came later are kept. Invalid UTF-8 throws `core::DataError`.
std::string nfkd(std::string_view text);

/// Unicode NFC normalisation as Hugging Face `tokenizers` computes it, whose tables are of Unicode 9: marks that came
/// later are not put in order, and are kept as what came later still.
std::string nfc(std::string_view text);

/// Whether `nfc` puts this character in order with those in front of it (its combining class is not 0).
bool is_ordered_mark(char32_t code_point);

}  // namespace lethe::data
