#include "storage/segment_deltas.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

// Legend: O outputs, I inputs, R rank, n edits.

namespace lethe::storage {
namespace {

constexpr std::int32_t kNoUpdate = -1;

/// [M,R] as R rows of M values: an edit's factors become consecutive rows.
void append_transposed(std::vector<float>& rows, const core::HostTensor& matrix) {
  const auto num_rows = static_cast<std::size_t>(matrix.shape[0]);
  const auto rank = static_cast<std::size_t>(matrix.shape[1]);
  for (std::size_t r = 0; r < rank; ++r) {
    for (std::size_t m = 0; m < num_rows; ++m) rows.push_back(matrix.values[m * rank + r]);
  }
}

core::HostTensor transposed(const std::vector<float>& rows, std::int64_t width, std::int64_t first, std::int64_t last) {
  const auto rank = static_cast<std::size_t>(last - first);
  core::HostTensor matrix{{width, last - first}, {}};
  matrix.values.resize(static_cast<std::size_t>(width) * rank);
  for (std::size_t r = 0; r < rank; ++r) {
    const std::size_t row = (static_cast<std::size_t>(first) + r) * static_cast<std::size_t>(width);
    for (std::size_t m = 0; m < static_cast<std::size_t>(width); ++m) matrix.values[m * rank + r] = rows[row + m];
  }
  return matrix;
}

/// The factors of one parameter over all edits of a segment.
struct ParameterColumns {
  std::int64_t num_outputs = 0;
  std::int64_t num_inputs = 0;
  std::vector<float> left;
  std::vector<float> right;
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> position;
};

void require_matrix(const core::HostTensor& matrix, const hdf5::Place& place) {
  if (matrix.shape.size() != 2 ||
      hdf5::num_elements(matrix.shape, place) != static_cast<std::int64_t>(matrix.values.size())) {
    hdf5::fail(place, "a factor is no matrix, or its values do not fill its shape");
  }
}

void append(ParameterColumns& columns, const LowRankDelta& delta, std::int32_t position, const hdf5::Place& place) {
  require_matrix(delta.left, place);
  require_matrix(delta.right, place);
  const bool is_first = columns.left.empty();
  if (delta.left.shape[1] != delta.right.shape[1] || delta.left.shape[1] < 1) {
    hdf5::fail(place, "left and right factors differ in rank, or have none");
  }
  if (!is_first && (columns.num_outputs != delta.left.shape[0] || columns.num_inputs != delta.right.shape[0])) {
    hdf5::fail(place, "factors change their shape within the segment");
  }
  columns.num_outputs = delta.left.shape[0];
  columns.num_inputs = delta.right.shape[0];
  append_transposed(columns.left, delta.left);
  append_transposed(columns.right, delta.right);
  columns.offsets.push_back(columns.offsets.back() + delta.left.shape[1]);
  columns.position.push_back(position);
}

std::map<std::string, ParameterColumns> columns_of(std::span<const StoredEdit> edits, const hdf5::Place& place) {
  std::map<std::string, ParameterColumns> columns;
  for (const StoredEdit& edit : edits) {
    for (const LowRankDelta& delta : edit.deltas) columns.try_emplace(delta.parameter);
  }
  for (auto& [parameter, column] : columns) {
    const hdf5::Place inner{place.file, "/deltas/" + parameter};
    for (const StoredEdit& edit : edits) {
      const auto is_it = [&name = parameter](const LowRankDelta& delta) { return delta.parameter == name; };
      const auto found = std::find_if(edit.deltas.begin(), edit.deltas.end(), is_it);
      if (found == edit.deltas.end()) {
        column.offsets.push_back(column.offsets.back());
        column.position.push_back(kNoUpdate);
        continue;
      }
      if (std::find_if(found + 1, edit.deltas.end(), is_it) != edit.deltas.end()) {
        hdf5::fail(inner, "edit " + std::to_string(edit.record.edit) + " updates it twice");
      }
      append(column, *found, static_cast<std::int32_t>(found - edit.deltas.begin()), inner);
    }
  }
  return columns;
}

/// The updates of one parameter, by edit and position.
void read_parameter(const hdf5::ReadGroup& group, const std::string& parameter, std::size_t num_edits,
                    std::vector<std::map<std::int32_t, LowRankDelta>>& by_position) {
  const auto [left_shape, left] = group.array<float>("left");
  const auto [right_shape, right] = group.array<float>("right");
  if (left_shape.size() != 2 || right_shape.size() != 2 || left_shape[0] != right_shape[0]) {
    group.fail_at("left", "and /right are not matrices with one row a rank");
  }
  const auto n = static_cast<std::int64_t>(num_edits);
  const auto offsets = group.offsets("offsets", n, left_shape[0]);
  const auto position = group.vector<std::int32_t>("position", n);
  for (std::size_t i = 0; i < num_edits; ++i) {
    const bool has_update = offsets[i + 1] > offsets[i];
    if (has_update != (position[i] >= 0)) group.fail_at("position", "does not agree with the offsets");
    if (!has_update) continue;
    LowRankDelta delta{parameter, transposed(left, left_shape[1], offsets[i], offsets[i + 1]),
                       transposed(right, right_shape[1], offsets[i], offsets[i + 1])};
    if (!by_position[i].emplace(position[i], std::move(delta)).second) {
      group.fail_at("position", "is taken by another parameter");
    }
  }
}

}  // namespace

void write_deltas(const hdf5::WriteGroup& root, std::span<const StoredEdit> edits) {
  const hdf5::WriteGroup deltas = root.create_group("deltas");
  for (const auto& [parameter, columns] : columns_of(edits, root.place())) {
    const hdf5::WriteGroup group = deltas.create_group(parameter);
    const std::int64_t num_rows = columns.offsets.back();
    group.dataset<float>("left", columns.left, {num_rows, columns.num_outputs});
    group.dataset<float>("right", columns.right, {num_rows, columns.num_inputs});
    group.dataset(std::string("offsets"), columns.offsets);
    group.dataset(std::string("position"), columns.position);
  }
}

void read_deltas(const hdf5::ReadGroup& root, std::span<StoredEdit> edits) {
  const hdf5::ReadGroup deltas = root.group("deltas");
  std::vector<std::map<std::int32_t, LowRankDelta>> by_position(edits.size());
  for (const auto& [parameter, kind] : deltas.members()) {
    read_parameter(deltas.group(parameter), parameter, edits.size(), by_position);
  }
  for (std::size_t i = 0; i < edits.size(); ++i) {
    for (auto& [position, delta] : by_position[i]) {
      if (position != static_cast<std::int32_t>(edits[i].deltas.size())) {
        deltas.fail_at("position", "leaves a gap in the order of updates");
      }
      edits[i].deltas.push_back(std::move(delta));
    }
  }
}

}  // namespace lethe::storage
