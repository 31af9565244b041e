#include "storage/null_space_file.h"

#include <cstdint>

#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/value_checks.h"

namespace lethe::storage {
void write_null_space(const std::filesystem::path& temporary, const NullSpaceContents& contents,
                      std::span<const double> values) {
  const hdf5::LibraryLock lock;
  hdf5::OutputFile file(temporary, null_space_label(contents.model, contents.identity, contents.layer));
  {
    const hdf5::WriteGroup& root = file.root();
    root.attribute("basis", std::string(contents.is_complement ? "complement" : "null_space"));
    root.dataset("spectrum", std::vector<double>{contents.threshold, contents.smallest, contents.largest,
                                                 contents.below, contents.above});
    file.provenance(contents.provenance);
  }
  file.streamed_dataset("basis", values, {contents.inner_width, contents.num_columns});
  file.close();
}

NullSpaceContents read_null_space(const ledger::CommittedFile& committed, const FileLabel& label) {
  ledger::check_digest(committed);
  const hdf5::LibraryLock lock;
  const hdf5::InputFile file(committed.path, label);
  const hdf5::ReadGroup& root = file.root();
  NullSpaceContents contents;
  contents.model = root.attribute_text("model");
  contents.identity = root.attribute_text("projector_identity");
  const auto layer = root.attribute_integer("layer");
  if (layer < 0 || layer > INT32_MAX) root.fail_at("@layer", "is out of range");
  contents.layer = static_cast<int>(layer);
  const auto basis = root.attribute_text("basis");
  if (basis != "complement" && basis != "null_space") root.fail_at("@basis", "is neither null_space nor complement");
  contents.is_complement = basis == "complement";
  const auto spectrum = root.vector<double>("spectrum");
  if (spectrum.size() != 5) root.fail_at("spectrum", "does not hold five numbers");
  contents.threshold = spectrum[0];
  contents.smallest = spectrum[1];
  contents.largest = spectrum[2];
  contents.below = spectrum[3];
  contents.above = spectrum[4];
  auto [shape, values] = root.array<double>("basis");
  if (shape.size() != 2) root.fail_at("basis", "is no matrix");
  contents.inner_width = shape[0];
  contents.num_columns = shape[1];
  hdf5::require_finite(root, "basis", values);
  contents.values = std::move(values);
  contents.provenance = file.provenance();
  return contents;
}

}  // namespace lethe::storage
