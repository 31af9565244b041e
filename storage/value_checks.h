#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "storage/hdf5_reader.h"

// Values that no computation of lethe's gives, in files whose digest is right all the same: written by another program,
// or from a model whose weights are broken. Private to storage/.

namespace lethe::storage::hdf5 {

/// Throws `core::StorageError` naming dataset and entry if a value is NaN or infinite.
void require_finite(const ReadGroup& group, const std::string& name, std::span<const float> values);
void require_finite(const ReadGroup& group, const std::string& name, std::span<const double> values);
/// The same for a row-major [width,width] matrix whose entries differ from those mirrored by more than rounding.
void require_symmetric(const ReadGroup& group, const std::string& name, std::span<const double> values,
                       std::int64_t width);

}  // namespace lethe::storage::hdf5
