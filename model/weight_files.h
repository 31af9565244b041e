#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <torch/types.h>

#include "core/digest.h"
#include "model/files/weight_names.h"
#include "model/pytorch_checkpoint.h"
#include "model/safetensors.h"

namespace lethe::model {

/// Content digests by file name.
using FileDigests = std::map<std::string, core::Digest>;
/// One digest of them all, as it stands in identities.
core::Digest combined(const FileDigests& files);

/// The tensors of a model folder's weight files, of either format, as they are stored.
class WeightFiles {
 public:
  /// Opens and checks all files; tensors are read when they are touched. `prefix`: what names begin with, and files
  /// may leave out (`FamilySpec::prefix`). Shards must hold what their index places in them, and no tensor that it
  /// places in another one; one that it does not name lies in one shard alone. Throws `core::ModelError`.
  WeightFiles(const std::filesystem::path& folder, std::string_view prefix);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// A tensor under its full name, or under the name without the prefix; on the CPU, never to be written to. Throws
  /// `core::ModelError` if no file holds it, or both names are there.
  struct Stored {
    std::filesystem::path file;
    torch::Tensor tensor;
  };
  [[nodiscard]] Stored tensor(const std::string& name) const;
  /// Throws `core::ModelError` if any tensor's name begins with `prefix`, in either spelling: "holds `name`, <reason>".
  void refuse_names(const std::string& prefix, const std::string& reason) const;
  /// The same for a learned tensor whose name begins with `prefix` and is not among `known`. Learned is a weight, and a
  /// bias beside one; masks and tables of positions, which older files hold, are not.
  void refuse_other_parameters(const std::string& prefix, const std::set<std::string>& known,
                               const std::string& reason) const;

 private:
  struct Checkpoint {
    std::filesystem::path file;
    PytorchCheckpoint contents;

    [[nodiscard]] const std::filesystem::path& path() const { return file; }
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] torch::Tensor tensor(const std::string& name) const;
  };
  using File = std::variant<SafetensorsFile, Checkpoint>;

  /// Fills `file_of_`. `index`: of the shards; empty if there is one file.
  void place_tensors(const std::filesystem::path& index);
  [[nodiscard]] static const std::filesystem::path& path_of(const File& file);
  [[nodiscard]] static std::vector<std::string> names_of(const File& file);
  [[nodiscard]] bool is_learned(const std::string& name) const;
  /// The name without the prefix, as the hub's files often have it.
  [[nodiscard]] std::string short_name(const std::string& name) const;
  /// A wrapper's prefix that all names carry ("module."), as a hint; empty if it is not that.
  [[nodiscard]] std::string prefix_hint(const std::string& missing) const;

  std::filesystem::path folder_;
  std::string prefix_;
  std::vector<File> files_;
  std::map<std::string, std::size_t> file_of_;  ///< which of `files_` holds a tensor
};

}  // namespace lethe::model
