#include "tests/parity/shipped_editor.h"

#include <algorithm>
#include <filesystem>

#include "storage/mend_editor_file.h"
#include "tests/parity/golden.h"
#include "worker/mend_editors.h"

namespace lethe::test {

ShippedMend shipped_mend(const std::string& model, const PublishedRun& run) {
  const std::filesystem::directory_iterator files(source_path("assets") / model);
  const auto found = std::find_if(begin(files), end(files), [](const auto& entry) {
    return entry.path().filename().string().starts_with("editor-") && entry.path().extension() == ".h5";
  });
  const auto contents = storage::read_mend_editor(found->path());

  const auto recorded = golden("small-mend.json").at(model);
  editing::MendConfig config;
  config.layers = recorded.at("layers").get<std::vector<int>>();
  auto start = editing::starting_network(config, run.unedited(), recorded.at("seed"));
  auto holder = std::make_shared<const editing::ArtifactOf<editing::MendEditor>>(
      worker::editor_of(contents.tensors, contents.statistics, contents.form, editing::method_config(config), start,
                        found->path().string()));
  auto method =
      editing::make_method(config, {run.unedited(), run.tokenizer(), {}, {}, {{editing::kEditorKind, holder}}});
  return {std::move(start), {holder, &holder->value}, std::move(method)};
}

}  // namespace lethe::test
