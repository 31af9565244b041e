#include "model/files/checkpoint_layout.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/shape.h"
#include "data/text_file.h"
#include "data/unicode.h"
#include "data/zip_archive.h"
#include "model/files/pickle_machine.h"

namespace lethe::model::inline files {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kPickleName = "/data.pkl";
/// Limits no honest checkpoint comes near; containers may hold one another in cycles, or one another many times.
constexpr int kMaxDepth = 64;
constexpr std::int64_t kMaxVisited = 4'000'000;
constexpr std::size_t kMaxNameBytes = 4096;
/// Of all tensors together, each counted with what it takes in memory beside its name.
constexpr std::size_t kMaxTensorBytes = 64 << 20;
constexpr std::size_t kTensorOverhead = 1024;
constexpr std::size_t kMaxViewDimensions = 64;

constexpr std::array<std::pair<std::string_view, ElementType>, 11> kStorageTypes{
    {{"torch.FloatStorage", ElementType::kFloat32},
     {"torch.HalfStorage", ElementType::kFloat16},
     {"torch.BFloat16Storage", ElementType::kBFloat16},
     {"torch.DoubleStorage", ElementType::kFloat64},
     {"torch.LongStorage", ElementType::kInt64},
     {"torch.IntStorage", ElementType::kInt32},
     {"torch.ShortStorage", ElementType::kInt16},
     {"torch.CharStorage", ElementType::kInt8},
     {"torch.ByteStorage", ElementType::kUInt8},
     {"torch.BoolStorage", ElementType::kBool},
     {"torch.storage.UntypedStorage", ElementType::kUInt8}}};

std::optional<ElementType> storage_type(std::string_view global) {
  for (const auto& [name, type] : kStorageTypes) {
    if (name == global) return type;
  }
  return std::nullopt;
}

/// Sizes or strides: a tuple or list of integers that are not negative.
std::optional<std::vector<std::int64_t>> dimensions(const PickleValue& value) {
  if (value.kind != Kind::kTuple && value.kind != Kind::kList) return std::nullopt;
  if (value.items.size() > kMaxViewDimensions) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const auto* item : value.items) {
    if (item->kind != Kind::kInteger || item->integer < 0) return std::nullopt;
    numbers.push_back(item->integer);
  }
  return numbers;
}

/// How many elements a view has, and how many its storage must hold; nothing if either leaves 63 bits.
struct ViewExtent {
  std::int64_t numel = 1;
  std::int64_t needed = 0;
};
std::optional<ViewExtent> extent_of(std::int64_t offset, const std::vector<std::int64_t>& sizes,
                                    const std::vector<std::int64_t>& strides) {
  if (!core::checked_bytes(sizes, 1)) return std::nullopt;
  ViewExtent extent;
  for (const auto size : sizes) extent.numel *= size;
  if (extent.numel == 0) return extent;
  std::int64_t last = offset;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::int64_t step = 0;
    if (__builtin_mul_overflow(sizes[i] - 1, strides[i], &step)) return std::nullopt;
    if (__builtin_add_overflow(last, step, &last)) return std::nullopt;
  }
  if (__builtin_add_overflow(last, 1, &extent.needed)) return std::nullopt;
  return extent;
}

class CheckpointReader {
 public:
  explicit CheckpointReader(const std::filesystem::path& path)
      : archive_(path),
        root_(find_root()),
        machine_(pickle(), path.string() + ": " + data::excerpt(root_, 200) + "/data.pkl") {
    check_byte_order();
  }

  CheckpointLayout read() {
    visit(machine_.run(), "", 0);
    result_.file = archive_.mapping();
    return std::move(result_);
  }

 private:
  data::ZipArchive archive_;
  std::string root_;  ///< every member's name begins with it: the name that the file was saved under
  PickleMachine machine_;
  std::map<std::string_view, std::size_t> storages_;  ///< which of the result's a key names
  CheckpointLayout result_;
  std::int64_t num_visited_ = 0;
  std::size_t tensor_bytes_ = 0;  ///< of memory, data not counted: one tensor may be reached by many ways

  [[noreturn]] void refuse(const std::string& what) const {
    throw core::DataError(archive_.path().string() + ": " + what);
  }
  [[noreturn]] void refuse_tensor(const std::string& name, const std::string& what) const {
    refuse("tensor `" + data::excerpt(name, 200) + "` " + what);
  }

  std::string find_root() const {
    for (const auto& [name, member] : archive_.members()) {
      if (!name.ends_with(kPickleName)) continue;
      auto root = name.substr(0, name.size() - kPickleName.size());
      if (root.find('/') == std::string::npos) return root;
    }
    refuse("a zip archive, but no PyTorch checkpoint: it has no <name>/data.pkl");
  }

  std::span<const std::byte> pickle() const { return archive_.member(root_ + std::string(kPickleName)).content; }

  void check_byte_order() const {
    const auto name = root_ + "/byteorder";
    if (!archive_.contains(name)) return;
    const auto content = archive_.member(name).content;
    const std::string_view order(reinterpret_cast<const char*>(content.data()), content.size());
    if (order != "little") refuse("saved with byte order \"" + data::excerpt(order) + "\"; only little is read");
  }

  static std::string key_text(const PickleValue& key) {
    if (key.kind == Kind::kText) return std::string(key.text.substr(0, kMaxNameBytes + 1));
    return key.kind == Kind::kInteger || key.kind == Kind::kBool ? std::to_string(key.integer) : std::string();
  }

  void visit(const PickleValue& value, const std::string& name, int depth) {
    if (depth > kMaxDepth) refuse("nested more than " + std::to_string(kMaxDepth) + " deep");
    if (++num_visited_ > kMaxVisited) refuse("holds more than " + std::to_string(kMaxVisited) + " values");
    if (name.size() > kMaxNameBytes) refuse("a name longer than " + std::to_string(kMaxNameBytes) + " bytes");
    if (data::first_invalid_utf8(name) != std::string::npos)
      refuse("a name that is not UTF-8: " + data::excerpt(name, 200));
    if (value.kind == Kind::kTensor) {
      add_tensor(value, name);
      return;
    }
    const auto inner = [&](const std::string& key) { return name.empty() ? key : name + "." + key; };
    if (value.kind == Kind::kDict) {
      for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
        visit(*value.items[i + 1], inner(key_text(*value.items[i])), depth + 1);
      }
    } else if (value.kind == Kind::kList || value.kind == Kind::kTuple) {
      for (std::size_t i = 0; i < value.items.size(); ++i) visit(*value.items[i], inner(std::to_string(i)), depth + 1);
    }
  }

  void add_tensor(const PickleValue& value, const std::string& name) {
    tensor_bytes_ += name.size() + kTensorOverhead;
    if (tensor_bytes_ > kMaxTensorBytes) refuse("holds too many tensors: " + std::to_string(result_.tensors.size()));
    if (result_.tensors.contains(name) || result_.unread.contains(name)) refuse_tensor(name, "is there twice");
    if (const auto type = unread_type(value)) {
      result_.unread.emplace(name, *type);
    } else {
      result_.tensors.emplace(name, view(value, name));
    }
  }

  /// The type of a tensor that no network is computed with, or nothing.
  static std::optional<std::string> unread_type(const PickleValue& value) {
    // Only the third form of rebuilding names a type there, of elements that no storage class has.
    constexpr std::size_t kTypeArgument = 6;
    const auto& arguments = value.items;
    if (arguments.size() > kTypeArgument && arguments[kTypeArgument]->kind == Kind::kGlobal) {
      return std::string(arguments[kTypeArgument]->text);
    }
    if (arguments.empty() || arguments[0]->kind != Kind::kStorage) return std::nullopt;
    const auto storage = arguments[0]->items[1]->text;
    return storage_type(storage) ? std::nullopt : std::optional(std::string(storage));
  }

  CheckpointView view(const PickleValue& value, const std::string& name) {
    // (storage, offset, sizes, strides, ...): what follows concerns gradients only.
    const auto& arguments = value.items;
    if (arguments.size() < 4 || arguments[0]->kind != Kind::kStorage || arguments[1]->kind != Kind::kInteger ||
        arguments[1]->integer < 0) {
      refuse_tensor(name, "lacks a storage or an offset");
    }
    const auto sizes = dimensions(*arguments[2]);
    const auto strides = dimensions(*arguments[3]);
    if (!sizes || !strides || sizes->size() != strides->size()) {
      refuse_tensor(name, "has sizes or strides that are negative or do not fit one another");
    }
    const auto offset = arguments[1]->integer;
    const auto extent = extent_of(offset, *sizes, *strides);
    const auto index = storage_of(*arguments[0], name);
    const auto& storage = result_.storages[index];
    if (!extent || extent->needed > storage.numel) {
      refuse_tensor(name, "reaches beyond its storage of " + std::to_string(storage.numel) + " elements");
    }
    if (extent->numel > storage.numel) {
      refuse_tensor(name, "repeats the elements of its storage; save a contiguous() copy of it");
    }
    return {index, offset, *sizes, *strides, extent->numel};
  }

  /// Which of the result's storages it is; tensors may share one.
  std::size_t storage_of(const PickleValue& storage, const std::string& name) {
    const auto key = storage.items[2]->text;
    const auto type = storage_type(storage.items[1]->text);
    if (!type) refuse_tensor(name, "has a storage of the type " + std::string(storage.items[1]->text));
    const auto numel = storage.items[4]->integer;
    if (const auto known = storages_.find(key); known != storages_.end()) {
      const auto& before = result_.storages[known->second];
      if (before.type != *type || before.numel != numel) {
        refuse_tensor(name, "contradicts another tensor about their common storage");
      }
      return known->second;
    }
    const auto member = root_ + "/data/" + std::string(key.substr(0, kMaxNameBytes));
    if (!archive_.contains(member))
      refuse_tensor(name, "has no bytes: `" + data::excerpt(member, 200) + "` is missing");
    const auto content = archive_.member(member).content;
    if (numel < 0 || static_cast<std::uint64_t>(numel) > content.size() / bytes_of(*type)) {
      refuse_tensor(name, "claims " + std::to_string(numel) + " elements of a storage of " +
                              std::to_string(content.size()) + " bytes");
    }
    result_.storages.push_back({*type, numel, content});
    return storages_.emplace(key, result_.storages.size() - 1).first->second;
  }
};

}  // namespace

CheckpointLayout read_checkpoint_layout(const std::filesystem::path& path) {
  if (!data::looks_like_zip(path)) {
    throw core::DataError(path.string() +
                          ": no zip archive: damaged, or saved by PyTorch before 1.6. Fetch it again, or load it with "
                          "torch.load and save it with torch.save.");
  }
  return CheckpointReader(path).read();
}

}  // namespace lethe::model::inline files
