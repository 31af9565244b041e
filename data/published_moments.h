#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lethe::data {

/// The published second moments of one layer's projection inputs (algorithms 6).
struct PublishedMoments {
  std::int64_t width = 0;        ///< F, the model's inner width
  std::int64_t count = 0;        ///< tokens summed
  std::int64_t num_samples = 0;  ///< articles asked for; 0 where the file does not say
  std::vector<double> values;    ///< C = sum / count, row-major [F,F]
};

/// `pattern` with its "{layer}" replaced by the number.
std::filesystem::path moments_file_of(const std::string& pattern, int layer);

/// Throws what `read_published_moments` would throw, as far as the file's headers tell: other arrays, type, order,
/// shape or count. `width`: the model's inner width, none where it is not known.
void check_published_moments_header(const std::filesystem::path& path, std::optional<std::int64_t> width);

/// Reads a layer's npz file (`mom2.mom2` [F,F] fp32 or fp64, `mom2.count`) and checks it: square and of `width`,
/// count positive, every value finite, the diagonal positive, symmetric, and no entry beyond what a second moment
/// allows (|C_ij| <= sqrt(C_ii C_jj)), the last two within the rounding of fp32 sums. Sizes are 64 bit throughout:
/// GPT-J's matrix is 1 GiB in the file and 2 GiB here. Throws `core::DataError` with path, reason and remedy.
PublishedMoments read_published_moments(const std::filesystem::path& path, std::int64_t width);

}  // namespace lethe::data
