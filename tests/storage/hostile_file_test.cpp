#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "storage/hdf5_reader.h"
#include "storage/segment.h"
#include "tests/storage/sample_contents.h"

// Valid HDF5 files whose content is not what lethe writes.

namespace lethe::storage {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// A segment whose file was opened again and tampered with.
class Tampered {
 public:
  explicit Tampered(const std::function<void(hid_t)>& tamper) {
    write_segment(path(), sample::segment(1, 9));
    const hdf5::LibraryLock lock;
    const hdf5::File file(H5Fopen(path().c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    tamper(file.get());
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "segment.h5"; }
  [[nodiscard]] std::string refusal() const {
    try {
      (void)read_segment(path());
    } catch (const core::StorageError& error) {
      return error.what();
    }
    return "accepted";
  }

 private:
  TemporaryFolder folder_;
};

void replace_dataset(hid_t file, const char* name, hid_t type, std::vector<hsize_t> dims, hid_t creation = H5P_DEFAULT,
                     const void* values = nullptr) {
  H5Ldelete(file, name, H5P_DEFAULT);
  const hdf5::Dataspace space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
  const hdf5::Dataset dataset(H5Dcreate2(file, name, type, space.get(), H5P_DEFAULT, creation, H5P_DEFAULT));
  ASSERT_GE(dataset.get(), 0);
  if (values == nullptr) return;
  ASSERT_GE(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
}

TEST(HostileFile, AMissingDatasetIsNamed) {
  const Tampered file([](hid_t id) { H5Ldelete(id, "/metrics/margin", H5P_DEFAULT); });
  EXPECT_THAT(file.refusal(), testing::AllOf(HasSubstr("/metrics/margin: is missing"), HasSubstr("segment.h5")));
}

TEST(HostileFile, AWrongTypeIsRefused) {
  const Tampered file([](hid_t id) { replace_dataset(id, "/metrics/margin", H5T_IEEE_F64LE, {26}); });
  EXPECT_NE(file.refusal(), "accepted");
  const Tampered compound([](hid_t id) {
    const hdf5::Datatype type(H5Tcreate(H5T_COMPOUND, 8));
    H5Tinsert(type.get(), "x", 0, H5T_IEEE_F64LE);
    const std::vector<double> values(9);
    replace_dataset(id, "/edits/edit", type.get(), {9}, H5P_DEFAULT, values.data());
  });
  EXPECT_THAT(compound.refusal(), HasSubstr("foreign type"));
}

TEST(HostileFile, AWrongLengthIsRefused) {
  const std::vector<std::int64_t> values(8, 1);
  const Tampered file(
      [&](hid_t id) { replace_dataset(id, "/edits/case_id", H5T_STD_I64LE, {8}, H5P_DEFAULT, values.data()); });
  EXPECT_THAT(file.refusal(), HasSubstr("/edits/case_id: has 8 values instead of 9"));
}

TEST(HostileFile, AnAbsurdSizeIsRefusedBeforeMemoryIsAllocated) {
  const Tampered unwritten([](hid_t id) { replace_dataset(id, "/edits/case_id", H5T_STD_I64LE, {hsize_t{1} << 58}); });
  EXPECT_NE(unwritten.refusal(), "accepted");
  const Tampered chunked([](hid_t id) {
    const hdf5::PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t chunk = 16;
    H5Pset_chunk(creation.get(), 1, &chunk);
    replace_dataset(id, "/edits/case_id", H5T_STD_I64LE, {hsize_t{1} << 40}, creation.get());
  });
  EXPECT_THAT(chunked.refusal(), HasSubstr("claims more values than the file holds"));
}

TEST(HostileFile, OffsetsOutOfRangeAreRefused) {
  for (const std::vector<std::int64_t>& offsets : {std::vector<std::int64_t>{0, 3, 6, 9, 12, 15, 18, 21, 24, 1'000'000},
                                                   std::vector<std::int64_t>{0, 3, 6, 5, 12, 15, 18, 21, 24, 25},
                                                   std::vector<std::int64_t>{-3, 3, 6, 8, 12, 15, 18, 21, 24, 25}}) {
    const Tampered file(
        [&](hid_t id) { replace_dataset(id, "/metrics/offsets", H5T_STD_I64LE, {10}, H5P_DEFAULT, offsets.data()); });
    EXPECT_THAT(file.refusal(), HasSubstr("/metrics/offsets: are not offsets"));
  }
}

TEST(HostileFile, TokensThatFitNoPromptAreRefused) {
  const std::vector<std::int64_t> offsets{0, 1'000'000};
  const Tampered few([&](hid_t id) {
    replace_dataset(id, "/metrics/target_new/offsets", H5T_STD_I64LE, {2}, H5P_DEFAULT, offsets.data());
  });
  EXPECT_THAT(few.refusal(), HasSubstr("/metrics/target_new/offsets"));
  const Tampered missing([](hid_t id) { H5Ldelete(id, "/metrics/target_true/nll", H5P_DEFAULT); });
  EXPECT_THAT(missing.refusal(), HasSubstr("/metrics/target_true/nll: is missing"));
}

TEST(HostileFile, CodesOutOfRangeAreRefused) {
  const std::vector<std::uint8_t> codes(9, 200);
  const Tampered status(
      [&](hid_t id) { replace_dataset(id, "/edits/status", H5T_STD_U8LE, {9}, H5P_DEFAULT, codes.data()); });
  EXPECT_THAT(status.refusal(), HasSubstr("/edits/status: is out of range"));
}

TEST(HostileFile, StringLengthsOutOfRangeAreRefused) {
  const std::vector<std::int64_t> lengths{2, 1 << 30, 3, 0};
  const Tampered file([&](hid_t id) {
    replace_dataset(id, "/contexts/template_num_bytes", H5T_STD_I64LE, {4}, H5P_DEFAULT, lengths.data());
  });
  EXPECT_THAT(file.refusal(), HasSubstr("/contexts/template_num_bytes: is out of range"));
}

TEST(HostileFile, LinksToElsewhereAreNotFollowed) {
  const Tampered soft([](hid_t id) {
    H5Ldelete(id, "/metrics/margin", H5P_DEFAULT);
    H5Lcreate_soft("/metrics/nll_new", id, "/metrics/margin", H5P_DEFAULT, H5P_DEFAULT);
  });
  EXPECT_THAT(soft.refusal(), HasSubstr("/metrics/margin: is a link to elsewhere"));
  const Tampered external([](hid_t id) {
    H5Ldelete(id, "/edits", H5P_DEFAULT);
    H5Lcreate_external("/etc/passwd", "/edits", id, "/edits", H5P_DEFAULT, H5P_DEFAULT);
  });
  EXPECT_THAT(external.refusal(), HasSubstr("/edits: is a link to elsewhere"));
  const Tampered listed([](hid_t id) { H5Lcreate_soft("/", id, "/deltas/again", H5P_DEFAULT, H5P_DEFAULT); });
  EXPECT_THAT(listed.refusal(), HasSubstr("/deltas/again: is a link to elsewhere"));
}

TEST(HostileFile, NamesOfAnyBytesAreToldInUtf8) {
  const Tampered linked([](hid_t id) { H5Lcreate_soft("/", id, "/deltas/n\xE9", H5P_DEFAULT, H5P_DEFAULT); });
  EXPECT_THAT(linked.refusal(), HasSubstr("/deltas/n\xEF\xBF\xBD: is a link to elsewhere"));
}

TEST(HostileFile, ValuesKeptElsewhereAreNotRead) {
  const Tampered external([](hid_t id) {
    const hdf5::PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_external(creation.get(), "/etc/passwd", 0, 72);
    replace_dataset(id, "/edits/case_id", H5T_STD_I64LE, {9}, creation.get());
  });
  EXPECT_THAT(external.refusal(), HasSubstr("/edits/case_id: keeps its values in another file"));
  const Tampered virtual_dataset([](hid_t id) {
    const hdf5::PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t size = 9;
    const hdf5::Dataspace space(H5Screate_simple(1, &size, nullptr));
    H5Pset_virtual(creation.get(), space.get(), "/tmp/other.h5", "/x", space.get());
    replace_dataset(id, "/edits/case_id", H5T_STD_I64LE, {9}, creation.get());
  });
  EXPECT_THAT(virtual_dataset.refusal(), HasSubstr("/edits/case_id: foreign storage layout"));
}

TEST(HostileFile, UnknownFiltersAreRefused) {
  const Tampered file([](hid_t id) {
    const hdf5::PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t chunk = 9;
    H5Pset_chunk(creation.get(), 1, &chunk);
    H5Pset_shuffle(creation.get());
    replace_dataset(id, "/edits/case_id", H5T_STD_I64LE, {9}, creation.get());
  });
  EXPECT_THAT(file.refusal(), HasSubstr("/edits/case_id: foreign filter"));
}

TEST(HostileFile, AGroupThatContainsItselfEnds) {
  const Tampered file(
      [](hid_t id) { H5Lcreate_hard(id, "/deltas", id, "/deltas/h.2.weight", H5P_DEFAULT, H5P_DEFAULT); });
  EXPECT_NE(file.refusal(), "accepted");
}

TEST(HostileFile, AnotherVersionIsRefusedWithBothNumbers) {
  const Tampered file([](hid_t id) {
    H5Adelete(id, "schema_version");
    const hdf5::Dataspace space(H5Screate(H5S_SCALAR));
    const hdf5::Attribute attribute(
        H5Acreate2(id, "schema_version", H5T_STD_I64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT));
    const std::int64_t version = 7;
    H5Awrite(attribute.get(), H5T_STD_I64LE, &version);
  });
  EXPECT_THAT(file.refusal(), HasSubstr("version 7 of lethe.segment, this program reads version 1"));
}

TEST(HostileFile, VariableLengthAttributesAreRefused) {
  const Tampered file([](hid_t id) {
    H5Adelete(id, "edit_identity");
    const hdf5::Datatype type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), H5T_VARIABLE);
    const hdf5::Dataspace space(H5Screate(H5S_SCALAR));
    const hdf5::Attribute attribute(H5Acreate2(id, "edit_identity", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
    const char* text = "0123456789ab";
    H5Awrite(attribute.get(), type.get(), &text);
  });
  EXPECT_THAT(file.refusal(), HasSubstr("/@edit_identity: is not a plain attribute"));
}

}  // namespace
}  // namespace lethe::storage
