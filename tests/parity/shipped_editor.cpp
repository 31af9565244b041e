#include "tests/parity/shipped_editor.h"

#include <algorithm>
#include <filesystem>

#include "storage/mend_editor_file.h"
#include "tests/parity/golden.h"
#include "worker/mend_editors.h"

namespace lethe::test {

std::shared_ptr<const editing::MendEditor> shipped_editor(const std::string& model, const core::MendConfig& config,
                                                          const model::Network& start) {
  const std::filesystem::directory_iterator files(source_path("assets") / model);
  const auto found = std::find_if(begin(files), end(files), [](const auto& entry) {
    return entry.path().filename().string().starts_with("editor-") && entry.path().extension() == ".h5";
  });
  const auto contents = storage::read_mend_editor(found->path());
  return std::make_shared<const editing::MendEditor>(
      worker::editor_of(contents.tensors, contents.statistics, contents.form, config, start, found->path().string()));
}

}  // namespace lethe::test
