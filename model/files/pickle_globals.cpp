#include "model/files/pickle_globals.h"

#include <algorithm>
#include <array>
#include <span>

#include "model/families/families.h"

namespace lethe::model::inline files {
namespace {

constexpr std::array<std::string_view, 42> kAllowedGlobals{
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "collections.OrderedDict",
    "torch.FloatStorage",
    "torch.HalfStorage",
    "torch.BFloat16Storage",
    "torch.DoubleStorage",
    "torch.LongStorage",
    "torch.IntStorage",
    "torch.ShortStorage",
    "torch.CharStorage",
    "torch.ByteStorage",
    "torch.BoolStorage",
    "torch.storage.UntypedStorage",
    // Of types that are not read: a file may hold one beside what is needed.
    "torch.ComplexFloatStorage",
    "torch.ComplexDoubleStorage",
    "torch.QInt8Storage",
    "torch.QUInt8Storage",
    "torch.QInt32Storage",
    "torch.float8_e4m3fn",
    "torch.float8_e4m3fnuz",
    "torch.float8_e5m2",
    "torch.float8_e5m2fnuz",
    "torch.uint16",
    "torch.uint32",
    "torch.uint64",
    "torch.complex64",
    "torch.complex128",
    "torch.Size",
    "torch.device",
    "torch.float32",
    "torch.float16",
    "torch.bfloat16",
    "torch.float64",
    "torch.int64",
    "torch.int32",
    // Statistics beside the tensors are NumPy's numbers now and then; they stay unread.
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.dtype",
    "_codecs.encode",
};

constexpr std::array<std::string_view, 5> kInertCalls{"torch.device", "numpy.core.multiarray.scalar",
                                                      "numpy._core.multiarray.scalar", "numpy.dtype", "_codecs.encode"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The published MEND editors hold the configuration of the model they were trained for. It stays unread, too. Absent
/// if the class is no family's.
std::optional<std::string_view> configuration_class(std::string_view name) {
  const auto found = std::ranges::find(all_families(), name, [](const auto* family) { return family->config_class; });
  return found != all_families().end() ? std::optional((*found)->config_class) : std::nullopt;
}

}  // namespace

std::optional<std::string_view> allowed_pickle_global(std::string_view name) {
  const auto* const allowed = std::find(kAllowedGlobals.begin(), kAllowedGlobals.end(), name);
  return allowed == kAllowedGlobals.end() ? configuration_class(name) : *allowed;
}

bool is_inert_pickle_call(std::string_view name) { return is_one_of(kInertCalls, name); }

bool is_inert_pickle_class(std::string_view name) { return configuration_class(name).has_value(); }

}  // namespace lethe::model::inline files
