#include "model/pickle_globals.h"

#include <algorithm>
#include <array>
#include <span>

namespace lethe::model {
namespace {

constexpr std::array<std::string_view, 27> kAllowedGlobals{
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
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
    "torch.Size",
    "torch.device",
    "torch.float32",
    "torch.float16",
    "torch.bfloat16",
    "torch.int64",
    // Statistics beside the tensors are NumPy's numbers now and then; they stay unread.
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.dtype",
    "_codecs.encode",
    // The published MEND editors hold the configuration of the model they were trained for; it stays unread too.
    "transformers.models.gpt2.configuration_gpt2.GPT2Config",
    "transformers.models.gptj.configuration_gptj.GPTJConfig",
};

constexpr std::array<std::string_view, 5> kInertCalls{"torch.device", "numpy.core.multiarray.scalar",
                                                      "numpy._core.multiarray.scalar", "numpy.dtype", "_codecs.encode"};

constexpr std::array<std::string_view, 2> kInertClasses{"transformers.models.gpt2.configuration_gpt2.GPT2Config",
                                                        "transformers.models.gptj.configuration_gptj.GPTJConfig"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::optional<std::string_view> allowed_pickle_global(std::string_view name) {
  const auto* const allowed = std::find(kAllowedGlobals.begin(), kAllowedGlobals.end(), name);
  if (allowed == kAllowedGlobals.end()) return std::nullopt;
  return *allowed;
}

bool is_inert_pickle_call(std::string_view name) { return is_one_of(kInertCalls, name); }

bool is_inert_pickle_class(std::string_view name) { return is_one_of(kInertClasses, name); }

}  // namespace lethe::model
