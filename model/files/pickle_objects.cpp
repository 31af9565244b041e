// What a pickle asks to be made or called: noted or refused, never done.
#include "data/text_file.h"
#include "model/files/pickle_globals.h"
#include "model/files/pickle_machine.h"

namespace lethe::model::inline files {

void PickleMachine::push_global(std::string_view module, std::string_view name) {
  const auto full = std::string(module) + "." + std::string(name);
  const auto allowed = allowed_pickle_global(full);
  if (!allowed) {
    reader_.refuse(
        "names `" + data::excerpt(full, 200) +
        "`, which is none of the globals that tensors need, so the file is not read: it could run code. If you "
        "trust its source, load it in Python and save only its tensors (a state dict).");
  }
  auto& value = make(Kind::kGlobal);
  value.text = *allowed;
  push(value);
}

namespace {

/// Dimensions of a size, arguments of a tensor: no honest call has as many.
constexpr std::size_t kMaxArguments = 64;

}  // namespace

/// ("storage", class, key, location, number of elements): where a storage's bytes are.
void PickleMachine::load_storage() {
  const auto& id = pop();
  const bool is_storage = id.kind == Kind::kTuple && id.items.size() == 5 && id.items[0]->kind == Kind::kText &&
                          id.items[0]->text == "storage" && id.items[1]->kind == Kind::kGlobal &&
                          id.items[2]->kind == Kind::kText && id.items[4]->kind == Kind::kInteger;
  if (!is_storage) reader_.refuse("a persistent id that describes no storage");
  push_with_items(Kind::kStorage, id.items);
}

void PickleMachine::push_with_items(Kind kind, const std::vector<const Value*>& items) {
  if (items.size() > kMaxArguments) reader_.refuse("a call with " + std::to_string(items.size()) + " arguments");
  auto& value = make(kind);
  value.items = items;
  push(value);
}

void PickleMachine::reduce() {
  const auto& arguments = pop();
  const auto& callable = pop();
  if (callable.kind != Kind::kGlobal || arguments.kind != Kind::kTuple) reader_.refuse("a call of what is no global");
  if (callable.text.starts_with("torch._utils._rebuild_tensor")) {
    push_with_items(Kind::kTensor, arguments.items);
  } else if (callable.text == "torch._utils._rebuild_parameter") {
    if (arguments.items.empty() || arguments.items[0]->kind != Kind::kTensor)
      reader_.refuse("a parameter without a tensor");
    push_with_items(Kind::kTensor, arguments.items[0]->items);
  } else if (callable.text == "collections.OrderedDict") {
    if (!arguments.items.empty()) reader_.refuse("an OrderedDict made from a list; save it with Python 3");
    push(make(Kind::kDict));
  } else if (callable.text == "torch.Size") {
    push_with_items(Kind::kTuple, arguments.items.empty() ? arguments.items : arguments.items[0]->items);
  } else if (is_inert_pickle_call(callable.text)) {
    push(make(Kind::kOpaque));
  } else {
    reader_.refuse("a call of `" + std::string(callable.text) + "`, which is no function");
  }
}

/// An object made without its class's constructor. Here it is a value that nothing looks into.
void PickleMachine::make_object() {
  const auto& arguments = pop();
  const auto& type = pop();
  if (type.kind != Kind::kGlobal || arguments.kind != Kind::kTuple) reader_.refuse("an object of what is no class");
  if (!is_inert_pickle_class(type.text))
    reader_.refuse("an object of `" + std::string(type.text) + "`, which is no class");
  push(make(Kind::kOpaque));
}

/// An object's attributes (a state dict's `_metadata`): nothing that a tensor depends on.
void PickleMachine::build() {
  static_cast<void>(pop());
  const auto kind = top().kind;
  const bool may_have_state = kind == Kind::kDict || kind == Kind::kOpaque || kind == Kind::kTensor;
  if (!may_have_state) reader_.refuse("gives a state to what has none");
}

}  // namespace lethe::model::inline files
