#include "model/files/pickle_machine.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "model/files/pickle_opcodes.h"

namespace lethe::model::inline files {
namespace {

using enum PickleOpcode;

/// A tensor takes some 40 steps. Each step stores at most one value, one place on the stack and one in the memo, and
/// what calls keep of their arguments is short, so memory is a few hundred bytes a step, whatever the file says.
constexpr std::size_t kMaxSteps = 4'000'000;

}  // namespace

PickleMachine::PickleMachine(std::span<const std::byte> pickle, std::string place)
    : reader_(pickle, std::move(place)) {}

PickleValue& PickleMachine::make(Kind kind) {
  values_.emplace_back();
  values_.back().kind = kind;
  return values_.back();
}

void PickleMachine::push_integer(std::int64_t number) {
  auto& value = make(Kind::kInteger);
  value.integer = number;
  push(value);
}

void PickleMachine::push_text(std::string_view text) {
  auto& value = make(Kind::kText);
  value.text = text;
  push(value);
}

void PickleMachine::push_bool(bool flag) {
  auto& value = make(Kind::kBool);
  value.integer = flag ? 1 : 0;
  push(value);
}

/// A signed little-endian integer of any length; one beyond 64 bits is no size or offset of anything.
void PickleMachine::push_long() {
  const auto digits = reader_.take(reader_.take_number<std::uint8_t>());
  if (digits.size() > sizeof(std::int64_t)) {
    push(make(Kind::kOpaque));
    return;
  }
  const bool is_negative = !digits.empty() && (static_cast<unsigned char>(digits.back()) & 0x80U) != 0;
  std::int64_t number = is_negative ? -1 : 0;
  std::memcpy(&number, digits.data(), digits.size());
  push_integer(number);
}

/// The one big-endian field of the format.
void PickleMachine::push_real() {
  std::array<char, sizeof(double)> digits{};
  const auto stored = reader_.take(digits.size());
  std::reverse_copy(stored.begin(), stored.end(), digits.begin());
  auto& value = make(Kind::kReal);
  std::memcpy(&value.real, digits.data(), digits.size());
  push(value);
}

PickleValue& PickleMachine::top() {
  const auto floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) reader_.refuse("a value is missing on the stack");
  return *stack_.back();
}

PickleValue& PickleMachine::pop() {
  auto& value = top();
  stack_.pop_back();
  return value;
}

std::vector<PickleValue*> PickleMachine::pop_to_mark() {
  if (marks_.empty()) reader_.refuse("a mark is missing on the stack");
  std::vector<Value*> elements(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
  stack_.resize(marks_.back());
  marks_.pop_back();
  return elements;
}

void PickleMachine::push_tuple(const std::vector<Value*>& elements) {
  auto& value = make(Kind::kTuple);
  value.items.assign(elements.begin(), elements.end());
  push(value);
}

void PickleMachine::push_tuple_of(std::size_t count) {
  std::vector<Value*> elements(count);
  for (auto i = count; i-- > 0;) elements[i] = &pop();
  push_tuple(elements);
}

void PickleMachine::append(const std::vector<Value*>& elements) {
  auto& list = top();
  if (list.kind != Kind::kList) reader_.refuse("appends to what is no list");
  list.items.insert(list.items.end(), elements.begin(), elements.end());
}

void PickleMachine::set_items(const std::vector<Value*>& elements) {
  auto& dict = top();
  if (dict.kind != Kind::kDict) reader_.refuse("sets an item of what is no dict");
  if (elements.size() % 2 != 0) reader_.refuse("a key without a value");
  dict.items.insert(dict.items.end(), elements.begin(), elements.end());
}

void PickleMachine::recall(std::uint64_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) reader_.refuse("recalls value " + std::to_string(index) + ", which was never kept");
  push(*found->second);
}

bool PickleMachine::follow_scalar(PickleOpcode opcode) {
  switch (opcode) {
    case kNone:
      push(make(Kind::kNone));
      return true;
    case kNewTrue:
    case kNewFalse:
      push_bool(opcode == kNewTrue);
      return true;
    case kBinInt:
      push_integer(reader_.take_number<std::int32_t>());
      return true;
    case kBinInt1:
      push_integer(reader_.take_number<std::uint8_t>());
      return true;
    case kBinInt2:
      push_integer(reader_.take_number<std::uint16_t>());
      return true;
    case kLong1:
      push_long();
      return true;
    case kBinFloat:
      push_real();
      return true;
    case kShortBinUnicode:
    case kShortBinString:
    case kShortBinBytes:
      push_text(reader_.take(reader_.take_number<std::uint8_t>()));
      return true;
    case kBinUnicode:
    case kBinString:
    case kBinBytes:
      push_text(reader_.take(reader_.take_number<std::uint32_t>()));
      return true;
    case kBinUnicode8:
      push_text(reader_.take(reader_.take_number<std::uint64_t>()));
      return true;
    default:
      return false;
  }
}

bool PickleMachine::follow_container(PickleOpcode opcode) {
  switch (opcode) {
    case kMark:
      marks_.push_back(stack_.size());
      return true;
    case kPop:
      static_cast<void>(pop());
      return true;
    case kPopMark:
      static_cast<void>(pop_to_mark());
      return true;
    case kEmptyTuple:
      push_tuple({});
      return true;
    case kTuple:
      push_tuple(pop_to_mark());
      return true;
    case kTuple1:
    case kTuple2:
    case kTuple3:
      push_tuple_of(opcode == kTuple1 ? 1 : opcode == kTuple2 ? 2 : 3);
      return true;
    case kEmptyList:
      push(make(Kind::kList));
      return true;
    case kEmptyDict:
      push(make(Kind::kDict));
      return true;
    case kAppend:
      append({&pop()});
      return true;
    case kAppends:
      append(pop_to_mark());
      return true;
    case kSetItem: {
      auto& value = pop();
      auto& key = pop();
      set_items({&key, &value});
      return true;
    }
    case kSetItems:
      set_items(pop_to_mark());
      return true;
    default:
      return false;
  }
}

bool PickleMachine::follow_memo(PickleOpcode opcode) {
  switch (opcode) {
    case kBinPut:
      memo_[reader_.take_number<std::uint8_t>()] = &top();
      return true;
    case kLongBinPut:
      memo_[reader_.take_number<std::uint32_t>()] = &top();
      return true;
    case kMemoize: {
      const auto index = memo_.size();
      memo_[index] = &top();
      return true;
    }
    case kBinGet:
      recall(reader_.take_number<std::uint8_t>());
      return true;
    case kLongBinGet:
      recall(reader_.take_number<std::uint32_t>());
      return true;
    default:
      return false;
  }
}

bool PickleMachine::follow_object(PickleOpcode opcode) {
  switch (opcode) {
    case kProtocol:
      if (reader_.take_number<std::uint8_t>() > 5) reader_.refuse("a pickle protocol beyond 5");
      return true;
    case kFrame:
      static_cast<void>(reader_.take(sizeof(std::uint64_t)));
      return true;
    case kGlobal: {
      const auto module = reader_.take_line();
      push_global(module, reader_.take_line());
      return true;
    }
    case kStackGlobal: {
      const auto& name = pop();
      const auto& module = pop();
      if (name.kind != Kind::kText || module.kind != Kind::kText) reader_.refuse("a global without a name");
      push_global(module.text, name.text);
      return true;
    }
    case kBinPersistentId:
      load_storage();
      return true;
    case kReduce:
      reduce();
      return true;
    case kNewObject:
      make_object();
      return true;
    case kBuild:
      build();
      return true;
    default:
      return false;
  }
}

const PickleValue& PickleMachine::run() {
  for (std::size_t num_steps = 0;; ++num_steps) {
    if (num_steps == kMaxSteps) reader_.refuse("more than " + std::to_string(kMaxSteps) + " steps");
    const PickleOpcode opcode{reader_.take_number<std::uint8_t>()};
    if (opcode == kStop) break;
    if (follow_scalar(opcode) || follow_container(opcode) || follow_memo(opcode) || follow_object(opcode)) continue;
    reader_.refuse("opcode " + std::to_string(static_cast<unsigned>(opcode)) +
                   " is not one that plain data and tensors need");
  }
  auto& result = pop();
  if (!stack_.empty() || !marks_.empty()) reader_.refuse("values are left over at the end");
  return result;
}

}  // namespace lethe::model::inline files
