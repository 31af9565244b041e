#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/config/method_config.h"
#include "core/error.h"

namespace lethe::editing {

/// Calls by argument-dependent lookup from where members of the same names do not hide them.
namespace asked {
template <typename Config>
void fields(core::FieldVisitor& visit, Config& config) {
  visit_fields(visit, config);
}
template <typename Config>
std::vector<int> edited(const Config& config, std::int64_t num_layers) {
  return edited_layers(config, num_layers);
}
template <typename Config>
std::vector<int> moments(const Config& config) {
  if constexpr (requires { second_moment_layers(config); }) return second_moment_layers(config);
  return {};
}
template <typename Config>
std::vector<core::ArtifactUse> artifacts_of(const Config& config) {
  if constexpr (requires { artifacts(config); }) return artifacts(config);
  return {};
}
}  // namespace asked

/// A method's configuration as `core::MethodSettings`. A configuration is a plain struct with
///   static constexpr std::array kNames{"ft-c", "ft"};       names of the methods it configures
///   static Config defaults(core::Fidelity);                 what a config gets that sets nothing
///   int batch_size;                                         facts edited by one step
/// and, beside it,
///   void visit_fields(core::FieldVisitor&, Config&);
///   std::vector<int> edited_layers(const Config&, std::int64_t num_layers);
/// and where they mean something
///   std::string config_problem(const std::string& name, const Config&);
///   std::vector<int> second_moment_layers(const Config&);
///   std::vector<core::ArtifactUse> artifacts(const Config&);
///   bool have_same_artifacts(const Config&, const Config&);    without it: if all fields are equal
///   std::optional<std::filesystem::path> contexts_file;     a field
///   static constexpr bool kStoresSnapshots = true;
/// An executor reaches the algorithm by further functions of that kind: executor_side.h lists them.
template <typename Config>
class SettingsOf final : public core::MethodSettings {
 public:
  SettingsOf(std::string name, Config config) : name_(std::move(name)), config_(std::move(config)) {}

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] std::unique_ptr<MethodSettings> clone() const override { return std::make_unique<SettingsOf>(*this); }
  [[nodiscard]] bool is_equal(const MethodSettings& other) const override {
    const auto* same = dynamic_cast<const SettingsOf*>(&other);
    return same != nullptr && same->config_ == config_;
  }
  void visit_fields(core::FieldVisitor& visit) override { asked::fields(visit, config_); }
  [[nodiscard]] std::string problem() const override {
    if constexpr (requires { config_problem(name_, config_); }) return config_problem(name_, config_);
    return "";
  }
  [[nodiscard]] int batch_size() const override { return config_.batch_size; }
  [[nodiscard]] std::vector<int> edited_layers(std::int64_t num_layers) const override {
    return asked::edited(config_, num_layers);
  }
  [[nodiscard]] std::vector<int> second_moment_layers() const override { return asked::moments(config_); }
  [[nodiscard]] std::vector<core::ArtifactUse> artifacts() const override { return asked::artifacts_of(config_); }
  [[nodiscard]] bool shares_artifacts_with(const MethodSettings& other) const override {
    const auto* same = dynamic_cast<const SettingsOf*>(&other);
    if (same == nullptr) return false;
    if constexpr (requires { have_same_artifacts(config_, config_); }) {
      return have_same_artifacts(config_, same->config_);
    }
    return same->config_ == config_;
  }
  [[nodiscard]] std::optional<std::filesystem::path> contexts_file() const override {
    if constexpr (requires { config_.contexts_file; }) return config_.contexts_file;
    return std::nullopt;
  }
  [[nodiscard]] bool stores_snapshots() const override {
    if constexpr (requires { Config::kStoresSnapshots; }) return Config::kStoresSnapshots;
    return false;
  }

 private:
  std::string name_;
  Config config_;
};

/// A configuration by the method's name; without one, the first that it may have.
template <typename Config>
core::MethodConfig method_config(Config config, std::string name = std::string(Config::kNames.front())) {
  auto settings = std::make_shared<const SettingsOf<Config>>(name, std::move(config));
  return {std::move(name), std::move(settings)};
}

/// The same method with a change to its configuration.
template <typename Config, typename Change>
core::MethodConfig with_change(const core::MethodConfig& method, const Change& change);

/// The configuration of a method that must be of this type, or null where it is another.
template <typename Config>
const Config* find_config(const core::MethodConfig& method) {
  const auto* settings = dynamic_cast<const SettingsOf<Config>*>(&method.settings());
  return settings == nullptr ? nullptr : &settings->config();
}
template <typename Config>
const Config& config_of(const core::MethodConfig& method) {
  if (const auto* config = find_config<Config>(method)) return *config;
  throw core::ConfigError(method.method() + ": holds the parameters of another method");
}

template <typename Config, typename Change>
core::MethodConfig with_change(const core::MethodConfig& method, const Change& change) {
  auto config = config_of<Config>(method);
  change(config);
  return method_config(std::move(config), method.method());
}

}  // namespace lethe::editing
