#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/config/method_config.h"
#include "core/error.h"
#include "core/metric_record.h"
#include "data/edit_request.h"
#include "editing/update.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::editing {

/// What was seen of one request.
struct EditTrace {
  std::vector<float> losses;  ///< total loss at each optimiser step
  std::map<std::string, double> diagnostics;
};

/// A computed step: what to apply, and what was seen on the way.
struct EditStep {
  std::vector<ParameterUpdate> updates;
  std::vector<float> losses;                  ///< total loss at each optimiser step,
  std::map<std::string, double> diagnostics;  ///< of the one request, or of several that share an optimisation
  /// By request, where a step of several optimised each on its own (MEMIT); the two above are then empty.
  std::vector<EditTrace> requests{};

  [[nodiscard]] EditTrace trace_of(std::size_t request) const {
    return requests.empty() ? EditTrace{losses, diagnostics} : requests.at(request);
  }
};

/// A numerical outcome that leaves the weights alone: recorded, not thrown (design C10). One request that fails fails
/// the whole step, because its facts share one update.
struct EditFailure {
  core::EditStatus status = core::EditStatus::kNonFinite;
  std::string reason;
  std::vector<float> losses;
  std::map<std::string, double> diagnostics;
  std::vector<EditTrace> requests{};  ///< as of `EditStep`; those computed before the failure, the others empty

  [[nodiscard]] EditTrace trace_of(std::size_t request) const {
    return requests.empty() ? EditTrace{losses, diagnostics} : requests.at(request);
  }
};

using EditOutcome = std::variant<EditStep, EditFailure>;

/// What a method remembers of a cell's edits beside the weights, in memory, as the method wants it.
class History {
 public:
  virtual ~History() = default;
};

/// What one step adds to the history, by name. Folding the increments of all steps in their order gives the history
/// again, with the same bits: so they are what is stored, never the history itself.
struct Increment {
  std::map<std::string, torch::Tensor> rows;    ///< fp32 [N,...], N rows: join those before (keys, projected by none)
  std::map<std::string, torch::Tensor> latest;  ///< fp64 on the host: replace those before (running statistics)
};

/// An edit, and what it adds to the history.
struct Continuation {
  EditOutcome outcome;
  Increment increment{};
};

/// An editing method with its hyper-parameters and everything that stays fixed over a cell.
/// `compute` is a pure function of the network's current weights and the requests; it never changes the network.
class EditMethod {
 public:
  virtual ~EditMethod() = default;
  /// The first step of a cell.
  [[nodiscard]] virtual EditOutcome compute(const model::Network& network,
                                            std::span<const data::EditRequest> requests) const = 0;
  /// Before the first edit of a cell; null for methods that remember nothing.
  [[nodiscard]] virtual std::unique_ptr<History> begin() const { return nullptr; }
  /// A step after those that `history` was folded from; as pure, of the history as well. `history` comes from `begin`.
  [[nodiscard]] virtual Continuation compute_after(const History* /*history*/, const model::Network& network,
                                                   std::span<const data::EditRequest> requests) const {
    return {compute(network, requests)};
  }
  /// Takes a step's increment in. Throws `core::DataError` for one that does not fit the method.
  virtual void fold(History& /*history*/, const Increment& /*increment*/) const {}
  /// Parameters this method changes, in storage order.
  [[nodiscard]] virtual std::vector<std::string> edited_parameters() const = 0;
  /// True if updates are dense snapshots (FT), false for low-rank factors; as `MethodSettings::stores_snapshots`.
  [[nodiscard]] virtual bool is_dense() const = 0;
};

/// Context templates of a cell ("{}", "x. {}", ...): sampled once from the *unedited* model with the cell's seed,
/// or read from a file, and stored in the first segment (design C1).
struct EditContexts {
  std::vector<std::string> templates;
};

class MomentFactor;

/// Something beside second moments that methods edit with, made once for several cells (`core::ArtifactUse`).
class Artifact {
 public:
  virtual ~Artifact() = default;
};
template <typename Value>
struct ArtifactOf final : Artifact {
  explicit ArtifactOf(Value made) : value(std::move(made)) {}
  Value value;
};

/// Second moments C = E[k k^T] of the inputs of one MLP projection, [F,F] fp64 on the host, over `count` tokens.
struct SecondMoment {
  torch::Tensor moment_FF;
  std::int64_t count = 0;
  /// Its Cholesky factor where the caller keeps one for several cells (editing/moment_factor.h); null: the method
  /// factors it. With a factor, `moment_FF` may be undefined.
  std::shared_ptr<const MomentFactor> factor{};
};

/// Everything the factory needs; references must outlive the method.
struct MethodInputs {
  const model::Network& unedited;
  const model::Tokenizer& tokenizer;
  EditContexts contexts;
  std::map<int, SecondMoment> second_moments;  ///< by layer; those of `MethodSettings::second_moment_layers`
  std::map<std::string, std::shared_ptr<const Artifact>> artifacts{};  ///< by kind
};

/// The artifact of that kind; throws `core::DataError` where there is none or it holds something else.
template <typename Value>
std::shared_ptr<const Value> artifact_of(const MethodInputs& inputs, const std::string& kind) {
  const auto found = inputs.artifacts.find(kind);
  const auto holder =
      found == inputs.artifacts.end() ? nullptr : std::dynamic_pointer_cast<const ArtifactOf<Value>>(found->second);
  if (holder == nullptr)
    throw core::DataError("the method's " + kind + " is missing; it is made before the first edit");
  return {holder, &holder->value};
}

/// What context prefixes are sampled from.
struct ContextSource {
  const model::Network& unedited;
  const model::Tokenizer& tokenizer;
  std::uint64_t seed = 0;
};

/// What decides whether a request can be edited at all.
struct RequestLimits {
  const model::Tokenizer& tokenizer;
  const model::Architecture& architecture;
  std::int64_t context_tokens = 0;  ///< that a context may put before a prompt
};

/// The network that a cell's edits start from and that it is evaluated with: the unedited one, unless the method adds a
/// class to the vocabulary (MEND's `pad_class`), which draws from `seed`.
model::Network starting_network(const core::MethodConfig& config, const model::Network& unedited, std::uint64_t seed);
/// True if `starting_network` gives another one.
bool changes_vocabulary(const core::MethodConfig& config);
/// True if the method uses context templates.
bool uses_contexts(const core::MethodConfig& config);
/// Samples the method's templates from the unedited network, or takes its contexts file's lines
/// (`file_lines`, given where the config names a file; one prefix a line, blank lines skipped).
/// The first template is the bare "{}". Empty for methods without contexts. Throws `core::DataError`.
EditContexts make_contexts(const core::MethodConfig& config, const model::Network& unedited,
                           const model::Tokenizer& tokenizer, std::uint64_t seed,
                           const std::vector<std::string>& file_lines);
/// The most tokens that a method's contexts put before a prompt: of the longest of its file's lines, or as many as are
/// sampled, with room for their being tokenised anew. 0 without contexts.
std::int64_t longest_context(const core::MethodConfig& config, const model::Tokenizer& tokenizer,
                             const std::vector<std::string>& file_lines);
/// What of a method's settings this model cannot follow; empty if nothing.
std::string architecture_problem(const core::MethodConfig& method, const model::Architecture& architecture);
/// What `compute` would throw for a request whatever the weights, found without a network: a subject that cannot be
/// located, a target without tokens, a prompt that with the longest context exceeds the model's positions. Throws
/// `core::DataError` naming the case.
void check_request(const core::MethodConfig& config, const data::EditRequest& request, const RequestLimits& limits);
/// Methods with the same text here ask the same of a request.
std::string request_question(const core::MethodConfig& config);

/// The one place where a config becomes a method. Throws `core::ConfigError` for a layer the model does not have,
/// `core::DataError` where contexts or second moments are missing or unusable.
std::unique_ptr<EditMethod> make_method(const core::MethodConfig& config, MethodInputs inputs);

}  // namespace lethe::editing
