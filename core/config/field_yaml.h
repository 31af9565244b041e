#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/field_visitor.h"
#include "core/config/yaml_map.h"

namespace lethe::core::inline config {

/// Fills fields from the keys of a map; what is not given stays, what is wrong becomes a problem.
class YamlFieldReader final : public FieldVisitor {
 public:
  /// `is_override`: a map of changes to fields that are filled in already, in which nothing is required.
  explicit YamlFieldReader(YamlMap& map, bool is_override = false) : map_(map), is_override_(is_override) {}
  using FieldVisitor::operator();

  void operator()(const char* name, std::int64_t& field, const IntegerRule& rule) override;
  void operator()(const char* name, std::optional<int>& field, const OptionalIntegerRule& rule) override;
  void operator()(const char* name, double& field, const RealRule& rule) override;
  void operator()(const char* name, std::optional<double>& field, const RealRule& rule) override;
  void operator()(const char* name, bool& field) override;
  void operator()(const char* name, std::optional<std::filesystem::path>& field) override;
  void operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) override;
  void operator()(const char* name, std::vector<std::string>& field, const TextListRule& rule) override;
  void operator()(const char* name, std::string& field, const TextRule& rule) override;
  void operator()(const char* name, std::string& field, const NameRule& rule) override;
  void operator()(const char* name, std::filesystem::path& field, const PathRule& rule) override;
  void group(const char* name, const GroupRule& rule, const Fields& fields) override;
  void recipe(const char* name, const Fields& fields) override;

 private:
  YamlMap& map_;
  bool is_override_;

  int word(const char* name, int value, const WordRule& rule) override;
  void optional_group(const char* name, const GroupRule& rule, bool is_held, const std::function<void()>& make,
                      const Fields& fields) override;
  void each(const char* name, const GroupRule& rule, std::size_t count, const Resize& resize,
            const ItemFieldsAt& fields) override;
  std::optional<YamlValue> find(const char* name, Presence presence, const std::string& expected);
  void read_map(const YamlValue& value, const std::string& what, const Fields& fields) const;
};

}  // namespace lethe::core::inline config
