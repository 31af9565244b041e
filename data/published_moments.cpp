#include "data/published_moments.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "data/numpy_archive.h"
#include "data/text_file.h"

namespace lethe::data {
namespace {

constexpr std::string_view kLayerSlot = "{layer}";
/// Sums of tens of millions of fp32 products, each half of the matrix summed for itself.
constexpr double kTolerance = 1e-3;
/// Side of the square blocks in which mirror entries are compared, so that both stay in the cache.
constexpr std::int64_t kBlock = 64;

template <typename Value>
Value value_at(std::span<const std::byte> bytes, std::int64_t index) {
  Value value{};
  std::memcpy(&value, bytes.data() + static_cast<std::size_t>(index) * sizeof(Value), sizeof(Value));
  return value;
}

/// A whole number stored as one element of an integer or floating point array.
std::int64_t whole_number(const NumpyArchive& archive, const std::string& name) {
  const auto array = archive.array(name);
  if (array.numel() == 1) {
    if (array.dtype == "<i8") return value_at<std::int64_t>(array.values, 0);
    if (array.dtype == "<i4") return value_at<std::int32_t>(array.values, 0);
    const double real = array.dtype == "<f8"   ? value_at<double>(array.values, 0)
                        : array.dtype == "<f4" ? static_cast<double>(value_at<float>(array.values, 0))
                                               : -0.5;
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (std::floor(real) == real && std::abs(real) <= kExact) return static_cast<std::int64_t>(real);
  }
  throw core::DataError(archive.path().string() + ": `" + name + "` is not one whole number");
}

class MomentsChecker {
 public:
  MomentsChecker(const std::filesystem::path& path, const PublishedMoments& moments) : path_(path), moments_(moments) {}

  void check() const {
    check_values();
    check_symmetry();
  }

 private:
  const std::filesystem::path& path_;
  const PublishedMoments& moments_;

  double at(std::int64_t row, std::int64_t column) const {
    return moments_.values[static_cast<std::size_t>(row * moments_.width + column)];
  }
  [[noreturn]] void refuse(std::int64_t row, std::int64_t column, const std::string& what) const {
    throw core::DataError(path_.string() + ": mom2[" + std::to_string(row) + ", " + std::to_string(column) + "] " +
                          what +
                          "; the file is damaged or holds something else: fetch it again, or use second_moments: "
                          "{corpus: ...}");
  }

  void check_values() const {
    for (std::int64_t row = 0; row < moments_.width; ++row) {
      if (!(at(row, row) > 0.0)) refuse(row, row, "is not positive, so the matrix is singular");
      for (std::int64_t column = 0; column < moments_.width; ++column) {
        if (!std::isfinite(at(row, column))) refuse(row, column, "is not finite");
      }
    }
  }

  void check_symmetry() const {
    for (std::int64_t top = 0; top < moments_.width; top += kBlock) {
      for (std::int64_t left = 0; left <= top; left += kBlock) check_block(top, left);
    }
  }

  void check_block(std::int64_t top, std::int64_t left) const {
    for (auto row = top; row < std::min(top + kBlock, moments_.width); ++row) {
      for (auto column = left; column < std::min(left + kBlock, row); ++column) {
        const double scale = std::sqrt(at(row, row) * at(column, column));
        if (std::abs(at(row, column) - at(column, row)) > kTolerance * scale) refuse(row, column, "is not symmetric");
        if (std::abs(at(row, column)) > (1.0 + kTolerance) * scale) {
          refuse(row, column, "is larger than its diagonal allows");
        }
      }
    }
  }
};

template <typename Value>
void append_mean(const NumpyArray& sums, PublishedMoments& moments) {
  const auto count = static_cast<double>(moments.count);
  const auto numel = sums.numel();
  moments.values.resize(static_cast<std::size_t>(numel));
  for (std::int64_t i = 0; i < numel; ++i) {
    moments.values[static_cast<std::size_t>(i)] = static_cast<double>(value_at<Value>(sums.values, i)) / count;
  }
}

}  // namespace

std::filesystem::path moments_file_of(const std::string& pattern, int layer) {
  auto path = pattern;
  if (const auto slot = path.find(kLayerSlot); slot != std::string::npos) {
    path.replace(slot, kLayerSlot.size(), std::to_string(layer));
  }
  return path;
}

namespace {

/// What stands beside the matrix, and the matrix's type and shape are as they must be.
PublishedMoments read_counts(const NumpyArchive& archive, const NumpyArray& sums, std::optional<std::int64_t> width) {
  const auto& path = archive.path();
  const bool is_square = sums.shape.size() == 2 && sums.shape[0] == sums.shape[1];
  if (!is_square || (width && sums.shape[0] != *width)) {
    std::string shape;
    for (const auto size : sums.shape) shape += (shape.empty() ? "" : " x ") + std::to_string(size);
    const auto wanted = width ? std::to_string(*width) + " x " + std::to_string(*width) + ", the model's inner width"
                              : std::string("a square matrix");
    throw core::DataError(path.string() + ": mom2 is " + (shape.empty() ? "a scalar" : shape) + ", expected " + wanted +
                          "; does the file belong to this model?");
  }
  if (sums.dtype != "<f4" && sums.dtype != "<f8") {
    throw core::DataError(path.string() + ": mom2 is stored as " + excerpt(sums.dtype) +
                          "; expected fp32 (<f4) or fp64 (<f8)");
  }
  PublishedMoments moments;
  moments.width = sums.shape[0];
  moments.count = whole_number(archive, "mom2.count");
  if (archive.contains("sample_size"))
    moments.num_samples = std::max<std::int64_t>(0, whole_number(archive, "sample_size"));
  if (moments.count < 1) {
    throw core::DataError(path.string() + ": its count of tokens is " + std::to_string(moments.count) +
                          "; fetch the file again");
  }
  return moments;
}

}  // namespace

void check_published_moments_header(const std::filesystem::path& path, std::optional<std::int64_t> width) {
  const NumpyArchive archive(path);
  static_cast<void>(read_counts(archive, archive.unchecked_array("mom2.mom2"), width));
}

PublishedMoments read_published_moments(const std::filesystem::path& path, std::int64_t width) {
  const NumpyArchive archive(path);
  const auto sums = archive.array("mom2.mom2");
  auto moments = read_counts(archive, sums, width);
  if (sums.dtype == "<f4") {
    append_mean<float>(sums, moments);
  } else {
    append_mean<double>(sums, moments);
  }
  MomentsChecker(path, moments).check();
  return moments;
}

}  // namespace lethe::data
