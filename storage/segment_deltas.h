#pragma once

#include <span>
#include <vector>

#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/segment.h"

// Low-rank deltas of a segment: per parameter the factors of all its edits, one row a rank. Private to storage/.

namespace lethe::storage {

/// /deltas/<parameter>/{left [sum R,O], right [sum R,I], offsets [n+1], position [n]}.
void write_deltas(const hdf5::WriteGroup& root, std::span<const StoredEdit> edits);
/// Fills `deltas` of each edit, in their order of application.
void read_deltas(const hdf5::ReadGroup& root, std::span<StoredEdit> edits);

}  // namespace lethe::storage
