#include "model/element_dtype.h"

#include <array>
#include <string>
#include <utility>

#include "core/error.h"

namespace lethe::model {
namespace {

constexpr std::array<std::pair<ElementType, torch::Dtype>, 10> kDtypes{{{ElementType::kFloat64, torch::kFloat64},
                                                                        {ElementType::kFloat32, torch::kFloat32},
                                                                        {ElementType::kFloat16, torch::kFloat16},
                                                                        {ElementType::kBFloat16, torch::kBFloat16},
                                                                        {ElementType::kInt64, torch::kInt64},
                                                                        {ElementType::kInt32, torch::kInt32},
                                                                        {ElementType::kInt16, torch::kInt16},
                                                                        {ElementType::kInt8, torch::kInt8},
                                                                        {ElementType::kUInt8, torch::kUInt8},
                                                                        {ElementType::kBool, torch::kBool}}};

}  // namespace

torch::Dtype dtype_of(ElementType type) {
  for (const auto& [known, dtype] : kDtypes) {
    if (known == type) return dtype;
  }
  throw core::ModelError("a type of elements that LibTorch has no name for");
}

ElementType element_type_of(torch::Dtype dtype) {
  for (const auto& [type, known] : kDtypes) {
    if (known == dtype) return type;
  }
  throw core::StorageError(std::string("safetensors: no name for type ") + c10::toString(dtype));
}

}  // namespace lethe::model
