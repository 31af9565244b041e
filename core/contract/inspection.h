#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/config/method_config.h"
#include "core/config/schedule.h"
#include "core/grid_cell.h"

namespace lethe::core::inline contract {

/// What planning must know about a model, read from its folder's headers only.
struct ModelFacts {
  std::string name;
  std::string family;  ///< "gpt2" or "gptj"
  std::int64_t num_layers = 0;
  std::int64_t width = 0;
  std::int64_t inner_width = 0;
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;
  std::int64_t num_parameters = 0;
  std::string moments_identity;        ///< 12 hex digits; empty if no cell needs second moments
  std::vector<int> moments_layers;     ///< layers whose second moments the config's cells need
  std::string baseline_identity;       ///< 12 hex digits
  std::string editor_identity{};       ///< of the MEND editor's training, 12 hex digits; empty without training records
  bool needs_editor = false;           ///< a cell's config names no editor: it is trained first
  std::int64_t moments_documents = 0;  ///< documents of the corpus that the second moments read
};

/// What planning must know about a cell.
struct CellFacts {
  GridCell cell;
  std::int64_t edits = 0;
  std::string edit_identity;                                ///< 12 hex digits (design C2)
  std::map<std::string, std::string> edit_identity_fields;  ///< what was hashed, for side-by-side errors
  std::map<std::string, std::string> reduction_identities;  ///< by part name, 12 hex digits
  std::int64_t delta_bytes_per_edit = 0;                    ///< low-rank factors
  std::int64_t snapshot_bytes = 0;                          ///< dense snapshot per checkpoint; 0 for low-rank methods
};

/// Result of `lethe-executor inspect`: facts, and every problem of the inputs, all at once.
struct Inspection {
  std::vector<ModelFacts> models;
  std::vector<CellFacts> cells;
  std::vector<std::string> problems;  ///< "path: what is wrong; remedy"

  [[nodiscard]] const CellFacts& cell(const GridCell& cell) const;
  [[nodiscard]] const ModelFacts& model(const std::string& name) const;
};

/// Sets what an edit of the cell takes on disk: factors of every edited layer, or a snapshot of weight and bias.
void set_sizes(CellFacts& facts, const MethodConfig& method, std::int64_t num_layers, std::int64_t width,
               std::int64_t inner_width);

std::string to_json(const Inspection& inspection);
Inspection inspection_from_json(const std::string& text);

}  // namespace lethe::core::inline contract
