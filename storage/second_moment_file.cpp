#include "storage/second_moment_file.h"

#include <algorithm>

#include "core/error.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/schemas.h"
#include "storage/value_checks.h"

namespace lethe::storage {
namespace {

int layer_of(const hdf5::ReadGroup& root) {
  const std::int64_t layer = root.attribute_integer("layer");
  if (layer < 0 || layer > INT32_MAX) root.fail_at("@layer", "is out of range");
  return static_cast<int>(layer);
}

}  // namespace

void write_second_moment(const std::filesystem::path& temporary, const SecondMomentContents& contents) {
  write_second_moment(temporary, contents, contents.values);
}

void write_second_moment(const std::filesystem::path& temporary, const SecondMomentContents& contents,
                         std::span<const double> values_FF) {
  const hdf5::LibraryLock lock;
  hdf5::OutputFile file(temporary, second_moment_label(contents.model, contents.identity, contents.layer));
  {
    const hdf5::WriteGroup& root = file.root();
    root.attribute("num_tokens", contents.count);
    root.attribute("num_documents", contents.num_documents);
    file.provenance(contents.provenance);
  }
  file.streamed_dataset("second_moment", values_FF, {contents.inner_width, contents.inner_width});
  file.close();
}

void write_moment_sum(const std::filesystem::path& temporary, const MomentSumContents& contents,
                      std::span<const double> values) {
  const hdf5::LibraryLock lock;
  hdf5::OutputFile file(temporary, moment_sum_label(contents.model, contents.identity, contents.layer, contents.slice));
  {
    const hdf5::WriteGroup& root = file.root();
    root.attribute("inner_width", contents.inner_width);
    root.attribute("panel_rows", contents.panel_rows);
    root.attribute("num_tokens", contents.count);
    root.attribute("num_documents", contents.num_documents);
    root.attribute("num_tokens_cut", contents.num_tokens_cut);
    file.provenance(contents.provenance);
  }
  file.streamed_dataset("sum", values, {static_cast<std::int64_t>(values.size())});
  file.close();
}

namespace {

SecondMomentContents moment_contents(const hdf5::InputFile& file) {
  const hdf5::ReadGroup& root = file.root();
  SecondMomentContents contents;
  contents.model = root.attribute_text("model");
  contents.identity = root.attribute_text("moments_identity");
  contents.layer = layer_of(root);
  contents.count = root.attribute_integer("num_tokens");
  contents.num_documents = root.attribute_integer("num_documents");
  if (contents.count < 1 || contents.num_documents < 0) root.fail_at("@num_tokens", "is out of range");
  auto [shape, values] = root.array<double>("second_moment");
  if (shape.size() != 2 || shape[0] != shape[1]) root.fail_at("second_moment", "is no square matrix");
  hdf5::require_finite(root, "second_moment", values);
  hdf5::require_symmetric(root, "second_moment", values, shape[0]);
  contents.inner_width = shape[0];
  contents.values = std::move(values);
  contents.provenance = file.provenance();
  return contents;
}

}  // namespace

SecondMomentContents read_second_moment(const std::filesystem::path& path) {
  const hdf5::LibraryLock lock;
  return moment_contents(hdf5::InputFile(path, kSecondMomentSchema));
}

Provenance read_second_moment_provenance(const ledger::CommittedFile& committed) {
  ledger::check_digest(committed);
  const hdf5::LibraryLock lock;
  return hdf5::InputFile(committed.path, kSecondMomentSchema).provenance();
}

SecondMomentContents read_second_moment(const ledger::CommittedFile& file, const FileLabel& label) {
  ledger::check_digest(file);
  const hdf5::LibraryLock lock;
  return moment_contents(hdf5::InputFile(file.path, label));
}

MomentSumContents read_moment_sum(const ledger::CommittedFile& committed, const FileLabel& label) {
  ledger::check_digest(committed);
  const hdf5::LibraryLock lock;
  const hdf5::InputFile file(committed.path, label);
  const hdf5::ReadGroup& root = file.root();
  MomentSumContents contents;
  contents.model = root.attribute_text("model");
  contents.identity = root.attribute_text("moments_identity");
  contents.layer = layer_of(root);
  contents.slice = root.attribute_integer("slice");
  contents.inner_width = root.attribute_integer("inner_width");
  contents.panel_rows = root.attribute_integer("panel_rows");
  contents.count = root.attribute_integer("num_tokens");
  contents.num_documents = root.attribute_integer("num_documents");
  const auto names = root.attribute_names();
  if (std::ranges::find(names, "num_tokens_cut") != names.end()) {
    contents.num_tokens_cut = root.attribute_integer("num_tokens_cut");
  }
  const bool is_in_range = contents.count >= 0 && contents.num_documents >= 0 && contents.num_tokens_cut >= 0;
  if (!is_in_range) root.fail_at("@num_tokens", "is out of range");
  contents.values = root.vector<double>("sum");
  hdf5::require_finite(root, "sum", contents.values);
  contents.provenance = file.provenance();
  return contents;
}

}  // namespace lethe::storage
