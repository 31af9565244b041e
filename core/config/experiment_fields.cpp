#include "core/config/experiment_fields.h"

namespace lethe::core::inline config {
namespace {

constexpr IntegerRange kIntervalRange{1, kMaxEdits};

void visit_dataset(FieldVisitor& visit, DatasetConfig& config) {
  visit("format", config.format, WordRule{{"counterfact", "zsre"}});
  visit("records", config.records, PathRule{.presence = Presence::kRequired});
  visit("samples", config.samples, PathRule{Presence::kRequired, "a path, or the word published", kPublishedSamples});
  visit("completions", config.completions, PathRule{});
}

}  // namespace

void visit_fields(FieldVisitor& visit, ExperimentConfig& config) {
  visit("name", config.name, NameRule{});
  visit("fidelity", config.fidelity, WordRule{{"code", "paper"}});
  visit("device", config.device, WordRule{{"cpu", "cuda"}, {{"gpu", "a GPU is device: cuda"}}});
  visit("threads", config.threads, IntegerRule{{1, 1024}});
  visit("seed", config.seed, IntegerRule{});
  const GroupRule dataset{.map = "a map with format, records, samples and completions",
                          .presence = Presence::kRequired};
  visit.group("dataset", dataset, [&](FieldVisitor& inner) { visit_dataset(inner, config.dataset); });
  visit("checkpoint_every", config.checkpoint_every, IntegerRule{kIntervalRange});
  visit("forgetting_every", config.forgetting_every, IntegerRule{kIntervalRange});
  visit("tasks_every", config.tasks_every, IntegerRule{kIntervalRange});
  visit("scores_every", config.scores_every, OptionalIntegerRule{{0, kMaxEdits}, "end"});
  visit("texts_every", config.texts_every, OptionalIntegerRule{{0, kMaxEdits}, "end"});
  visit("texts_facts", config.texts_facts, IntegerRule{{1, 100'000}});
  visit("texts_tokens", config.texts_tokens, IntegerRule{{2, 1'000'000}});
  visit("monitor_every", config.monitor_every, OptionalIntegerRule{{0, kMaxEdits}, "end"});
  visit("monitor_text", config.monitor_text, PathRule{});
  visit("monitor_tokens", config.monitor_tokens, IntegerRule{{1, 1'000'000}});
  visit("stop_at_collapse", config.stop_at_collapse, OptionalIntegerRule{{0, kMaxEdits}, "never"});
  visit("reducers", config.reducers, OptionalIntegerRule{{0, 1'000'000}, "auto"});
  visit("elastic_roles", config.elastic_roles);
  visit("executors_per_gpu", config.executors_per_gpu, IntegerRule{{1, 64}});
  visit("keep_snapshots", config.keep_snapshots, WordRule{{"all", "newest"}});
  visit("reducer_cache_gb", config.reducer_cache_gb, RealRule{kAtLeastZero});
}

void visit_fields(FieldVisitor& visit, ModelConfig& config) {
  visit("path", config.path, PathRule{Presence::kRequired, "a path of a Hugging Face model folder"});
  const GroupRule moments{.map =
                              "a map with npz, or with corpus, max_documents, max_tokens, batch_tokens, "
                              "documents_per_slice and memory_gb"};
  visit.maybe("second_moments", config.second_moments, moments,
              [](FieldVisitor& inner, SecondMomentConfig& held) { visit_fields(inner, held); });
  visit("second_moment_placement", config.second_moment_placement, WordRule{{"device", "host"}});
  visit("weights", config.weights, WordRule{{"fp32", "stored"}});
}

void visit_fields(FieldVisitor& visit, SecondMomentConfig& config) {
  visit("corpus", config.corpus, PathRule{});
  std::filesystem::path npz(config.npz);
  visit("npz", npz, PathRule{});
  config.npz = npz.string();
  visit("max_documents", config.max_documents, IntegerRule{{1}});
  visit("max_tokens", config.max_tokens, IntegerRule{{0}});
  visit("batch_tokens", config.batch_tokens, IntegerRule{{1, 1 << 24}});
  visit("documents_per_slice", config.documents_per_slice, IntegerRule{{1}});
  visit("memory_gb", config.memory_gb, RealRule{kAtLeastZero});
}

void visit_fields(FieldVisitor& visit, TaskConfig& config) {
  visit("name", config.name, NameRule{Presence::kRequired});
  visit("title", config.title, TextRule{});
  visit("examples", config.examples, PathRule{.presence = Presence::kRequired});
  visit("prefix", config.prefix, TextRule{.may_be_empty = true});  // a task without demonstrations
  visit("query", config.query,
        TextRule{.presence = Presence::kRequired, .expected = "a text with {field} placeholders"});
  visit("marker", config.marker,
        TextRule{.presence = Presence::kRequired, .expected = "a text after which the answer is read"});
  const GroupRule answers{.map = "a map such as {word: positive, label: 1}",
                          .presence = Presence::kRequired,
                          .list = "a list such as [{word: positive, label: 1}, {word: negative, label: 0}]",
                          .empty = "at least one {word: ..., label: ...}"};
  visit.list("answers", config.answers, answers, [](FieldVisitor& inner, TaskAnswer& answer) {
    inner("word", answer.word, TextRule{.presence = Presence::kRequired});
    inner("label", answer.label, IntegerRule{{0, 1'000'000}, Presence::kRequired});
  });
  visit("max_new_tokens", config.max_new_tokens, IntegerRule{{1, 256}});
}

}  // namespace lethe::core::inline config
