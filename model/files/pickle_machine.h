#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/files/pickle_opcodes.h"
#include "model/files/pickle_reader.h"

namespace lethe::model::inline files {

/// A value that a pickle describes. Containers may hold one another in cycles: walk them with a limit.
struct PickleValue {
  enum class Kind { kNone, kBool, kInteger, kReal, kText, kTuple, kList, kDict, kGlobal, kStorage, kTensor, kOpaque };

  Kind kind = Kind::kNone;
  std::int64_t integer = 0;  ///< kInteger; kBool: 0 or 1
  double real = 0.0;
  std::string_view text;  ///< kText; kGlobal: "module.name", as the allow-list spells it. Aliases the pickle's bytes
  /// kTuple, kList: elements. kDict: key, value, key, value ... kStorage: the persistent id's elements.
  /// kTensor: the arguments of its rebuilding.
  std::vector<const PickleValue*> items;
};

/// Reads the pickle of a PyTorch checkpoint without running any of it. The opcodes that build plain data are followed;
/// a global is only ever a name, and one outside a fixed list (storage classes, tensor rebuilding, OrderedDict, and
/// inert ones: torch.Size, torch.device, NumPy's scalars, the configurations of the families' models) is refused. What
/// calls describe is noted, not done. Memory is bounded by the steps that are followed, and those by a limit.
class PickleMachine {
 public:
  /// `pickle` must outlive the values. `place` opens messages ("folder/file.bin: archive/data.pkl").
  PickleMachine(std::span<const std::byte> pickle, std::string place);
  PickleMachine(const PickleMachine&) = delete;
  PickleMachine& operator=(const PickleMachine&) = delete;

  /// The value at STOP; lives as long as the machine. Throws `core::DataError` with the byte and the reason.
  const PickleValue& run();

 private:
  using Value = PickleValue;
  using Kind = Value::Kind;
  PickleReader reader_;
  std::deque<Value> values_;  ///< owns all: cycles need no counting of references
  std::vector<Value*> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Value*> memo_;

  Value& make(Kind kind);
  void push(Value& value) { stack_.push_back(&value); }
  void push_integer(std::int64_t number);
  void push_text(std::string_view text);
  void push_bool(bool flag);
  void push_long();
  void push_real();
  void push_with_items(Kind kind, const std::vector<const Value*>& items);
  [[nodiscard]] Value& pop();
  [[nodiscard]] Value& top();
  [[nodiscard]] std::vector<Value*> pop_to_mark();
  void push_tuple(const std::vector<Value*>& elements);
  void push_tuple_of(std::size_t count);

  [[nodiscard]] bool follow_scalar(PickleOpcode opcode);
  [[nodiscard]] bool follow_container(PickleOpcode opcode);
  [[nodiscard]] bool follow_memo(PickleOpcode opcode);
  [[nodiscard]] bool follow_object(PickleOpcode opcode);
  void append(const std::vector<Value*>& elements);
  void set_items(const std::vector<Value*>& elements);
  void recall(std::uint64_t index);
  void push_global(std::string_view module, std::string_view name);
  void load_storage();
  void reduce();
  void make_object();
  void build();
};

}  // namespace lethe::model::inline files
