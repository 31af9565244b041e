#include "model/weights.h"

#include <algorithm>
#include <future>
#include <set>
#include <utility>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>

#include "core/error.h"
#include "core/shape.h"
#include "model/safetensors.h"
#include "model/weight_files.h"

namespace lethe::model {
namespace {

/// The type in which a parameter is held.
torch::Dtype held_type(const ParameterShape& parameter, torch::Dtype stored, torch::Dtype computed, HeldAs held_as) {
  const bool is_narrow = c10::elementSize(stored) < c10::elementSize(computed);
  const bool is_matrix = parameter.shape.size() > 1;
  return held_as == HeldAs::kStored && is_narrow && is_matrix ? stored : computed;
}

/// Bytes of parameters as they are held for computing in fp32.
struct MemoryOfWeights {
  HeldAs held_as;
  std::int64_t held = 0;
  std::int64_t largest_widened = 0;

  void add(const ParameterShape& parameter, torch::Dtype stored) {
    const auto type = held_type(parameter, stored, torch::kFloat32, held_as);
    const auto bytes_as = [&](torch::Dtype dtype) {
      return c10::multiply_integers(parameter.shape) * static_cast<std::int64_t>(c10::elementSize(dtype));
    };
    held += bytes_as(type);
    if (type != torch::kFloat32) largest_widened = std::max(largest_widened, bytes_as(torch::kFloat32));
  }
  [[nodiscard]] std::int64_t bytes() const { return held + largest_widened; }
};

/// One number that is not finite makes every answer of the model meaningless, and nothing later would say why. The sum
/// of finite fp32 numbers cannot leave fp64. A matrix is summed in pieces, since each is widened for it.
void check_finite(const torch::Tensor& tensor, const std::string& name, const std::filesystem::path& file) {
  constexpr std::int64_t kRows = 4096;
  bool is_finite = true;
  for (const auto& piece : tensor.split(kRows)) {
    is_finite = is_finite && torch::isfinite(piece.sum(torch::kFloat64)).item<bool>();
  }
  if (is_finite) return;
  throw core::ModelError(file.string() + ": `" + name + "` holds a number that is not finite (NaN or infinity); the " +
                         "file is damaged, or the model was saved after it had diverged: fetch or make it again");
}

/// What a download that was laid out and never filled leaves. Reads up to the first row that has another number.
void check_not_zero(const torch::Tensor& tensor, const std::string& name, const std::filesystem::path& file) {
  constexpr std::int64_t kRows = 16;
  for (const auto& rows : tensor.split(kRows)) {
    if (rows.ne(0).any().item<bool>()) return;
  }
  throw core::ModelError(file.string() + ": `" + name + "` holds zeros alone, as a download that broke off leaves " +
                         "them; fetch the file again");
}

/// A folder's files, opened, and known to hold no block more than config.json says, and nothing in a block that its
/// type has no place for: else the two do not belong together.
WeightFiles open_files(const std::filesystem::path& folder, const Architecture& architecture) {
  WeightFiles files(folder, architecture.family->prefix);
  files.refuse_names(architecture.block_prefix(architecture.num_layers),
                     "but config.json has only " + std::to_string(architecture.num_layers) + " layers");
  std::set<std::string> known;
  for (auto& parameter : parameter_shapes(architecture)) known.insert(std::move(parameter.name));
  files.refuse_other_parameters(std::string(architecture.family->block_prefix), known,
                                "which a model of config.json's type, " + std::string(architecture.family->name) +
                                    ", does not have and would leave out of every answer; do both belong to the same "
                                    "model?");
  return files;
}

/// A parameter as its file holds it, of the type and shape that it must have there, and no zeros where a
/// model has others.
WeightFiles::Stored stored_parameter(const WeightFiles& files, const ParameterShape& parameter) {
  auto stored = files.tensor(parameter.name);
  const auto place = stored.file.string() + ": `" + parameter.name + "` is ";
  if (!stored.tensor.is_floating_point()) throw core::ModelError(place + "not stored as floating point numbers");
  auto shape_in_file = parameter.shape;
  if (parameter.is_transposed_in_file) std::reverse(shape_in_file.begin(), shape_in_file.end());
  if (stored.tensor.sizes() != torch::IntArrayRef(shape_in_file)) {
    throw core::ModelError(place + "stored with the shape " + core::shape_text(stored.tensor.sizes()) +
                           ", config.json demands " + core::shape_text(shape_in_file));
  }
  if (!parameter.may_be_zero) check_not_zero(stored.tensor, parameter.name, stored.file);
  return stored;
}

FileDigests hash_files(const std::filesystem::path& folder) {
  FileDigests digests;
  for (const auto& name : weight_content_names(folder)) digests.emplace(name, core::digest_of_file(folder / name));
  return digests;
}

}  // namespace

Weights::Weights(Architecture architecture, std::map<std::string, torch::Tensor> tensors, FileDigests files)
    : architecture_(std::move(architecture)), tensors_(std::move(tensors)), files_(std::move(files)) {
  for (const auto& parameter : parameter_shapes(architecture_)) {
    const auto found = tensors_.find(parameter.name);
    if (found == tensors_.end()) throw core::ModelError("the weights lack `" + parameter.name + "`");
    if (found->second.sizes() != torch::IntArrayRef(parameter.shape)) {
      throw core::ModelError("`" + parameter.name + "` has the shape " + core::shape_text(found->second.sizes()) +
                             ", expected " + core::shape_text(parameter.shape));
    }
  }
}

torch::Dtype Weights::dtype() const { return held(architecture_.names_of(Role::kFinalNorm).weight).scalar_type(); }

const torch::Tensor& Weights::held(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    throw core::ModelError("a " + std::string(architecture_.family->name) + " model of " +
                           std::to_string(architecture_.num_layers) + " layers has no parameter `" + name + "`");
  }
  return found->second;
}

std::shared_ptr<const Weights> load_weights(const std::filesystem::path& folder, torch::Device device,
                                            torch::Dtype dtype, HeldAs held_as) {
  const auto architecture = read_architecture(folder);
  auto digests = std::async(std::launch::async, [&folder] { return hash_files(folder); });
  const auto files = open_files(folder, architecture);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& parameter : parameter_shapes(architecture)) {
    const auto [file, stored] = stored_parameter(files, parameter);
    // A transposed view costs nothing: matrix products read either orientation in place.
    auto value = (parameter.is_transposed_in_file ? stored.t() : stored)
                     .to(device, held_type(parameter, stored.scalar_type(), dtype, held_as));
    check_finite(value, parameter.name, file);
    tensors.emplace(parameter.name, std::move(value));
  }
  return std::make_shared<const Weights>(architecture, std::move(tensors), digests.get());
}

std::int64_t check_weights(const std::filesystem::path& folder, const Architecture& architecture, HeldAs held_as) {
  constexpr std::int64_t kMostRead = 1 << 20;
  const auto files = open_files(folder, architecture);
  MemoryOfWeights memory{held_as};
  for (const auto& parameter : parameter_shapes(architecture)) {
    const auto [file, stored] = stored_parameter(files, parameter);
    if (stored.numel() <= kMostRead) check_finite(stored, parameter.name, file);
    memory.add(parameter, stored.scalar_type());
  }
  return memory.bytes();
}

std::int64_t bytes_in_memory(const Architecture& architecture, torch::Dtype stored, HeldAs held_as) {
  MemoryOfWeights memory{held_as};
  for (const auto& parameter : parameter_shapes(architecture)) memory.add(parameter, stored);
  return memory.bytes();
}

std::shared_ptr<const Weights> random_weights(const Architecture& architecture, std::uint64_t seed,
                                              torch::Device device, torch::Dtype dtype) {
  const auto generator = at::detail::createCPUGenerator(seed);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& parameter : parameter_shapes(architecture)) {
    torch::Tensor value;
    if (parameter.is_bias) {
      value = torch::zeros(parameter.shape);
    } else if (is_norm(parameter.role)) {
      value = torch::ones(parameter.shape);
    } else {
      value = torch::empty(parameter.shape).normal_(0.0, 0.02, generator);
    }
    tensors.emplace(parameter.name, value.to(device, dtype));
  }
  return std::make_shared<const Weights>(architecture, std::move(tensors));
}

void save_safetensors(const std::filesystem::path& file, const Architecture& architecture,
                      const std::map<std::string, torch::Tensor>& tensors) {
  std::map<std::string, torch::Tensor> stored;
  for (const auto& parameter : parameter_shapes(architecture)) {
    const auto found = tensors.find(parameter.name);
    if (found == tensors.end()) throw core::ModelError("cannot save a model without `" + parameter.name + "`");
    stored.emplace(parameter.name, parameter.is_transposed_in_file ? found->second.t() : found->second);
  }
  write_safetensors(file, stored);
}

}  // namespace lethe::model
