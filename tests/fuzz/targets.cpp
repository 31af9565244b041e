#include "tests/fuzz/targets.h"

#include <array>

namespace lethe::fuzz {
namespace {

constexpr std::array kTargets{
    Target{"checkpoint", checkpoint, "PytorchCheckpoint"},
    Target{"corpus", corpus, ""},
    Target{"experiment_json", experiment_json, ""},
    Target{"experiment_yaml", experiment_yaml, "HostileConfig"},
    Target{"messages", messages, ""},
    Target{"model_folder", model_folder, ""},
    Target{"npz", npz, "NumpyArchive"},
    Target{"pickle", pickle, ""},
    Target{"records", records, "DamagedInput"},
    Target{"references", references, ""},
    Target{"safetensors", safetensors, ""},
    Target{"stored_file", stored_file, ""},
    Target{"sweep_folder", sweep_folder, ""},
    Target{"tokenizer_files", tokenizer_files, ""},
    Target{"tokenizer_json", tokenizer_json, ""},
};

}  // namespace

std::span<const Target> all_targets() { return kTargets; }

}  // namespace lethe::fuzz
