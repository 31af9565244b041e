#include "storage/file_label.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "storage/mend_editor_file.h"
#include "storage/null_space_file.h"
#include "storage/second_moment_file.h"
#include "tests/storage/sample_contents.h"

namespace lethe::storage {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;

constexpr const char* kIdentity = "0123456789ab";

/// A kind of file: how one is written, what it says of itself, how it is read.
struct Kind {
  const char* name;
  std::function<void(const std::filesystem::path&)> write;
  FileLabel label;
  std::function<void(const ledger::CommittedFile&, const FileLabel&)> read;
};

const core::GridCell kCell{"rome", "small-gpt2", 2};

std::vector<Kind> kinds() {
  return {
      {"segment", [](const auto& path) { write_segment(path, sample::segment(3, 5)); },
       segment_label(kCell, kIdentity, 3, 5), [](const auto& file, const auto& label) { read_segment(file, label); }},
      {"snapshot",
       [](const auto& path) {
         write_snapshot(path, {kCell, kIdentity, 7, {{"w", sample::matrix(2, 2, 1.0F)}}, {{"host", "a"}}});
       },
       snapshot_label(kCell, kIdentity, 7), [](const auto& file, const auto& label) { read_snapshot(file, label); }},
      {"reduction",
       [](const auto& path) {
         ReductionContents contents{kCell, kIdentity, "ba9876543210", 7, core::ReductionPart::kDistance, {}, {},
                                    {},    {}};
         contents.distances = {{"w", 0.5, 4}};
         write_reduction(path, contents);
       },
       reduction_label(kCell, kIdentity, core::ReductionPart::kDistance, 7, "ba9876543210"),
       [](const auto& file, const auto& label) { read_reduction(file, label); }},
      {"baseline",
       [](const auto& path) {
         ReductionContents contents;
         contents.cell = {"", "m", -1};
         contents.reduction_identity = kIdentity;
         contents.part = core::ReductionPart::kTasks;
         write_reduction(path, contents);
       },
       baseline_label("m", kIdentity), [](const auto& file, const auto& label) { read_reduction(file, label); }},
      {"second-moment",
       [](const auto& path) {
         write_second_moment(path, {"m", kIdentity, 3, 1, 9, 2, {1.0}, {}});
       },
       second_moment_label("m", kIdentity, 3),
       [](const auto& file, const auto& label) { read_second_moment(file, label); }},
      {"moment-sum",
       [](const auto& path) {
         const std::vector<double> values{1.0, 2.0};
         write_moment_sum(path, {"m", kIdentity, 3, 41, 1, 256, 9, 2, 0, {}, {}}, values);
       },
       moment_sum_label("m", kIdentity, 3, 41),
       [](const auto& file, const auto& label) { read_moment_sum(file, label); }},
      {"null-space",
       [](const auto& path) {
         NullSpaceContents contents;
         contents.model = "m";
         contents.identity = kIdentity;
         contents.layer = 3;
         contents.inner_width = 2;
         contents.num_columns = 1;
         const std::vector<double> values{0.0, 1.0};
         write_null_space(path, contents, values);
       },
       null_space_label("m", kIdentity, 3), [](const auto& file, const auto& label) { read_null_space(file, label); }},
      {"editor",
       [](const auto& path) {
         MendEditorContents contents;
         contents.model = "m";
         contents.identity = kIdentity;
         contents.weights = "digest of the weights";
         write_mend_editor(path, contents);
       },
       mend_editor_label("m", kIdentity, "digest of the weights"),
       [](const auto& file, const auto& label) { read_mend_editor(file, label); }}};
}

ledger::CommittedFile commit(const TemporaryFolder& folder, const Kind& kind) {
  return ledger::commit_file(folder.path(), kind.name, kind.write);
}

void change(std::variant<std::int64_t, std::string>& value) {
  if (auto* number = std::get_if<std::int64_t>(&value)) {
    ++*number;
  } else {
    std::get<std::string>(value) += "x";
  }
}

TEST(FileLabel, IsWhatEachKindOfFileIsWrittenAndReadWith) {
  const TemporaryFolder folder;
  for (const auto& kind : kinds()) {
    const auto file = commit(folder, kind);
    EXPECT_EQ(flaw_of(file, kind.label), std::nullopt) << kind.name;
    EXPECT_NO_THROW(kind.read(file, kind.label)) << kind.name;
  }
}

TEST(FileLabel, EveryAttributeOfEveryKindTellsAnotherFile) {
  const TemporaryFolder folder;
  for (const auto& kind : kinds()) {
    const auto file = commit(folder, kind);
    for (auto group : {&FileLabel::attributes, &FileLabel::later}) {
      for (const auto& [name, value] : kind.label.*group) {
        auto other = kind.label;
        change((other.*group).at(name));
        EXPECT_THAT(flaw_of(file, other).value_or(""), HasSubstr(file.path.filename().string())) << kind.name;
        EXPECT_THAT(flaw_of(file, other).value_or(""), HasSubstr("its " + name + " is")) << kind.name;
        EXPECT_THROW(kind.read(file, other), core::MismatchError) << kind.name << " " << name;
      }
    }
  }
}

TEST(FileLabel, AFileThatCannotBeReadIsNotCalledFlawed) {
  const TemporaryFolder folder;
  for (const auto& kind : kinds()) {
    const auto file = commit(folder, kind);
    std::filesystem::remove(file.path);
    EXPECT_THROW((void)flaw_of(file, kind.label), core::StorageError) << kind.name;
    std::filesystem::create_directory(file.path);  // reading a folder is an I/O error
    EXPECT_THROW((void)flaw_of(file, kind.label), core::StorageError) << kind.name;
  }
}

TEST(FileLabel, ADamagedFileIsToldByItsDigest) {
  const TemporaryFolder folder;
  for (const auto& kind : kinds()) {
    const auto file = commit(folder, kind);
    std::filesystem::resize_file(file.path, 100);
    EXPECT_THAT(flaw_of(file, kind.label).value_or(""), HasSubstr("is damaged")) << kind.name;
  }
}

TEST(FileLabel, AnEditorOfBeforeItsWeightsWereStoredIsRead) {
  const TemporaryFolder folder;
  const FileLabel of_a_later_version{named_editor_label("w").schema, {}, {{"known_later", "x"}}};
  EXPECT_EQ(flaw_of(commit(folder, kinds().back()), of_a_later_version), std::nullopt);
}

TEST(MendEditorFile, HoldsNoValuesThatAreNotFinite) {
  const TemporaryFolder folder;
  MendEditorContents contents;
  contents.tensors = {{"rates", {{2}, {0.5F, std::nanf("")}}}};
  write_mend_editor(folder / "a.tmp", contents);
  EXPECT_THAT(test::message_of<core::StorageError>([&] { (void)read_mend_editor(folder / "a.tmp"); }),
              HasSubstr("/tensors/rates: entry 1 is nan"));
}

}  // namespace
}  // namespace lethe::storage
