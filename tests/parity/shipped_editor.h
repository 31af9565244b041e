#pragma once

#include <memory>
#include <string>

#include "editing/edit_method.h"
#include "editing/mend/mend_editor.h"
#include "tests/parity/published_run.h"

namespace lethe::test {

/// MEND with the editor in a shipped model's folder, as the published run used it.
struct ShippedMend {
  model::Network start;  ///< the unedited network with a class more
  std::shared_ptr<const editing::MendEditor> editor;
  std::unique_ptr<editing::EditMethod> method;
};
/// `run` must outlive the result.
ShippedMend shipped_mend(const std::string& model, const PublishedRun& run);

}  // namespace lethe::test
