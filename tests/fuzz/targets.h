#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

// The readers of files and messages that lethe has not written itself, each as a function of an input's bytes. Every
// input is read, or refused with the error that the reader's contract names, in a message that is UTF-8 and names the
// file. What else leaves a function is a finding: another exception, a signal, a report of a sanitizer. A target's file
// says what its input is made of; several files of one input are its sections (input.h).

namespace lethe::fuzz {

// True if all of the input was read, and nothing refused.
bool checkpoint(std::string_view input);
bool corpus(std::string_view input);
bool experiment_json(std::string_view input);
bool experiment_yaml(std::string_view input);
bool messages(std::string_view input);
bool model_folder(std::string_view input);
bool npz(std::string_view input);
bool pickle(std::string_view input);
bool records(std::string_view input);
bool references(std::string_view input);
bool safetensors(std::string_view input);
bool stored_file(std::string_view input);
bool sweep_folder(std::string_view input);
bool tokenizer_files(std::string_view input);
bool tokenizer_json(std::string_view input);

struct Target {
  std::string_view name;  ///< of the function, of its folders of seeds, findings and corpus, of its dictionary
  bool (*read)(std::string_view input);
  /// The test that feeds truncations and flipped bytes of the same files to the same reader; empty: test_fuzz does.
  std::string_view damaged_by;
};
std::span<const Target> all_targets();

/// Valid inputs of a target: tests/fuzz/seeds/<target>/ in the order of their names, then those of binary formats,
/// which are composed here.
std::vector<std::string> seeds_of(const Target& target);

}  // namespace lethe::fuzz
