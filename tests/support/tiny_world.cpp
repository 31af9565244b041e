#include "tests/support/tiny_world.h"

#include <algorithm>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/random_stream.h"
#include "editing/methods/catalogue.h"
#include "model/weights.h"
#include "tests/support/hugging_face_config.h"
#include "tests/support/test_device.h"

namespace lethe::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

/// GPT-2's printable stand-ins for the 256 bytes, then the special token.
json byte_vocabulary() {
  json vocabulary = json::object();
  int next = 256;
  const auto utf8 = [](int code) {
    if (code < 0x80) return std::string(1, static_cast<char>(code));
    return std::string{static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
  };
  for (int byte = 0; byte < 256; ++byte) {
    const bool is_printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    vocabulary[utf8(is_printable ? byte : next++)] = byte;
  }
  vocabulary["<|endoftext|>"] = 256;
  return vocabulary;
}

json record(int index) {
  const std::string subject = std::string("Su") + static_cast<char>('a' + index % 24) + "oieua"[index / 24];
  json record;
  record["case_id"] = index;
  record["requested_rewrite"] = {{"prompt", index % 2 == 0 ? "{} is in" : "The home of {} is"},
                                 {"relation_id", "R1"},
                                 {"subject", subject},
                                 {"target_new", {{"str", std::string(1, static_cast<char>('A' + index % 7))}}},
                                 {"target_true", {{"str", index % 5 == 0 ? "Xy" : "Z"}}}};
  record["paraphrase_prompts"] = {"Well. " + subject + " lives in", "So. " + subject + " stays at"};
  record["neighborhood_prompts"] = {"Nado is in", "Mira lives in", "Poko is in"};
  record["generation_prompts"] = {subject + " said"};
  return record;
}

std::string corpus() {
  core::RandomStream random(5, "tiny corpus");
  std::string text;
  for (int line = 0; line < 60; ++line) {
    for (int i = 0; i < 40; ++i) text += static_cast<char>('!' + random.next() % 90);
    text += '\n';
  }
  return text;
}

json task_examples() {
  json examples = json::array();
  for (int i = 0; i < 6; ++i) {
    examples.push_back({{"sentence", std::string(static_cast<std::size_t>(i) + 1, 'q')}, {"label", i % 2}});
  }
  return examples;
}

bool has_bias_beside_answers(const model::FamilySpec* family) {
  const auto down = std::ranges::find(family->block, model::Role::kDownProjection, &model::ModuleSpec::role);
  return down != family->block.end() && down->has_bias;
}

std::string model_entry(const std::string& name, const TinyWorldOptions& options, const model::FamilySpec* family) {
  return "  " + name + ":\n    path: " + name +
         "\n    second_moments: {corpus: corpus.txt, batch_tokens: 256, documents_per_slice: " +
         std::to_string(options.documents_per_slice) +
         "}\n    methods:\n"
         "      rome: {layer: 0, v_num_grad_steps: 4, context_lengths: [{length_tokens: 3, count: 2}]}\n"
         "      r-rome: {layer: 1, v_num_grad_steps: 4, context_lengths: [{length_tokens: 3, count: 2}]}\n"
         "      memit: {layers: [0, 1], v_num_grad_steps: 4, mom2_update_weight: 5, batch_size: " +
         std::to_string(options.batch_size) +
         ", context_lengths: [{length_tokens: 8, count: 1}]}\n"
         "      memit-seq: {layers: [0, 1], v_num_grad_steps: 4, mom2_update_weight: 5, batch_size: " +
         std::to_string(options.batch_size) +
         ", context_lengths: [{length_tokens: 8, count: 1}]}\n"
         "      alphaedit: {layers: [0, 1], v_num_grad_steps: 4, nullspace_threshold: " +
         options.nullspace_threshold + ", l2: 0.01, batch_size: " + std::to_string(options.batch_size) +
         ", context_lengths: [{length_tokens: 8, count: 1}]}\n"
         "      ft-c: {layer: 0, num_steps: 3, linf_bound: 0.001, batch_size: " +
         std::to_string(options.batch_size) + ", tune_bias: " + (has_bias_beside_answers(family) ? "true" : "false") +
         "}\n"
         "      mend: {training: {records: records.json, corpus: corpus.txt, rank: 2, initial_rate: -0.001, "
         "learning_rate: 0.01, rate_learning_rate: 0.001, accumulate: 3, max_iterations: 13, validation_every: 6, "
         "validation_edits: 2, validation_texts: 1, max_text_tokens: 20, save_every: 4}, batch_size: " +
         std::to_string(options.batch_size) + "}\n";
}

}  // namespace

model::Architecture tiny_architecture(const model::FamilySpec* family) {
  model::Architecture architecture;
  architecture.family = family;
  architecture.num_layers = 2;
  architecture.width = 16;
  architecture.num_heads = 2;
  architecture.inner_width = 64;
  architecture.max_positions = 64;
  architecture.vocab_size = 257;
  architecture.rotary_dim = family->rotary == model::RotaryForm::kNone ? 0 : 4;
  vary_attention(architecture);
  return architecture;
}

void write_tiny_model(const fs::path& folder, const model::FamilySpec* family, std::uint64_t seed) {
  const auto architecture = tiny_architecture(family);
  auto config = hugging_face_config(architecture);
  if (config.contains("n_inner")) config["n_inner"] = nullptr;  // four times the width
  write(folder / "config.json", config.dump());
  write(folder / "vocab.json", byte_vocabulary().dump());
  write(folder / "merges.txt", "#version: 0.2\n");
  const auto weights = model::random_weights(architecture, seed, torch::kCPU);
  model::save_safetensors(folder / "model.safetensors", architecture, weights->all_held());
}

namespace {

/// A folder for each of the two families that are always there and for each that `options.models` names; their entries
/// of the config.
std::string write_tiny_models(const fs::path& folder, const TinyWorldOptions& options) {
  std::string entries;
  std::uint64_t seed = 11;
  for (const auto* family : model::all_families()) {
    const auto name = "tiny-" + std::string(family->name);
    const bool is_always_there = family == &model::kGpt2 || family == &model::kGptj;
    if (is_always_there || options.models.find(name) != std::string::npos) {
      write_tiny_model(folder / name, family, seed);
      entries += model_entry(name, options, family);
    }
    ++seed;
  }
  return entries;
}

}  // namespace

fs::path write_tiny_world(const fs::path& folder, const TinyWorldOptions& options) {
  const auto models = write_tiny_models(folder, options);
  json records = json::array();
  json orders;
  for (int i = 0; i < options.num_records; ++i) {
    records.push_back(record(i));
    orders["0"].push_back(i);
    orders["1"].push_back((i * 5 + 3) % options.num_records);
  }
  write(folder / "records.json", records.dump());
  write(folder / "samples.json", orders.dump());
  write(folder / "corpus.txt", corpus());
  write(folder / "task.json", task_examples().dump());
  write(folder / "task.yaml",
        "name: toy\ntitle: Toy\nexamples: task.json\nprefix: \"Say : x\\n\"\nquery: \"{sentence} Say :\"\n"
        "marker: \"Say :\"\nanswers: [{word: a, label: 1}, {word: b, label: 0}]\nmax_new_tokens: 2\n");
  const auto number = [](int value) { return std::to_string(value); };
  const auto config = folder / "tiny.yaml";
  // For tests that run the programs; the stand-in for a GPU is none that a file may name.
  const std::string device = test_device().is_cuda() ? "device: cuda\n" : "";
  write(config, "name: tiny\nseed: 7\n" + device +
                    "dataset: {records: records.json, samples: samples.json}\nmodels:\n" + models + "grid: {methods: " +
                    options.methods + ", models: " + options.models + ", samples: " + options.samples +
                    "}\nedits: " + number(options.edits) + "\ncheckpoint_every: " + number(options.checkpoint_every) +
                    "\nforgetting_every: " + number(options.forgetting_every) +
                    "\ntasks_every: " + number(options.tasks_every) + "\ntasks: [task.yaml]\n" + options.extra);
  return config;
}

void change_records(const std::filesystem::path& world, const std::function<void(nlohmann::json&)>& change) {
  const auto path = world / "records.json";
  auto records = nlohmann::json::parse(std::ifstream(path));
  change(records);
  std::ofstream(path) << records.dump();
}

core::ExperimentConfig load_config(const fs::path& path) {
  auto config = core::load_experiment_config(path, editing::catalogue());
  config.device = c10::DeviceTypeName(test_device().type(), true);
  return config;
}

}  // namespace lethe::test
