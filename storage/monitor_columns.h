#pragma once

#include "core/metric_record.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"

// What the monitor measured, as columns of a group. Private to storage/.

namespace lethe::storage::hdf5 {

void write_monitor(const WriteGroup& group, const core::MonitorRecord& record);
/// Throws `core::StorageError` where columns differ in length, or a document has no token.
core::MonitorRecord read_monitor(const ReadGroup& group);

}  // namespace lethe::storage::hdf5
