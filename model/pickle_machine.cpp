#include "model/pickle_machine.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/error.h"
#include "data/text_file.h"
#include "model/families/families.h"

namespace lethe::model {
namespace {

using Kind = PickleValue::Kind;

/// Opcodes of Python's pickletools that plain data and tensors need (protocols 2 to 5).
enum Opcode : unsigned {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersistentId = 'Q',
  kReduce = 'R',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyTuple = ')',
  kEmptyList = ']',
  kEmptyDict = '}',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kProtocol = 0x80,
  kNewObject = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

/// The only globals that a checkpoint may name. None of them is called.
constexpr std::array<std::string_view, 25> kAllowedGlobals{
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
};

constexpr std::array<std::string_view, 5> kInertCalls{"torch.device", "numpy.core.multiarray.scalar",
                                                      "numpy._core.multiarray.scalar", "numpy.dtype", "_codecs.encode"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The published MEND editors hold the configuration of the model they were trained for. It stays unread, too. Empty
/// if the class is no family's.
std::string_view configuration_class(std::string_view name) {
  const auto found = std::ranges::find(all_families(), name, [](const auto* family) { return family->config_class; });
  return found != all_families().end() ? (*found)->config_class : std::string_view();
}

/// The allowed global of this name, in memory that lasts; empty if there is none.
std::string_view allowed_global(std::string_view name) {
  const auto* const allowed = std::find(kAllowedGlobals.begin(), kAllowedGlobals.end(), name);
  return allowed != kAllowedGlobals.end() ? *allowed : configuration_class(name);
}

}  // namespace

PickleMachine::PickleMachine(std::span<const std::byte> pickle, std::string place)
    : bytes_(pickle), place_(std::move(place)) {}

void PickleMachine::refuse(const std::string& what) const {
  throw core::DataError(place_ + ", byte " + std::to_string(position_) + ": " + what);
}

std::string_view PickleMachine::take(std::uint64_t num_bytes) {
  if (num_bytes > bytes_.size() - position_) refuse("the pickle ends in the middle of a value; fetch the file again");
  const std::string_view taken(reinterpret_cast<const char*>(bytes_.data()) + position_,
                               static_cast<std::size_t>(num_bytes));
  position_ += taken.size();
  return taken;
}

template <typename Integer>
Integer PickleMachine::take_number() {
  Integer number = 0;
  std::memcpy(&number, take(sizeof(number)).data(), sizeof(number));
  return number;
}

std::string_view PickleMachine::take_line() {
  const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + position_;
  const std::string_view rest(begin, bytes_.size() - position_);
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) refuse("a name without end");
  position_ += end + 1;
  return rest.substr(0, end);
}

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
  const auto digits = take(take_number<std::uint8_t>());
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
  const auto stored = take(digits.size());
  std::reverse_copy(stored.begin(), stored.end(), digits.begin());
  auto& value = make(Kind::kReal);
  std::memcpy(&value.real, digits.data(), digits.size());
  push(value);
}

PickleValue& PickleMachine::top() {
  const auto floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) refuse("a value is missing on the stack");
  return *stack_.back();
}

PickleValue& PickleMachine::pop() {
  auto& value = top();
  stack_.pop_back();
  return value;
}

std::vector<PickleValue*> PickleMachine::pop_to_mark() {
  if (marks_.empty()) refuse("a mark is missing on the stack");
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
  if (list.kind != Kind::kList) refuse("appends to what is no list");
  list.items.insert(list.items.end(), elements.begin(), elements.end());
}

void PickleMachine::set_items(const std::vector<Value*>& elements) {
  auto& dict = top();
  if (dict.kind != Kind::kDict) refuse("sets an item of what is no dict");
  if (elements.size() % 2 != 0) refuse("a key without a value");
  dict.items.insert(dict.items.end(), elements.begin(), elements.end());
}

void PickleMachine::recall(std::uint64_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) refuse("recalls value " + std::to_string(index) + ", which was never kept");
  push(*found->second);
}

void PickleMachine::push_global(std::string_view module, std::string_view name) {
  const auto full = std::string(module) + "." + std::string(name);
  const auto allowed = allowed_global(full);
  if (allowed.empty()) {
    refuse("names `" + data::excerpt(full, 200) +
           "`, which is none of the globals that tensors need, so the file is not read: it could run code. If you "
           "trust its source, load it in Python and save only its tensors (a state dict).");
  }
  auto& value = make(Kind::kGlobal);
  value.text = allowed;
  push(value);
}

/// ("storage", class, key, location, number of elements): where a storage's bytes are.
void PickleMachine::load_storage() {
  const auto& id = pop();
  const bool is_storage = id.kind == Kind::kTuple && id.items.size() == 5 && id.items[0]->kind == Kind::kText &&
                          id.items[0]->text == "storage" && id.items[1]->kind == Kind::kGlobal &&
                          id.items[2]->kind == Kind::kText && id.items[4]->kind == Kind::kInteger;
  if (!is_storage) refuse("a persistent id that describes no storage");
  auto& value = make(Kind::kStorage);
  value.items = id.items;
  push(value);
}

void PickleMachine::reduce() {
  const auto& arguments = pop();
  const auto& callable = pop();
  if (callable.kind != Kind::kGlobal || arguments.kind != Kind::kTuple) refuse("a call of what is no global");
  if (callable.text.starts_with("torch._utils._rebuild_tensor")) {
    auto& value = make(Kind::kTensor);
    value.items = arguments.items;
    push(value);
  } else if (callable.text == "torch._utils._rebuild_parameter") {
    if (arguments.items.empty() || arguments.items[0]->kind != Kind::kTensor) refuse("a parameter without a tensor");
    auto& value = make(Kind::kTensor);
    value.items = arguments.items[0]->items;
    push(value);
  } else if (callable.text == "collections.OrderedDict") {
    if (!arguments.items.empty()) refuse("an OrderedDict made from a list; save it with Python 3");
    push(make(Kind::kDict));
  } else if (callable.text == "torch.Size") {
    auto& value = make(Kind::kTuple);
    if (!arguments.items.empty()) value.items = arguments.items[0]->items;
    push(value);
  } else if (is_one_of(kInertCalls, callable.text)) {
    push(make(Kind::kOpaque));
  } else {
    refuse("a call of `" + std::string(callable.text) + "`, which is no function");
  }
}

/// An object made without its class's constructor. Here it is a value that nothing looks into.
void PickleMachine::make_object() {
  const auto& arguments = pop();
  const auto& type = pop();
  if (type.kind != Kind::kGlobal || arguments.kind != Kind::kTuple) refuse("an object of what is no class");
  if (configuration_class(type.text).empty())
    refuse("an object of `" + std::string(type.text) + "`, which is no class");
  push(make(Kind::kOpaque));
}

/// An object's attributes (a state dict's `_metadata`): nothing that a tensor depends on.
void PickleMachine::build() {
  static_cast<void>(pop());
  const auto kind = top().kind;
  const bool may_have_state = kind == Kind::kDict || kind == Kind::kOpaque || kind == Kind::kTensor;
  if (!may_have_state) refuse("gives a state to what has none");
}

bool PickleMachine::follow_scalar(unsigned opcode) {
  switch (opcode) {
    case kNone:
      push(make(Kind::kNone));
      return true;
    case kNewTrue:
    case kNewFalse:
      push_bool(opcode == kNewTrue);
      return true;
    case kBinInt:
      push_integer(take_number<std::int32_t>());
      return true;
    case kBinInt1:
      push_integer(take_number<std::uint8_t>());
      return true;
    case kBinInt2:
      push_integer(take_number<std::uint16_t>());
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
      push_text(take(take_number<std::uint8_t>()));
      return true;
    case kBinUnicode:
    case kBinString:
    case kBinBytes:
      push_text(take(take_number<std::uint32_t>()));
      return true;
    case kBinUnicode8:
      push_text(take(take_number<std::uint64_t>()));
      return true;
    default:
      return false;
  }
}

bool PickleMachine::follow_container(unsigned opcode) {
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
      push_tuple_of(opcode - kTuple1 + 1);
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

bool PickleMachine::follow_memo(unsigned opcode) {
  switch (opcode) {
    case kBinPut:
      memo_[take_number<std::uint8_t>()] = &top();
      return true;
    case kLongBinPut:
      memo_[take_number<std::uint32_t>()] = &top();
      return true;
    case kMemoize: {
      const auto index = memo_.size();
      memo_[index] = &top();
      return true;
    }
    case kBinGet:
      recall(take_number<std::uint8_t>());
      return true;
    case kLongBinGet:
      recall(take_number<std::uint32_t>());
      return true;
    default:
      return false;
  }
}

bool PickleMachine::follow_object(unsigned opcode) {
  switch (opcode) {
    case kProtocol:
      if (take_number<std::uint8_t>() > 5) refuse("a pickle protocol beyond 5");
      return true;
    case kFrame:
      static_cast<void>(take(sizeof(std::uint64_t)));
      return true;
    case kGlobal: {
      const auto module = take_line();
      push_global(module, take_line());
      return true;
    }
    case kStackGlobal: {
      const auto& name = pop();
      const auto& module = pop();
      if (name.kind != Kind::kText || module.kind != Kind::kText) refuse("a global without a name");
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
  for (;;) {
    const unsigned opcode = take_number<std::uint8_t>();
    if (opcode == kStop) break;
    if (follow_scalar(opcode) || follow_container(opcode) || follow_memo(opcode) || follow_object(opcode)) continue;
    refuse("opcode " + std::to_string(opcode) + " is not one that plain data and tensors need");
  }
  auto& result = pop();
  if (!stack_.empty() || !marks_.empty()) refuse("values are left over at the end");
  return result;
}

}  // namespace lethe::model
