#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/field_visitor.h"

namespace lethe::core::inline config {

/// `code` reproduces the published programs, quirks included; `paper` follows the text.
enum class Fidelity { kCode, kPaper };

/// Something beside second moments that a method edits with, made once for several cells: a kind of prerequisite.
struct ArtifactUse {
  std::string kind;                           ///< "editor"
  std::string making;                         ///< how it comes about, for identities: "training"
  std::optional<std::filesystem::path> file;  ///< that the config names instead of having it made
  std::vector<int> moment_layers = {};        ///< layers whose second moments it is made from
};

/// A method's hyper-parameters, and all that a sweep asks of a method without running it. Each method's room
/// (editing/<method>/) implements this; nothing else knows which methods there are.
class MethodSettings {
 public:
  virtual ~MethodSettings() = default;
  [[nodiscard]] virtual std::unique_ptr<MethodSettings> clone() const = 0;
  [[nodiscard]] virtual bool is_equal(const MethodSettings& other) const = 0;

  /// Shows every hyper-parameter, in the order of documents.
  virtual void visit_fields(FieldVisitor& visit) = 0;
  /// What is wrong with the fields taken together ("linf_bound: is missing; ..."), or nothing.
  [[nodiscard]] virtual std::string problem() const = 0;

  /// Facts that one step edits. `edits:` and every interval count facts.
  [[nodiscard]] virtual int batch_size() const = 0;
  /// Layers whose weights the method changes in a model of `num_layers`, ascending.
  [[nodiscard]] virtual std::vector<int> edited_layers(std::int64_t num_layers) const = 0;
  /// Layers whose second moments the method needs, ascending; empty: none.
  [[nodiscard]] virtual std::vector<int> second_moment_layers() const = 0;
  [[nodiscard]] virtual std::vector<ArtifactUse> artifacts() const = 0;
  /// True if an artifact made for this method of a model serves the other as well: a model has one of a kind.
  [[nodiscard]] virtual bool shares_artifacts_with(const MethodSettings& other) const = 0;
  /// The file of fixed context prefixes, if the config names one.
  [[nodiscard]] virtual std::optional<std::filesystem::path> contexts_file() const = 0;
  /// True if updates are kept as snapshots of whole parameters (FT), false for low-rank factors.
  [[nodiscard]] virtual bool stores_snapshots() const = 0;
};

/// A method by name with its hyper-parameters: an immutable value, cheap to copy.
class MethodConfig {
 public:
  MethodConfig(std::string method, std::shared_ptr<const MethodSettings> settings)
      : method_(std::move(method)), settings_(std::move(settings)) {}

  /// The method's name: "rome".
  [[nodiscard]] const std::string& method() const { return method_; }
  [[nodiscard]] const MethodSettings& settings() const { return *settings_; }
  const MethodSettings* operator->() const { return settings_.get(); }
  bool operator==(const MethodConfig& other) const {
    return method_ == other.method_ && settings_->is_equal(*other.settings_);
  }

 private:
  std::string method_;
  std::shared_ptr<const MethodSettings> settings_;
};

/// The first edited layer, `num_layers` if there is none; below it no edit changes anything.
std::int64_t lowest_edited_layer(const MethodConfig& config, std::int64_t num_layers);

/// The methods that configs may use, in the order of documents.
class MethodCatalogue {
 public:
  struct Row {
    std::string_view name;
    std::unique_ptr<MethodSettings> (*defaults)(std::string_view name, Fidelity fidelity);
  };
  explicit MethodCatalogue(std::vector<Row> rows);

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// What a config gets that sets nothing. Throws `ConfigError` for an unknown method.
  [[nodiscard]] std::unique_ptr<MethodSettings> defaults(const std::string& method, Fidelity fidelity) const;

 private:
  std::vector<Row> rows_;
  std::vector<std::string> names_;
};

}  // namespace lethe::core::inline config
