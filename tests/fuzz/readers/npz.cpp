// Second moments as published: an npz file, or the two arrays in it one after the other.
#include "core/error.h"
#include "data/published_moments.h"
#include "tests/data/zip_writer.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {
namespace {

constexpr std::string_view kArray = "\x93NUMPY";
constexpr std::int64_t kWidth = 2;

/// What begins like an array becomes an archive with right checksums, which no mutation would hit on.
std::string archive_of(std::string_view input) {
  if (!input.starts_with(kArray)) return std::string(input);
  const auto second = input.find(kArray, kArray.size());
  test::ZipWriter zip;
  zip.add("mom2.mom2.npy", std::string(input.substr(0, second)));
  zip.add("mom2.count.npy", second == std::string_view::npos ? "" : std::string(input.substr(second)));
  return zip.finish();
}

}  // namespace

bool npz(std::string_view input) {
  const auto path = InputFolder::instance().write("moments.npz", archive_of(input));
  const auto header = read_or_refuse<core::DataError>("moments.npz", [&] {
    data::check_published_moments_header(path, kWidth);
    return true;
  });
  const auto moments =
      read_or_refuse<core::DataError>("moments.npz", [&] { return data::read_published_moments(path, kWidth); });
  require(!moments || header, "what is read has a sound header");
  require(!moments || moments->values.size() == kWidth * kWidth, "a matrix of the width");
  return moments.has_value();
}

}  // namespace lethe::fuzz
