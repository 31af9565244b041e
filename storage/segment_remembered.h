#pragma once

#include <span>
#include <vector>

#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/segment.h"

namespace lethe::storage {

/// /remembered/<name>: `values` [all rows, width] and `offset` [edits + 1], the rows of edit i being
/// [offset[i], offset[i + 1]). No group where nothing is remembered.
void write_remembered(const hdf5::WriteGroup& root, std::span<const StoredEdit> edits);
void read_remembered(const hdf5::ReadGroup& root, std::vector<StoredEdit>& edits);

}  // namespace lethe::storage
