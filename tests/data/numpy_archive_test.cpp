#include "data/numpy_archive.h"

#include <cstring>
#include <limits>

#include <gmock/gmock.h>

#include "core/random_stream.h"
#include "data/published_moments.h"
#include "tests/data/input_file.h"
#include "tests/data/zip_writer.h"

namespace lethe::data {
namespace {

using test::ZipWriter;
using ::testing::HasSubstr;

const std::filesystem::path kGolden = std::filesystem::path(LETHE_SOURCE_DIR) / "tests/data/golden/moments.npz";

std::string npy(const std::string& header, const std::string& values, char version = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += version;
  bytes += '\0';
  const auto length = static_cast<std::uint32_t>(header.size());
  bytes.append(reinterpret_cast<const char*>(&length), version == 1 ? 2 : 4);
  return bytes + header + values;
}

std::string header(const std::string& dtype, const std::string& shape, bool is_fortran = false) {
  return "{'descr': '" + dtype + "', 'fortran_order': " + (is_fortran ? "True" : "False") + ", 'shape': " + shape +
         ", }\n";
}

template <typename Value>
std::string bytes_of(const std::vector<Value>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value)};
}

struct Moments {
  std::vector<double> sums{4.0, 2.0, 2.0, 9.0};
  std::string shape = "(2, 2)";
  std::int64_t count = 10;
  char version = 1;
  bool is_zip64 = false;

  [[nodiscard]] std::string file() const {
    ZipWriter zip({.is_zip64 = is_zip64});
    zip.add("mom2.mom2.npy", npy(header("<f8", shape), bytes_of(sums), version));
    zip.add("mom2.count.npy", npy(header("<i8", "()"), bytes_of(std::vector{count})));
    return zip.finish();
  }
  [[nodiscard]] std::string error(std::int64_t width = 2) const {
    const InputFile input(file());
    return data_error_of([&] { read_published_moments(input.path(), width); });
  }
};

TEST(PublishedMoments, ATypeOfAnyBytesIsToldInUtf8) {
  ZipWriter zip;
  zip.add("mom2.mom2.npy", npy(header("<\xE9"
                                      "8",
                                      "(1, 1)"),
                               std::string(8, '\0')));
  zip.add("mom2.count.npy", npy(header("<i8", "()"), bytes_of(std::vector<std::int64_t>{10})));
  const InputFile input(zip.finish());
  EXPECT_THAT(data_error_of([&] { check_published_moments_header(input.path(), 1); }), HasSubstr("<\xEF\xBF\xBD"
                                                                                                 "8"));
}

TEST(PublishedMoments, AreReadAsNumpyWroteThem) {
  const auto moments = read_published_moments(kGolden, 3);
  EXPECT_EQ(moments.width, 3);
  EXPECT_EQ(moments.count, 4);
  EXPECT_EQ(moments.num_samples, 100);
  // Four keys: sums of products over their number.
  EXPECT_THAT(moments.values, ::testing::ElementsAre(1.5625, 0.25, -0.125, 0.25, 1.5, 0.0, -0.125, 0.0, 3.0));
}

TEST(PublishedMoments, AreReadFromZip64AndEveryHeaderVersion) {
  for (const char version : {'\1', '\2', '\3'}) {
    const InputFile input(Moments{.version = version, .is_zip64 = true}.file());
    const auto moments = read_published_moments(input.path(), 2);
    EXPECT_THAT(moments.values, ::testing::ElementsAre(0.4, 0.2, 0.2, 0.9));
    EXPECT_EQ(moments.count, 10);
    EXPECT_EQ(moments.num_samples, 0) << "the file does not say";
  }
}

TEST(PublishedMoments, AreRefusedWhereTheyAreNone) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT((Moments{.sums = {4, 2, 1.9, 9}}.error()), HasSubstr("mom2[1, 0] is not symmetric"));
  EXPECT_THAT((Moments{.sums = {4, 7, 7, 9}}.error()), HasSubstr("larger than its diagonal allows"));
  EXPECT_THAT((Moments{.sums = {4, 0, 0, 0}}.error()),
              HasSubstr("mom2[1, 1] is not positive, so the matrix is singular"));
  EXPECT_THAT((Moments{.sums = {4, kNan, kNan, 9}}.error()), HasSubstr("not finite"));
  EXPECT_THAT((Moments{.sums = {kNan, 0, 0, 9}}.error()), HasSubstr("mom2[0, 0]"));
  EXPECT_THAT((Moments{.count = 0}.error()), HasSubstr("count of tokens is 0"));
  EXPECT_THAT((Moments{.count = -5}.error()), HasSubstr("count of tokens is -5"));
  EXPECT_THAT((Moments{.shape = "(4,)"}.error()), HasSubstr("mom2 is 4, expected 2 x 2"));
  EXPECT_THAT(Moments{}.error(3), HasSubstr("mom2 is 2 x 2, expected 3 x 3, the model's inner width"));
  const InputFile rounded(Moments{.sums = {4, 2, 2.0001, 9}}.file());
  EXPECT_NO_THROW(read_published_moments(rounded.path(), 2)) << "fp32 sums are symmetric to their rounding only";
  ZipWriter other;
  other.add("mean.npy", "x");
  const InputFile no_moments(other.finish());
  EXPECT_THAT(data_error_of([&] { read_published_moments(no_moments.path(), 2); }), HasSubstr("`mom2.mom2.npy`"));
}

TEST(PublishedMoments, AreRefusedWhenTheFileIsCutOrChanged) {
  const auto sound = Moments{}.file();
  for (std::size_t length = 1; length < sound.size(); length += 7) {
    const InputFile cut(sound.substr(0, length));
    EXPECT_THAT(data_error_of([&] { read_published_moments(cut.path(), 2); }), HasSubstr(cut.path().string()));
  }
  auto changed = sound;
  const auto nine = bytes_of(std::vector{9.0});
  changed[changed.find(nine) + 6] ^= 1;
  const InputFile file(changed);
  EXPECT_THAT(data_error_of([&] { read_published_moments(file.path(), 2); }), HasSubstr("does not match its checksum"));
}

TEST(PublishedMoments, HaveAFileALayer) {
  EXPECT_EQ(moments_file_of("a/h.{layer}.mlp_100000.npz", 17), "a/h.17.mlp_100000.npz");
}

std::string array_error(const std::string& member) {
  ZipWriter zip;
  zip.add("a.npy", member);
  const InputFile file(zip.finish());
  return data_error_of([&] { static_cast<void>(NumpyArchive(file.path()).array("a")); });
}

TEST(NumpyArchive, RefusesMalformedArrays) {
  EXPECT_THAT(array_error("short"), HasSubstr("no .npy array"));
  EXPECT_THAT(array_error(npy("", "", 4)), HasSubstr(".npy version 4"));
  EXPECT_THAT(array_error(npy(header("<f4", "(1,)"), "1234").substr(0, 30)), HasSubstr("ends within its header"));
  EXPECT_THAT(array_error(npy("{'descr': '<f4'}", "1234")), HasSubstr("header that is not NumPy's"));
  EXPECT_THAT(array_error(npy("{'descr': [('a', '<f4')], ", "1234")), HasSubstr("not NumPy's"));
  EXPECT_THAT(array_error(npy(header("<f4", "(-1,)"), "1234")), HasSubstr("not NumPy's"));
  EXPECT_THAT(array_error(npy(header("<f4", "(99999999999999999999,)"), "1234")), HasSubstr("not NumPy's"));
  EXPECT_THAT(array_error(npy(header("|O", "(1,)"), "12345678")), HasSubstr("type |O"));
  EXPECT_THAT(array_error(npy(header("<f4", "(2,)"), "1234")), HasSubstr("holds 4 bytes"));
  EXPECT_THAT(array_error(npy(header("<f8", "(4294967296, 4294967296)"), "")), HasSubstr("holds 0 bytes"));
  EXPECT_THAT(array_error(npy(header("<f4", "(1, 1)", true), "1234")), HasSubstr("Fortran order"));
}

TEST(NumpyArchive, AnyFlippedHeaderByteIsReadOrRefusedNeverFatal) {
  core::RandomStream random(11, "fuzz");
  const auto sound = npy(header("<f8", "(2, 2)"), bytes_of(std::vector<double>(4, 1.0)));
  int num_refused = 0;
  for (int round = 0; round < 1000; ++round) {
    auto bytes = sound;
    bytes[random.next() % (sound.size() - 32)] = static_cast<char>(random.next() % 256);
    ZipWriter zip;
    zip.add("a.npy", bytes);
    const InputFile file(zip.finish());
    try {
      EXPECT_LE(NumpyArchive(file.path()).array("a").values.size(), 40U);
    } catch (const core::DataError&) {
      ++num_refused;
    }
  }
  EXPECT_GT(num_refused, 500);
}

}  // namespace
}  // namespace lethe::data
