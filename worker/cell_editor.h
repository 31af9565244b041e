#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/metric_record.h"
#include "data/edit_request.h"
#include "editing/edit_method.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// The editing method of a cell with its contexts and second moments: computes and applies one step at a time.
class CellEditor {
 public:
  /// `contexts` of the cell's first segment; empty: they are made from the unedited model.
  CellEditor(Workspace& workspace, const core::GridCell& cell, std::shared_ptr<const LoadedModel> loaded,
             editing::EditContexts contexts);

  struct Edited {
    std::vector<core::MetricRecord> records;          ///< by request, without scores; each has its share of the time
    std::vector<editing::ParameterUpdate> updates;    ///< already applied; empty for a failed step
    std::map<std::string, torch::Tensor> remembered;  ///< `Increment::rows`, already folded
  };
  /// Computes one step, edits `first_edit` and on, and applies it to `network`; takes what it adds into the method's
  /// history. A numerical failure is recorded, the weights stay.
  Edited edit(model::Network& network, std::span<const data::EditRequest> requests, std::int64_t first_edit);

  [[nodiscard]] const editing::EditContexts& contexts() const { return contexts_; }
  [[nodiscard]] const editing::EditMethod& method() const { return *method_; }
  /// Takes in what a cell's earlier steps added to the method's history, step by step in their order.
  void fold(const editing::Increment& increment);
  [[nodiscard]] torch::Device device() const { return start_.device(); }
  [[nodiscard]] bool remembers() const { return history_ != nullptr; }
  /// What the method remembers as a whole (`Increment::latest`), after the last edit.
  [[nodiscard]] const std::map<std::string, torch::Tensor>& latest() const { return latest_; }

 private:
  std::shared_ptr<const LoadedModel> loaded_;
  editing::EditContexts contexts_;
  model::Network start_;
  std::unique_ptr<editing::EditMethod> method_;
  std::unique_ptr<editing::History> history_;
  std::map<std::string, torch::Tensor> latest_;
};

}  // namespace lethe::worker
