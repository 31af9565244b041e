#pragma once

#include <torch/types.h>

#include "model/files/element_type.h"

namespace lethe::model {

/// LibTorch's type of the same elements.
[[nodiscard]] torch::Dtype dtype_of(ElementType type);
/// The inverse. Throws `core::StorageError` for a type that is in no file.
[[nodiscard]] ElementType element_type_of(torch::Dtype dtype);

}  // namespace lethe::model
