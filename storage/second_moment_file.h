#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "storage/comparison.h"
#include "storage/segment.h"

namespace lethe::storage {

/// Second moments of one layer: C = E[k k^T], row-major [F,F] fp64 (GPT-J: 2 GiB).
struct SecondMomentContents {
  std::string model;
  std::string identity;
  int layer = 0;
  std::int64_t inner_width = 0;
  std::int64_t count = 0;  ///< tokens
  std::int64_t num_documents = 0;
  std::vector<double> values;
  Provenance provenance;
};
void write_second_moment(const std::filesystem::path& temporary, const SecondMomentContents& contents);
/// The same with the matrix elsewhere, `contents.values` being left out; it is written from there, never copied.
void write_second_moment(const std::filesystem::path& temporary, const SecondMomentContents& contents,
                         std::span<const double> values_FF);
/// Checks digest and label first; production code uses only this overload. A matrix that is not finite or not symmetric
/// throws.
SecondMomentContents read_second_moment(const ledger::CommittedFile& file, const FileLabel& label);
SecondMomentContents read_second_moment(const std::filesystem::path& path);

/// What is said of a committed second moment under /provenance, without its matrix being read into memory. Checks the
/// digest first.
Provenance read_second_moment_provenance(const ledger::CommittedFile& file);

/// Sum of k k^T of one layer over one slice of a corpus: what several ranks compute and one adds up.
struct MomentSumContents {
  std::string model;
  std::string identity;
  int layer = 0;
  std::int64_t slice = 0;
  std::int64_t inner_width = 0;
  std::int64_t panel_rows = 0;      ///< how `values` is cut: see editing/second_moments.h
  std::int64_t count = 0;           ///< tokens; 0 for a slice of empty documents
  std::int64_t num_documents = 0;   ///< that had a token
  std::int64_t num_tokens_cut = 0;  ///< beyond the model's positions; 0 in files that do not say
  std::vector<double> values;       ///< lower triangle in panels
  Provenance provenance;
};
/// `contents.values` is left out, `values` written instead.
void write_moment_sum(const std::filesystem::path& temporary, const MomentSumContents& contents,
                      std::span<const double> values);
/// Checks digest and label first.
MomentSumContents read_moment_sum(const ledger::CommittedFile& file, const FileLabel& label);

}  // namespace lethe::storage
