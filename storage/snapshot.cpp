#include "core/error.h"
#include "storage/cell_attributes.h"
#include "storage/schemas.h"
#include "storage/segment.h"

namespace lethe::storage {
namespace {

SnapshotContents snapshot_contents(const hdf5::InputFile& file) {
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

}  // namespace

void write_snapshot(const std::filesystem::path& temporary, const SnapshotContents& contents) {
  const hdf5::LibraryLock lock;
  hdf5::OutputFile file(temporary, snapshot_label(contents.cell, contents.edit_identity, contents.edit));
  {
    const hdf5::WriteGroup& root = file.root();
    const hdf5::WriteGroup parameters = root.create_group("parameters");
    for (const auto& [name, tensor] : contents.parameters) parameters.dataset<float>(name, tensor.values, tensor.shape);
    file.provenance(contents.provenance);
  }
  file.close();
}

SnapshotContents read_snapshot(const std::filesystem::path& path) {
  const hdf5::LibraryLock lock;
  return snapshot_contents(hdf5::InputFile(path, kSnapshotSchema));
}

SnapshotContents read_snapshot(const ledger::CommittedFile& file, const FileLabel& label) {
  ledger::check_digest(file);
  const hdf5::LibraryLock lock;
  return snapshot_contents(hdf5::InputFile(file.path, label));
}

}  // namespace lethe::storage
