#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
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
/// An enumeration's words, in the order of its values.
struct WordRule {
  std::vector<std::string> words;
};

/// `count` context prefixes of `length_tokens` tokens in total, the seed token included.
struct ContextLength {
  int length_tokens = 0;
  int count = 0;
  bool operator==(const ContextLength&) const = default;
};

/// Is shown each field of a configuration in turn: its name in YAML, JSON and identities, the field itself, to be read
/// or to be filled in, and what it may hold. So each configuration has one list of its fields, and readers, writers,
/// identities and documents are visitors.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  virtual void operator()(const char* name, int& field, const IntegerRule& rule) = 0;
  virtual void operator()(const char* name, double& field, const RealRule& rule) = 0;
  virtual void operator()(const char* name, std::optional<double>& field, const RealRule& rule) = 0;
  virtual void operator()(const char* name, bool& field) = 0;
  /// A file whose content decides, not its path: identities hold the content's digest instead.
  virtual void operator()(const char* name, std::optional<std::filesystem::path>& field) = 0;
  virtual void operator()(const char* name, std::vector<ContextLength>& field) = 0;
  virtual void operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) = 0;
  virtual void operator()(const char* name, std::vector<std::string>& field, const TextListRule& rule) = 0;
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum& field, const WordRule& rule) {
    field = static_cast<Enum>(word(name, static_cast<int>(field), rule));
  }

  /// Fields that say how something is made that the rest only uses, in a map of their own: its content stands for them
  /// in identities.
  virtual void recipe(const char* name, const std::function<void(FieldVisitor&)>& fields) = 0;

 private:
  /// The index of the word that the field shall hold; `value` is that of the one it holds.
  virtual int word(const char* name, int value, const WordRule& rule) = 0;
};

}  // namespace lethe::core::inline config
