#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/config/ranges.h"

namespace lethe::core::inline config {

struct IntegerRule {
  IntegerRange range;
  Presence presence = Presence::kOptional;
};
struct RealRule {
  RealRange range;
  Presence presence = Presence::kOptional;
};
/// A list of whole numbers, each above the one before.
struct IntegerListRule {
  IntegerRange range;
  Presence presence = Presence::kOptional;
};
/// A list of texts that are not empty.
struct TextListRule {};
/// An enumeration's words, in the order of its values; or those that a text may be.
struct WordRule {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> remarks = {};  ///< on words that people write in their place
};
struct TextRule {
  Presence presence = Presence::kOptional;
  bool may_be_empty = false;
  const char* expected = "a text";
};
/// A text that can be part of a path: letters, digits, '.', '_', '-'.
struct NameRule {
  Presence presence = Presence::kOptional;
  const char* expected = "a short name";
};
/// A file or folder; an empty path is none.
struct PathRule {
  Presence presence = Presence::kOptional;
  const char* expected = "a path";
  const char* word = nullptr;  ///< that may stand in a path's place, and leaves it empty
};
/// A whole number, or a word that leaves it open.
struct OptionalIntegerRule {
  IntegerRange range;
  const char* word = nullptr;
};
/// A map, and a list of maps.
struct GroupRule {
  const char* map = nullptr;  ///< what each map is: "a map with format and records"
  Presence presence = Presence::kOptional;
  const char* list = nullptr;   ///< what the list is: "a list such as [{count: 10}]"
  const char* empty = nullptr;  ///< what an empty list lacks: "at least one {count: ...}"; null: it may be empty
};

/// Is shown each field of a configuration in turn: its name in YAML, JSON and identities, the field itself, to be read
/// or to be filled in, and what it may hold. So each configuration has one list of its fields, and readers, writers,
/// identities and documents are visitors.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  using Fields = std::function<void(FieldVisitor&)>;

  virtual void operator()(const char* name, std::int64_t& field, const IntegerRule& rule) = 0;
  template <typename Integer>
  requires std::is_same_v<Integer, int> || std::is_same_v<Integer, std::uint64_t>
  void operator()(const char* name, Integer& field, const IntegerRule& rule) {
    auto number = static_cast<std::int64_t>(field);
    (*this)(name, number, rule);
    field = static_cast<Integer>(number);
  }
  virtual void operator()(const char* name, std::optional<int>& field, const OptionalIntegerRule& rule) = 0;
  virtual void operator()(const char* name, double& field, const RealRule& rule) = 0;
  virtual void operator()(const char* name, std::optional<double>& field, const RealRule& rule) = 0;
  virtual void operator()(const char* name, bool& field) = 0;
  /// A file whose content decides, not its path: identities hold the content's digest instead.
  virtual void operator()(const char* name, std::optional<std::filesystem::path>& field) = 0;
  virtual void operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) = 0;
  virtual void operator()(const char* name, std::vector<std::string>& field, const TextListRule& rule) = 0;
  virtual void operator()(const char* name, std::string& field, const TextRule& rule) = 0;
  virtual void operator()(const char* name, std::string& field, const NameRule& rule) = 0;
  virtual void operator()(const char* name, std::string& field, const WordRule& rule) = 0;
  virtual void operator()(const char* name, std::filesystem::path& field, const PathRule& rule) = 0;
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum& field, const WordRule& rule) {
    field = static_cast<Enum>(word(name, static_cast<int>(field), rule));
  }

  /// A map of further fields.
  virtual void group(const char* name, const GroupRule& rule, const Fields& fields) = 0;
  /// The same, which may be left out.
  template <typename Group, typename GroupFields>
  void maybe(const char* name, std::optional<Group>& held, const GroupRule& rule, const GroupFields& fields) {
    optional_group(
        name, rule, held.has_value(), [&] { held.emplace(); }, [&](FieldVisitor& visit) { fields(visit, *held); });
  }
  /// A list of maps; `fields(visit, item)` shows those of one.
  template <typename Item, typename ItemFields>
  void list(const char* name, std::vector<Item>& items, const GroupRule& rule, const ItemFields& fields) {
    each(
        name, rule, items.size(), [&](std::size_t count) { items.resize(count); },
        [&](FieldVisitor& visit, std::size_t index) { fields(visit, items.at(index)); });
  }

  /// Fields that say how something is made that the rest only uses, in a map of their own: its content stands for them
  /// in identities.
  virtual void recipe(const char* name, const Fields& fields) = 0;

 protected:
  using Resize = std::function<void(std::size_t)>;
  using ItemFieldsAt = std::function<void(FieldVisitor&, std::size_t)>;

 private:
  /// A reader calls `make` where the map is given, and then shows itself its fields.
  virtual void optional_group(const char* name, const GroupRule& rule, bool is_held, const std::function<void()>& make,
                              const Fields& fields) = 0;
  /// A list of `count` maps: a reader resizes it, and `fields` shows those of one.
  virtual void each(const char* name, const GroupRule& rule, std::size_t count, const Resize& resize,
                    const ItemFieldsAt& fields) = 0;
  /// The index of the word that the field shall hold; `value` is that of the one it holds.
  virtual int word(const char* name, int value, const WordRule& rule) = 0;
};

}  // namespace lethe::core::inline config
