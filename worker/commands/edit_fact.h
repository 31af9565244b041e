#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/metric_record.h"
#include "worker/commands/fact_request.h"
#include "worker/commands/shipped_settings.h"
#include "worker/task_monitor.h"

namespace lethe::worker::inline commands {

/// One fact, the model that it is edited into, and how.
struct FactEdit {
  Fact fact;
  std::filesystem::path model;   ///< Hugging Face folder
  std::filesystem::path target;  ///< the new one
  std::string method = "rome";
  std::filesystem::path settings;  ///< the method's file; empty: what is shipped
  std::filesystem::path shipped;   ///< `shipped_folder`
  std::filesystem::path corpus;    ///< for second moments; empty: `moments`, or else text that the model samples
  std::string moments;             ///< published files: their path with {layer} in place of the layer's number
  std::string device = "cpu";
  int threads = 1;
  std::uint64_t seed = 37;
};

/// What a model says to a prompt: scores of both targets, and how it goes on by itself.
struct PromptAnswer {
  core::PromptScore score;
  std::string continuation;
};
struct PromptReport {
  std::string prompt;
  PromptAnswer before;
  PromptAnswer after;
};

struct EditReport {
  bool is_stopped = false;  ///< told to stop before the end: nothing is there
  data::EditRequest request;
  bool is_own_answer = false;  ///< the old target is what the model answered
  std::optional<ChosenSettings> settings;
  std::vector<int> layers;            ///< edited
  std::string moments;                ///< where the second moments are from; empty: the method needs none
  std::vector<PromptReport> prompts;  ///< rewrite, paraphrases, neighbours
  double moments_seconds = 0.0;       ///< of what is made before the edit, the sampled text included
  double edit_seconds = 0.0;
};

/// Edits one fact into a model and writes the edited one as a Hugging Face folder: the first edit of a sweep's cell
/// over a data set of this one record, with the sweep's code and so the same bits as its export. What has to be made
/// for it lies in a folder beside the target that goes again, however this ends. Everything that can be refused is
/// refused before the edit: throws `core::ConfigError` for what the caller gave, `core::DataError` and
/// `core::ModelError` for what a file holds, `core::StorageError` where something cannot be written. Throws
/// `core::Error` where the edit has no finite update.
EditReport edit_fact(const FactEdit& asked, TaskMonitor& monitor);

}  // namespace lethe::worker::inline commands
