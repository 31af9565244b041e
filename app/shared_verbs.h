#pragma once

#include <array>
#include <string_view>

namespace lethe::app {

/// A verb that `lethe` hands over to `lethe-executor`.
struct SharedVerb {
  const char* name;
  const char* description;  ///< in the help of both programs
};

/// All of them, in the order of `lethe --help`.
inline constexpr std::array kSharedVerbs{
    SharedVerb{"edit", "one fact edited into a model folder: scores before and after, a new folder"},
    SharedVerb{"cell", "run one cell of a config without MPI, with the same results"},
    SharedVerb{"report",
               "curves, tables and figures from the committed files of a sweep, or of several (A B --out DIR)"},
    SharedVerb{"verify", "check a sweep's files and replays, or compare two sweeps (--same A B)"},
    SharedVerb{"stats", "second moments that a config's cells need"},
    SharedVerb{"train-mend", "train the MEND editors of a config's models, or go on with an interrupted training"},
    SharedVerb{"export", "the model at any edit as a Hugging Face folder"},
    SharedVerb{"generate", "text from a model, or from a cell's model at any edit"},
    SharedVerb{"samples", "write sample orders as the paper's script draws them"},
    SharedVerb{"diagnose",
               "what a model knows (recall), what its edits reach (zsre), which of them disable it (disabling)"},
    SharedVerb{"doctor", "what a sweep rests on here, and what is wrong with it"},
};

/// The description of a verb of the table; for any other name the call does not compile.
consteval const char* description_of(std::string_view name) {
  for (const auto& verb : kSharedVerbs) {
    if (verb.name == name) return verb.description;
  }
  throw "no verb of the table";
}

}  // namespace lethe::app
