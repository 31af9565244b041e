#include "storage/mend_editor_file.h"

#include "core/error.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/schemas.h"
#include "storage/value_checks.h"

namespace lethe::storage {
namespace {

template <typename Value, typename Tensor>
void write_tensors(const hdf5::WriteGroup& parent, const std::string& name,
                   const std::map<std::string, Tensor>& tensors) {
  const hdf5::WriteGroup group = parent.create_group(name);
  for (const auto& [key, tensor] : tensors) group.dataset<Value>(key, tensor.values, tensor.shape);
}

template <typename Value, typename Tensor>
std::map<std::string, Tensor> read_tensors(const hdf5::ReadGroup& parent, const std::string& name) {
  const hdf5::ReadGroup group = parent.group(name);
  std::map<std::string, Tensor> tensors;
  for (const auto& [key, kind] : group.members()) {
    auto [shape, values] = group.array<Value>(key);
    hdf5::require_finite(group, key, values);
    tensors.emplace(key, Tensor{std::move(shape), std::move(values)});
  }
  return tensors;
}

void write_training(const hdf5::WriteGroup& root, const MendTrainingProgress& training) {
  const hdf5::WriteGroup group = root.create_group("training");
  group.attribute("next_iteration", training.next_iteration);
  group.attribute("num_steps", training.num_steps);
  group.attribute("best_iteration", training.best_iteration);
  group.dataset(std::string("best_loss"), std::vector<double>{training.best_loss});
  write_tensors<float>(group, "first_moments", training.first_moments);
  write_tensors<float>(group, "second_moments", training.second_moments);
  write_tensors<float>(group, "best_tensors", training.best_tensors);
  write_tensors<double>(group, "best_statistics", training.best_statistics);
}

MendTrainingProgress read_training(const hdf5::ReadGroup& group) {
  MendTrainingProgress training;
  training.next_iteration = group.attribute_integer("next_iteration");
  training.num_steps = group.attribute_integer("num_steps");
  training.best_iteration = group.attribute_integer("best_iteration");
  if (training.next_iteration < 0 || training.num_steps < 0 || training.best_iteration < -1) {
    group.fail_at("@next_iteration", "is out of range");
  }
  training.best_loss = group.vector<double>("best_loss", 1).front();
  training.first_moments = read_tensors<float, core::HostTensor>(group, "first_moments");
  training.second_moments = read_tensors<float, core::HostTensor>(group, "second_moments");
  training.best_tensors = read_tensors<float, core::HostTensor>(group, "best_tensors");
  training.best_statistics = read_tensors<double, core::HostDoubles>(group, "best_statistics");
  return training;
}

}  // namespace

void write_mend_editor(const std::filesystem::path& temporary, const MendEditorContents& contents) {
  const hdf5::LibraryLock lock;
  hdf5::OutputFile file(temporary, mend_editor_label(contents.model, contents.identity, contents.weights));
  {
    const hdf5::WriteGroup& root = file.root();
    const hdf5::WriteGroup form = root.create_group("form");
    for (const auto& [name, value] : contents.form) form.attribute(name, value);
    write_tensors<float>(root, "tensors", contents.tensors);
    write_tensors<double>(root, "statistics", contents.statistics);
    if (contents.training) write_training(root, *contents.training);
    file.provenance(contents.provenance);
  }
  file.close();
}

namespace {

MendEditorContents editor_contents_of(const hdf5::InputFile& file) {
  const hdf5::ReadGroup& root = file.root();
  MendEditorContents contents;
  contents.model = root.attribute_text("model");
  contents.identity = root.attribute_text("training_identity");
  if (root.has_attribute("weights")) contents.weights = root.attribute_text("weights");
  const hdf5::ReadGroup form = root.group("form");
  for (const auto& name : form.attribute_names()) contents.form[name] = form.attribute_text(name);
  contents.tensors = read_tensors<float, core::HostTensor>(root, "tensors");
  contents.statistics = read_tensors<double, core::HostDoubles>(root, "statistics");
  if (root.has("training")) contents.training = read_training(root.group("training"));
  contents.provenance = file.provenance();
  return contents;
}

}  // namespace

MendEditorContents read_mend_editor(const std::filesystem::path& path) {
  const hdf5::LibraryLock lock;
  return editor_contents_of(hdf5::InputFile(path, kMendEditorSchema));
}

MendEditorContents read_mend_editor(const ledger::CommittedFile& file, const FileLabel& label) {
  ledger::check_digest(file);
  const hdf5::LibraryLock lock;
  return editor_contents_of(hdf5::InputFile(file.path, label));
}

}  // namespace lethe::storage
