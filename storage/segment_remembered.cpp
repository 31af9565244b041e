#include "storage/segment_remembered.h"

#include <algorithm>
#include <set>

namespace lethe::storage {
namespace {

/// The rows of one name over all edits of a segment.
struct Rows {
  std::int64_t width = 0;
  std::vector<float> values;
  std::vector<std::int64_t> offsets{0};
};

void append(Rows& rows, const core::HostTensor& matrix, const hdf5::Place& place) {
  const bool is_matrix = matrix.shape.size() == 2 && matrix.shape[0] > 0 && matrix.shape[1] > 0 &&
                         hdf5::num_elements(matrix.shape, place) == static_cast<std::int64_t>(matrix.values.size());
  if (!is_matrix) hdf5::fail(place, "what a step remembers is no matrix, or its values do not fill its shape");
  if (rows.width != 0 && rows.width != matrix.shape[1]) hdf5::fail(place, "rows change their width within the segment");
  rows.width = matrix.shape[1];
  rows.values.insert(rows.values.end(), matrix.values.begin(), matrix.values.end());
}

Rows rows_of(std::span<const StoredEdit> edits, const std::string& name, const hdf5::Place& place) {
  Rows rows;
  for (const StoredEdit& edit : edits) {
    const auto found = edit.remembered.find(name);
    if (found != edit.remembered.end()) append(rows, found->second, place);
    rows.offsets.push_back(static_cast<std::int64_t>(rows.values.size()) / std::max<std::int64_t>(1, rows.width));
  }
  return rows;
}

void check_offsets(const hdf5::ReadGroup& group, const std::vector<std::int64_t>& offsets, std::size_t num_edits,
                   std::int64_t num_rows) {
  const bool fits = offsets.size() == num_edits + 1 && offsets.front() == 0 && offsets.back() == num_rows &&
                    std::ranges::is_sorted(offsets);
  if (!fits) group.fail_at("offset", "does not cut the rows into those of the segment's edits");
}

void read_rows(const hdf5::ReadGroup& group, const std::string& name, std::vector<StoredEdit>& edits) {
  const auto [shape, values] = group.array<float>("values");
  if (shape.size() != 2 || shape[1] < 1) group.fail_at("values", "is no matrix");
  const auto offsets = group.vector<std::int64_t>("offset");
  check_offsets(group, offsets, edits.size(), shape[0]);
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (offsets[i] == offsets[i + 1]) continue;
    const auto* first = values.data() + offsets[i] * shape[1];
    const auto* last = values.data() + offsets[i + 1] * shape[1];
    edits[i].remembered.emplace(name, core::HostTensor{{offsets[i + 1] - offsets[i], shape[1]}, {first, last}});
  }
}

}  // namespace

void write_remembered(const hdf5::WriteGroup& root, std::span<const StoredEdit> edits) {
  std::set<std::string> names;
  for (const StoredEdit& edit : edits) {
    for (const auto& [name, matrix] : edit.remembered) names.insert(name);
  }
  if (names.empty()) return;
  const hdf5::WriteGroup all = root.create_group("remembered");
  for (const auto& name : names) {
    const hdf5::WriteGroup group = all.create_group(name);
    const Rows rows = rows_of(edits, name, {"", "/remembered/" + name});
    group.dataset<float>("values", rows.values, {rows.offsets.back(), rows.width});
    group.dataset("offset", rows.offsets);
  }
}

void read_remembered(const hdf5::ReadGroup& root, std::vector<StoredEdit>& edits) {
  if (!root.has("remembered")) return;
  const hdf5::ReadGroup all = root.group("remembered");
  for (const auto& [name, kind] : all.members()) read_rows(all.group(name), name, edits);
}

}  // namespace lethe::storage
