#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/data/zip_writer.h"

namespace lethe::test {

/// Pickles opcode by opcode, as `torch.save` and others would.
namespace pickle {

template <typename Integer>
std::string bytes_of(Integer value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}
inline std::string text(const std::string& value) {
  return "X" + bytes_of(static_cast<std::uint32_t>(value.size())) + value;
}
inline std::string integer(std::int64_t value) { return std::string("\x8a\x08", 2) + bytes_of(value); }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& elements) {
  std::string result = "(";
  for (const auto& element : elements) result += element;
  return result + "t";
}
inline std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> elements;
  for (const auto value : values) elements.push_back(integer(value));
  return tuple(elements);
}
inline std::string storage(const std::string& type, const std::string& key, std::int64_t numel) {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(numel)}) + "Q";
}
inline std::string tensor(const std::string& storage, std::int64_t offset, const std::vector<std::int64_t>& sizes,
                          const std::vector<std::int64_t>& strides) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({storage, integer(offset), integers(sizes), integers(strides), "\x89",
                global("collections", "OrderedDict") + ")R"}) +
         "R";
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string result = "}(";
  for (const auto& [key, value] : entries) result += text(key) + value;
  return result + "u";
}
inline std::string whole(const std::string& value) { return "\x80\x02" + value + "."; }

}  // namespace pickle

/// An archive of one pickle and its storages by key.
inline std::string checkpoint_archive(const std::string& pickle, const std::map<std::string, std::string>& storages,
                                      ZipWriter::Options options = {}) {
  ZipWriter zip(options);
  zip.add("archive/data.pkl", pickle);
  zip.add("archive/version", "3\n");
  for (const auto& [key, bytes] : storages) zip.add("archive/data/" + key, bytes);
  return zip.finish();
}

}  // namespace lethe::test
