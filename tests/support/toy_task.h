#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "data/task_examples.h"

namespace lethe::test {

/// A task of two answers, for tokenizers and models that know no words.
inline core::TaskConfig toy_task_config() {
  core::TaskConfig config;
  config.name = "toy";
  config.prefix = "Say : x\n";
  config.query = "{sentence} Say :";
  config.marker = "Say :";
  config.answers = {{"positive", 1}, {"negative", 0}};
  config.max_new_tokens = 3;
  return config;
}

/// Labels 0 and 1 in turn.
inline data::TaskExamples toy_task_examples(const std::vector<std::string>& sentences) {
  data::TaskExamples examples;
  for (const auto& sentence : sentences) {
    examples.push_back({{{"sentence", sentence}}, static_cast<std::int32_t>(examples.size() % 2)});
  }
  return examples;
}

}  // namespace lethe::test
