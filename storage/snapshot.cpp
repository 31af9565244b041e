#include "core/error.h"
#include "storage/cell_attributes.h"
#include "storage/segment.h"

namespace lethe::storage {
namespace {

constexpr const char* kSnapshotSchema = "lethe.snapshot";

}  // namespace

void write_snapshot(const std::filesystem::path& temporary, const SnapshotContents& contents) {
  const hdf5::LibraryLock lock;
  hdf5::OutputFile file(temporary, kSnapshotSchema);
  {
    const hdf5::WriteGroup& root = file.root();
    hdf5::write_cell(root, contents.cell);
    root.attribute("edit_identity", contents.edit_identity);
    root.attribute("edit", contents.edit);
    const hdf5::WriteGroup parameters = root.create_group("parameters");
    for (const auto& [name, tensor] : contents.parameters) parameters.dataset<float>(name, tensor.values, tensor.shape);
    file.provenance(contents.provenance);
  }
  file.close();
}

SnapshotContents read_snapshot(const std::filesystem::path& path) {
  const hdf5::LibraryLock lock;
  const hdf5::InputFile file(path, kSnapshotSchema);
  const hdf5::ReadGroup& root = file.root();
  SnapshotContents contents;
  contents.cell = hdf5::read_cell(root);
  contents.edit_identity = root.attribute_text("edit_identity");
  contents.edit = root.attribute_integer("edit");
  if (contents.edit < 0) root.fail_at("@edit", "is negative");
  const hdf5::ReadGroup parameters = root.group("parameters");
  for (const auto& [name, kind] : parameters.members()) {
    auto [shape, values] = parameters.array<float>(name);
    contents.parameters[name] = {std::move(shape), std::move(values)};
  }
  contents.provenance = file.provenance();
  return contents;
}

SnapshotContents read_snapshot(const ledger::CommittedFile& file) {
  ledger::check_digest(file);
  return read_snapshot(file.path);
}

}  // namespace lethe::storage
