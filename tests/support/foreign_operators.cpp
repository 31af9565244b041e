#include "tests/support/foreign_operators.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <torch/library.h>

#include "tests/support/foreign_memory.h"

namespace lethe::test {
namespace {

using c10::DispatchKey;
using Stack = torch::jit::Stack;

bool is_foreign(const at::Tensor& tensor) { return tensor.defined() && tensor.device().type() == kForeignType; }
bool is_on_cpu(const at::Tensor& tensor) { return tensor.defined() && tensor.device().is_cpu(); }

std::string& fault() {
  static std::string text;
  return text;
}

void check_fault() { TORCH_CHECK(fault().empty(), fault()); }

/// Calls `visit` with every tensor of an argument.
template <typename Visit>
void for_each_tensor(const c10::IValue& value, const Visit& visit) {
  if (value.isTensor()) {
    visit(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) visit(tensor);
  } else if (value.isOptionalTensorList()) {
    for (const c10::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
      if (tensor.has_value()) visit(*tensor);
    }
  }
}

/// The value with every tensor replaced by `change` of it; other values as they are.
template <typename Change>
c10::IValue with_tensors(const c10::IValue& value, const Change& change) {
  if (value.isTensor()) return change(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> changed;
    for (const at::Tensor& tensor : value.toTensorVector()) changed.push_back(change(tensor));
    return changed;
  }
  if (value.isOptionalTensorList()) {
    c10::List<c10::optional<at::Tensor>> changed;
    for (const c10::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
      changed.push_back(tensor.has_value() ? c10::optional<at::Tensor>(change(*tensor)) : tensor);
    }
    return changed;
  }
  return value;
}

/// "add" of "aten::add_.Tensor".
std::string_view base_name(const c10::FunctionSchema& schema) {
  std::string_view name = schema.name();
  name.remove_prefix(std::min(name.size(), std::string_view("aten::").size()));
  while (name.ends_with('_')) name.remove_suffix(1);
  return name;
}

/// Operations whose result the host looks at, or needs for a shape.
bool makes_host_wait(const c10::FunctionSchema& schema) {
  constexpr std::array<std::string_view, 5> kNames{"_local_scalar_dense", "nonzero", "masked_select", "equal",
                                                   "_unique2"};
  return std::find(kNames.begin(), kNames.end(), base_name(schema)) != kNames.end();
}

/// Operations whose CUDA kernels take a CPU scalar [] beside tensors of the device.
bool takes_cpu_scalars(const c10::FunctionSchema& schema) {
  constexpr std::array<std::string_view, 19> kNames{
      "add", "sub", "rsub", "mul", "div",  "pow",         "remainder",       "fmod",      "eq",         "ne",
      "lt",  "le",  "gt",   "ge",  "fill", "masked_fill", "_index_put_impl", "index_put", "true_divide"};
  return std::find(kNames.begin(), kNames.end(), base_name(schema)) != kNames.end();
}

bool takes_cpu_indices(const c10::FunctionSchema& schema) {
  const auto name = base_name(schema);
  return name == "index" || name == "index_put" || name == "_index_put_impl" || name == "_unsafe_index";
}

/// Refuses what CUDA refuses.
void check_devices(const c10::FunctionSchema& schema, at::ArrayRef<c10::IValue> arguments) {
  for (const c10::IValue& argument : arguments) {
    const bool may_be_index = argument.isOptionalTensorList() && takes_cpu_indices(schema);
    for_each_tensor(argument, [&](const at::Tensor& tensor) {
      const bool is_allowed = may_be_index || (tensor.defined() && tensor.dim() == 0 && takes_cpu_scalars(schema));
      TORCH_CHECK(!is_on_cpu(tensor) || is_allowed,
                  "Expected all tensors to be on the same device, but found at least two devices, privateuseone:0 and "
                  "cpu! (in ",
                  schema.name(), ")");
    });
    TORCH_CHECK(!argument.isGenerator() || argument.toGenerator().device().type() == kForeignType,
                "Expected a 'privateuseone' device type for generator but found 'cpu' (in ", schema.name(), ")");
  }
}

/// Runs the CPU's kernel on the operands' memory, after the check of their devices.
void run_on_host(const c10::OperatorHandle& op, Stack* stack) {
  check_fault();
  const auto& schema = op.schema();
  ++(makes_host_wait(schema) ? running_counts().waits : running_counts().operators);
  const auto num_arguments = schema.arguments().size();
  const auto first = static_cast<std::ptrdiff_t>(stack->size() - num_arguments);
  check_devices(schema, at::ArrayRef<c10::IValue>(*stack).slice(static_cast<std::size_t>(first)));
  std::vector<std::pair<at::Tensor, at::Tensor>> operands;  // foreign, host
  for (auto argument = stack->begin() + first; argument != stack->end(); ++argument) {
    if (argument->isDevice()) *argument = c10::Device(c10::DeviceType::CPU);
    *argument = with_tensors(*argument, [&](const at::Tensor& tensor) {
      if (!is_foreign(tensor)) return tensor;
      return operands.emplace_back(tensor, on_host(tensor)).second;
    });
  }
  op.redispatchBoxed(c10::DispatchKeySet(DispatchKey::CPU), stack);
  for (const auto& [foreign, host] : operands) follow_host(foreign, host);
  for (auto result = stack->end() - static_cast<std::ptrdiff_t>(schema.returns().size()); result != stack->end();
       ++result) {
    *result = with_tensors(*result, [&](const at::Tensor& tensor) {
      const auto same = std::find_if(operands.begin(), operands.end(),
                                     [&](const auto& operand) { return operand.second.is_same(tensor); });
      if (same != operands.end()) return same->first;
      return tensor.defined() ? on_foreign_device(tensor) : tensor;
    });
  }
}

at::Tensor empty(at::IntArrayRef size, c10::optional<at::ScalarType> dtype, c10::optional<at::Layout>,
                 c10::optional<at::Device>, c10::optional<bool>, c10::optional<at::MemoryFormat> format) {
  check_fault();
  return at::detail::empty_generic(size, &foreign_allocator(), c10::DispatchKeySet(DispatchKey::PrivateUse1),
                                   c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, c10::optional<at::ScalarType> dtype,
                         c10::optional<at::Layout>, c10::optional<at::Device>, c10::optional<bool>) {
  check_fault();
  return at::detail::empty_strided_generic(size, stride, &foreign_allocator(),
                                           c10::DispatchKeySet(DispatchKey::PrivateUse1), c10::dtype_or_default(dtype));
}

/// The only way between the devices.
at::Tensor copy_from(const at::Tensor& source, const at::Tensor& target, bool) {
  check_fault();
  auto& counts = running_counts();
  ++(!is_foreign(target) ? counts.waits : is_foreign(source) ? counts.operators : counts.uploads);
  if (!is_foreign(target)) ++counts.downloads;
  const auto host = is_foreign(target) ? on_host(target) : target;
  host.copy_(is_foreign(source) ? on_host(source) : source);
  return target;
}

bool returns_view(const c10::FunctionSchema& schema) {
  return std::any_of(schema.returns().begin(), schema.returns().end(), [](const c10::Argument& result) {
    return result.alias_info() != nullptr && !result.alias_info()->isWrite();
  });
}

/// What is registered by hand, or has no meaning here.
bool is_excluded(const c10::OperatorName& name) {
  constexpr std::array<std::string_view, 5> kNames{"aten::empty", "aten::empty_strided", "aten::_copy_from",
                                                   "aten::set_", "aten::is_set_to"};
  return std::find(kNames.begin(), kNames.end(), name.name) != kNames.end();
}

}  // namespace

RunningCounts& running_counts() {
  static RunningCounts counts;
  return counts;
}

void set_foreign_fault(std::string text) { fault() = std::move(text); }

void register_foreign_operators() {
  static torch::Library library(torch::Library::IMPL, "aten", DispatchKey::PrivateUse1, __FILE__, __LINE__);
  library.impl("empty.memory_format", TORCH_FN(empty));
  library.impl("empty_strided", TORCH_FN(empty_strided));
  library.impl("_copy_from", TORCH_FN(copy_from));
  library.impl("as_strided", TORCH_FN(at::native::as_strided_tensorimpl));
  library.impl("view", TORCH_FN(at::native::view));
  library.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
  library.impl("unfold", TORCH_FN(at::native::unfold));
  // Everything that the CPU has a kernel of its own for, so that no generic kernel computes other bits in its place.
  // What is left is composed of these, on the CPU as here.
  auto& dispatcher = c10::Dispatcher::singleton();
  for (const c10::OperatorName& name : dispatcher.getAllOpNames()) {
    if (!std::string_view(name.name).starts_with("aten::") || is_excluded(name)) continue;
    const auto op = dispatcher.findSchema(name);
    if (!op || !op->hasKernelForDispatchKey(DispatchKey::CPU) || returns_view(op->schema())) continue;
    const auto full_name = name.name + (name.overload_name.empty() ? "" : "." + name.overload_name);
    library.impl(full_name.c_str(), torch::CppFunction::makeFromBoxedFunction<&run_on_host>());
  }
}

}  // namespace lethe::test
