#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe::model::inline files {

/// What a safetensors header says of a tensor, as it stands there.
struct TensorEntry {
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  ///< bytes from the header's end
  std::uint64_t end = 0;
};

/// Reads a safetensors header, a JSON object of one entry a tensor, without building it: memory is that of one entry,
/// so a hostile header costs no more than its bytes. `visit` takes each entry; `refuse` throws what it is told, as
/// "tensor `name` has ...". `__metadata__` and keys that the format does not know are passed over.
void read_safetensors_header(std::string_view text,
                             const std::function<void(const std::string& name, TensorEntry entry)>& visit,
                             const std::function<void(const std::string& what)>& refuse);

}  // namespace lethe::model::inline files
