#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/config/experiment_config.h"
#include "model/architecture.h"
#include "model/families/families.h"
#include "tests/support/temporary_folder.h"

namespace lethe::test {

/// Two layers of width 16 over a byte vocabulary.
model::Architecture tiny_architecture(const model::FamilySpec* family);

/// Writes a Hugging Face folder of random weights with a byte-level tokenizer without merges.
void write_tiny_model(const std::filesystem::path& folder, const model::FamilySpec* family, std::uint64_t seed);

struct TinyWorldOptions {
  int edits = 6;
  int checkpoint_every = 2;
  int forgetting_every = 2;
  int tasks_every = 3;
  int batch_size = 1;    ///< of all methods that edit several facts a step
  int num_records = 24;  ///< 120 at most, no multiple of 5, so that the second order visits each once
  std::string nullspace_threshold = "1e-5";
  std::string methods = "[rome, ft-c]";
  std::string models = "[tiny-gpt2, tiny-gptj]";  ///< others, "tiny-llama", where they are named
  std::string samples = "[0, 1]";
  int documents_per_slice = 10'000;  ///< of the corpus of 60 documents
  std::string extra;                 ///< further lines of the config
};

/// A complete small experiment: its models, records, two sample orders, corpus, one task, config. Returns the config's
/// path.
std::filesystem::path write_tiny_world(const std::filesystem::path& folder, const TinyWorldOptions& options = {});

/// Changes the list of records of a tiny world.
void change_records(const std::filesystem::path& world, const std::function<void(nlohmann::json&)>& change);

/// The config of a file, with `test_device()` as its device: one that a config file may not name, too.
core::ExperimentConfig load_config(const std::filesystem::path& path);

}  // namespace lethe::test
