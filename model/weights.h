#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <torch/types.h>

#include "model/architecture.h"
#include "model/weight_files.h"

namespace lethe::model {

/// Base weights of a model: immutable after loading, shared by every network of the process.
/// Names are Hugging Face's (`parameter_shapes`); projections are [O,I] in memory for all families (what files store
/// as [I,O] is turned where the file is read). Matrices may be held in a narrower type than the one that is computed
/// in, and are then widened where they are used; norms and biases never are.
class Weights {
 public:
  /// `files`: what they were read from, by name; empty for weights that were made. The final norm's type is the type
  /// that is computed in.
  Weights(Architecture architecture, std::map<std::string, torch::Tensor> tensors, FileDigests files = {});

  [[nodiscard]] const Architecture& architecture() const { return architecture_; }
  /// The type that is computed in, and that edited parameters have.
  [[nodiscard]] torch::Dtype dtype() const;
  /// A parameter's value in `dtype()`; aliases the weights' storage where they are held so, else a widened copy. Never
  /// write to it. Throws `core::ModelError` for an unknown name.
  [[nodiscard]] torch::Tensor tensor(const std::string& name) const { return held(name).to(dtype()); }
  /// As it is held in memory. Throws `core::ModelError` for an unknown name.
  [[nodiscard]] const torch::Tensor& held(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, torch::Tensor>& all_held() const { return tensors_; }
  [[nodiscard]] const FileDigests& files() const { return files_; }

 private:
  Architecture architecture_;
  std::map<std::string, torch::Tensor> tensors_;
  FileDigests files_;
};

/// How matrices of fp16 and bf16 files are held in memory. Widening is exact, so that results have the same bits.
enum class HeldAs {
  kComputed,  ///< widened once, at the load
  kStored,    ///< as stored, widened at each use: half the memory, and time for each use
};

/// Memory-maps a folder's weights, safetensors or PyTorch's checkpoints, single or sharded (`weight_file_names`;
/// fp32, fp16 or bf16 in the file), and gives tensors of `dtype` on `device`; on the CPU what needs no conversion is
/// used in place.
/// Names may carry or lack the family's prefix; buffers that are no parameters (masks of attention) are ignored.
/// The files are hashed meanwhile, by a thread of its own (`Weights::files`): some 0.2 s a GB once they are in
/// memory. Every name and shape is checked against the architecture, every number to be finite, and every matrix but
/// those that may be zero (`ParameterShape::may_be_zero`) to hold another number than zero. Throws `core::ModelError`.
std::shared_ptr<const Weights> load_weights(const std::filesystem::path& folder, torch::Device device,
                                            torch::Dtype dtype = torch::kFloat32, HeldAs held_as = HeldAs::kComputed);

/// Throws what `load_weights` would throw, from the files' headers and their small tensors alone (a million numbers
/// each: norms and biases, all of a small model): numbers of large matrices are looked at when they are loaded, but for
/// their first rows, by which one of zeros is told from others. Returns
/// the bytes in memory of the fp32 weights that it would load; where matrices are held as stored, with the largest of
/// them widened for its use.
std::int64_t check_weights(const std::filesystem::path& folder, const Architecture& architecture,
                           HeldAs held_as = HeldAs::kComputed);
/// The bytes, of files that store every parameter in this type.
std::int64_t bytes_in_memory(const Architecture& architecture, torch::Dtype stored, HeldAs held_as);

/// Randomly initialised weights (N(0, 0.02), projections' biases zero), for tests and benchmarks.
std::shared_ptr<const Weights> random_weights(const Architecture& architecture, std::uint64_t seed,
                                              torch::Device device, torch::Dtype dtype = torch::kFloat32);

/// Writes a Hugging Face folder's model.safetensors (projections turned back to the family's storage).
void save_safetensors(const std::filesystem::path& file, const Architecture& architecture,
                      const std::map<std::string, torch::Tensor>& tensors);

}  // namespace lethe::model
