#pragma once

#include <span>
#include <vector>

#include "core/metric_record.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"

// Texts that two models wrote, as columns of a group. Private to storage/.

namespace lethe::storage::hdf5 {

void write_texts(const WriteGroup& group, std::span<const core::TextsRecord> records);
/// Throws `core::StorageError` where columns differ in length, or edits are not from 1 on or fall.
std::vector<core::TextsRecord> read_texts(const ReadGroup& group);

}  // namespace lethe::storage::hdf5
