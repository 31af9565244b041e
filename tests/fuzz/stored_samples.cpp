#include "tests/fuzz/stored_samples.h"

#include <utility>

#include "core/digest.h"
#include "storage/mend_editor_file.h"
#include "storage/null_space_file.h"
#include "storage/report_file.h"
#include "tests/fuzz/input.h"
#include "tests/storage/sample_contents.h"

namespace lethe::fuzz {
namespace {

using namespace storage;  // NOLINT(google-build-using-namespace): all of it is what is read here

constexpr const char* kIdentity = "0123456789ab";

/// As a file that somebody has given the right digest.
ledger::CommittedFile committed(const std::filesystem::path& path) {
  return {path, path.stem().string(), core::digest_of_file(path)};
}

std::string written(const std::function<void(const std::filesystem::path& path)>& write) {
  const auto path = InputFolder::instance().path() / "sample.h5";
  write(path);
  auto bytes = test::read_text(path);
  std::filesystem::remove(path);
  return bytes;
}

SegmentContents small_segment() {
  auto contents = sample::segment(1, 4);
  contents.provenance.erase("config");
  contents.edits.back().remembered = {{"keys", sample::matrix(2, 3, 1.0F)}};
  contents.method_state = {{"mean", {{2}, {0.5, 0.25}}}};
  return contents;
}

ReductionContents reduction(core::ReductionPart part) {
  ReductionContents contents;
  contents.cell = {"ft-c", "small-gptj", 3};
  contents.edit_identity = kIdentity;
  contents.reduction_identity = "ba9876543210";
  contents.edits = 2;
  contents.part = part;
  contents.provenance = {{"device", "cpu"}};
  switch (part) {
    case core::ReductionPart::kDistance:
      contents.distances = {{"h.0.weight", 12.5, 100}};
      break;
    case core::ReductionPart::kForgetting:
      contents.forgetting = {{1, 10, {}}, {2, 20, {}}};
      break;
    case core::ReductionPart::kTasks:
      contents.tasks = {{"sst2", {0, 1}, {1, -1}, {{5, 6}, {}}}};
      break;
    case core::ReductionPart::kScores:
      for (const std::int64_t edit : {1, 2}) {
        const auto scores = sample::edit(edit).record.scores;
        contents.scores.push_back({edit, 10 * edit, scores, scores});
      }
      break;
    case core::ReductionPart::kTexts: {
      const core::WrittenTexts texts{{{5, 6}, " a b"}, {{7}, " c"}, 1.5F};
      contents.texts = {{1, 10, "It is", texts, texts}};
      break;
    }
    case core::ReductionPart::kMonitor:
      contents.monitor = {{{"h.0.weight", 0.5, 12.5, 40.0, 39.0}}, {{2, 9.5, 4.5}, {1, 3.0, 2.0}}};
      break;
  }
  return contents;
}

MendEditorContents editor() {
  MendEditorContents contents;
  contents.model = "small-gpt2";
  contents.identity = kIdentity;
  contents.form = {{"input_normalization", "running"}, {"last_bias", "true"}, {"update_sign", "plus"}};
  contents.tensors = {{"rates", {{6}, {1, 2, 3, 4, 5, 6}}}, {"4x3.layer0.left", sample::matrix(7, 2, 0.5F)}};
  contents.statistics = {{"4x3.mean", {{2}, {1, 2}}}, {"4x3.count", {{1}, {9}}}};
  contents.training =
      MendTrainingProgress{41, 4, 20, 0.5, contents.tensors, contents.tensors, contents.tensors, contents.statistics};
  return contents;
}

ReportContents report_contents() {
  ReportContents contents;
  contents.experiment = "quickstart";
  contents.curves = {{{"ft-c", "a", 0}, "f1.sentiment", "Sentiment", {0, 30}, {81.5, 80.0}}};
  return contents;
}

void add_matrices(std::vector<StoredSample>& samples) {
  const std::vector<double> square{2.0, 0.5, 0.5, 3.0};
  samples.push_back({written([&](const auto& path) {
                       write_second_moment(path, {"small-gpt2", kIdentity, 3, 2, 12345, 67, square, {{"host", "a"}}});
                     }),
                     [](const auto& path) { static_cast<void>(read_second_moment(path)); }});
  const std::vector<double> triangle{2.0, 0.5, 3.0};
  samples.push_back({written([&](const auto& path) {
                       write_moment_sum(path, {"small-gpt2", kIdentity, 3, 1, 2, 1, 12345, 67, 0, {}, {}}, triangle);
                     }),
                     [](const auto& path) {
                       static_cast<void>(
                           read_moment_sum(committed(path), moment_sum_label("small-gpt2", kIdentity, 3, 1)));
                     }});
  const std::vector<double> column{1.0, 0.0};
  samples.push_back(
      {written([&](const auto& path) {
         write_null_space(path, {"small-gpt2", kIdentity, 3, 2, 1, false, 0.02, 0.0, 1.0, 0.01, 0.5, {}, {}}, column);
       }),
       [](const auto& path) {
         static_cast<void>(read_null_space(committed(path), null_space_label("small-gpt2", kIdentity, 3)));
       }});
}

std::vector<StoredSample> make_samples() {
  std::vector<StoredSample> samples;
  samples.push_back({written([](const auto& path) { write_segment(path, small_segment()); }), [](const auto& path) {
                       static_cast<void>(read_segment(path));
                       static_cast<void>(read_segment(path, SegmentParts::kWithoutDeltas));
                     }});
  const SnapshotContents snapshot{{"ft-c", "a", 1}, kIdentity, 5, {{"h.0.weight", sample::matrix(2, 2, 1.0F)}}, {}};
  samples.push_back({written([&](const auto& path) { write_snapshot(path, snapshot); }),
                     [](const auto& path) { static_cast<void>(read_snapshot(path)); }});
  for (const auto part : core::kAllReductionParts) {
    samples.push_back({written([&](const auto& path) { write_reduction(path, reduction(part)); }),
                       [](const auto& path) { static_cast<void>(read_reduction(path)); }});
  }
  add_matrices(samples);
  samples.push_back({written([](const auto& path) { write_mend_editor(path, editor()); }),
                     [](const auto& path) { static_cast<void>(read_mend_editor(path)); }});
  samples.push_back({written([](const auto& path) { write_report_file(path, report_contents()); }),
                     [](const auto& path) { static_cast<void>(read_report_file(path)); }});
  return samples;
}

}  // namespace

const std::vector<StoredSample>& stored_samples() {
  static const auto samples = make_samples();
  return samples;
}

}  // namespace lethe::fuzz
