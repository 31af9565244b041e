#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/config/field_visitor.h"
#include "core/error.h"
#include "core/json_object.h"

namespace lethe::core::inline config {

/// Writes fields as the keys of a JSON object.
class JsonFieldWriter final : public FieldVisitor {
 public:
  nlohmann::json json = nlohmann::json::object();
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
  int word(const char* name, int value, const WordRule& rule) override;
  void optional_group(const char* name, const GroupRule& rule, bool is_held, const std::function<void()>& make,
                      const Fields& fields) override;
  void each(const char* name, const GroupRule& rule, std::size_t count, const Resize& resize,
            const ItemFieldsAt& fields) override;
};

/// Fills fields from the keys of an object that `JsonFieldWriter` wrote: all must be there and hold to their rules.
/// Throws `ConfigError` naming place and key.
class JsonFieldReader final : public FieldVisitor {
 public:
  explicit JsonFieldReader(JsonObject<ConfigError>& object) : object_(object) {}
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
  JsonObject<ConfigError>& object_;

  int word(const char* name, int value, const WordRule& rule) override;
  void optional_group(const char* name, const GroupRule& rule, bool is_held, const std::function<void()>& make,
                      const Fields& fields) override;
  void each(const char* name, const GroupRule& rule, std::size_t count, const Resize& resize,
            const ItemFieldsAt& fields) override;
  /// Counts a null as read.
  bool is_null(const char* name);
};

}  // namespace lethe::core::inline config
