#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lethe::core {

enum class PromptKind : std::uint8_t { kRewrite = 0, kParaphrase = 1, kNeighborhood = 2 };

/// A token of a target, asked behind the prompt and the target's tokens before it.
struct TargetToken {
  std::int32_t id = 0;
  float nll = 0.0F;         ///< nats
  std::int32_t argmax = 0;  ///< what the model finds likeliest in its place

  bool operator==(const TargetToken&) const = default;
};

/// Raw scores of one prompt with both targets (algorithms: teacher-forced mean NLL per target token).
struct PromptScore {
  PromptKind kind = PromptKind::kRewrite;
  float nll_new = 0.0F;   ///< nats, mean over target_new's tokens
  float nll_true = 0.0F;  ///< nats, mean over target_true's tokens
  /// Argmax equals every token of the wanted target: target_new, for neighbourhood prompts target_true.
  bool is_correct = false;
  /// min over the wanted target's tokens of (its logit - the largest other logit): > 0 if right, < 0 if not, 0 a tie.
  float margin = 0.0F;
  /// Both targets token by token, from which token accuracy, exact match and agreement with another model derive. Empty
  /// in results of versions that did not keep them.
  std::vector<TargetToken> tokens_new{};
  std::vector<TargetToken> tokens_true{};

  bool operator==(const PromptScore&) const = default;
};

/// How an edit ended. Everything but kApplied leaves the weights as they were, and the run goes on.
enum class EditStatus : std::uint8_t { kApplied = 0, kNonFinite = 1, kIllConditioned = 2 };

/// What one edit did, without its weight deltas.
struct MetricRecord {
  std::int64_t edit = 0;  ///< 1-based position in the sequence
  std::int64_t case_id = 0;
  EditStatus status = EditStatus::kApplied;
  std::vector<float> losses;                  ///< total loss at each optimiser step, in order
  std::map<std::string, double> diagnostics;  ///< e.g. "k0_dot_u", "residual_norm", "delta_norm"
  std::vector<PromptScore> scores;            ///< right after the edit: rewrite, paraphrases, neighbours
  double seconds_edit = 0.0;                  ///< volatile: stored under /provenance
  double seconds_score = 0.0;                 ///< volatile
};

/// Rewrite prompt of an earlier edit, asked of the model after `num_edits` edits.
struct ForgettingRecord {
  std::int64_t edit = 0;
  std::int64_t case_id = 0;
  PromptScore rewrite;
};

/// All prompts of an earlier edit, asked of the model after `num_edits` edits and of the unedited one: rewrite,
/// paraphrases, neighbours, in the same order.
struct ScoresRecord {
  std::int64_t edit = 0;
  std::int64_t case_id = 0;
  std::vector<PromptScore> edited;
  std::vector<PromptScore> unedited;
};

/// A continuation, without the prompt before it.
struct GeneratedText {
  std::vector<std::int32_t> ids;
  std::string text;  ///< decoded, UTF-8

  bool operator==(const GeneratedText&) const = default;
};

/// What one model writes behind a prompt.
struct WrittenTexts {
  GeneratedText greedy;
  GeneratedText sampled;
  /// Mean NLL per token, nats, that this model gives the sampled text of the *unedited* one; NaN if that is empty.
  float nll_unedited = 0.0F;

  bool operator==(const WrittenTexts&) const = default;
};

/// A prompt about an edited fact, continued by the model after `num_edits` edits and by the unedited one, with the same
/// draws.
struct TextsRecord {
  std::int64_t edit = 0;
  std::int64_t case_id = 0;
  std::string prompt;
  WrittenTexts edited;
  WrittenTexts unedited;

  bool operator==(const TextsRecord&) const = default;
};

/// Answers to one downstream task; everything the scores derive from.
struct TaskRecord {
  std::string task;
  std::vector<std::int32_t> labels;
  std::vector<std::int32_t> predictions;                 ///< -1: no answer word found
  std::vector<std::vector<std::int32_t>> generated_ids;  ///< greedy tokens per example
};

/// ||W - W0||_F of one edited parameter, accumulated in fp64.
struct DistanceRecord {
  std::string parameter;
  double frobenius = 0.0;
  std::int64_t num_weights = 0;
};

/// Norms of one edited parameter that its distance does not tell; NaN where a weight is no number.
struct NormRecord {
  std::string parameter;
  double update_spectral = 0.0;  ///< largest singular value of W - W0
  double base_spectral = 0.0;    ///< of W0
  double frobenius = 0.0;        ///< ||W||_F
  double base_frobenius = 0.0;   ///< ||W0||_F

  bool operator==(const NormRecord&) const = default;
};

/// A document of a fixed text, predicted token by token: sums of NLLs, nats.
struct DocumentNll {
  std::int64_t num_tokens = 0;
  double edited = 0.0;
  double unedited = 0.0;

  bool operator==(const DocumentNll&) const = default;
};

/// What tells how near a model is to its collapse, without asking it for a fact.
struct MonitorRecord {
  std::vector<NormRecord> norms;    ///< of each edited parameter
  std::vector<DocumentNll> text{};  ///< of a fixed text; empty where none is named

  [[nodiscard]] bool is_empty() const { return norms.empty() && text.empty(); }
  bool operator==(const MonitorRecord&) const = default;
};

}  // namespace lethe::core
