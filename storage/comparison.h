#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "ledger/commit.h"

// Do two sweeps hold the same results (design C1)? Equal means bit for bit, NaNs included, in everything outside
// /provenance.

namespace lethe::storage {

struct Comparison {
  bool is_same = true;
  std::string first_difference;  ///< object and what differs; empty if nothing does
};

/// Compares two files object by object: names, attributes, types, shapes, bytes. Needs memory for a few MiB of each.
Comparison compare_files(const std::filesystem::path& left, const std::filesystem::path& right);
/// The same after checking both digests; production code uses only this overload.
Comparison compare_files(const ledger::CommittedFile& left, const ledger::CommittedFile& right);

/// Compares two chains of segments of one cell, each in order. An interrupted run may have cut its segments
/// elsewhere, so edits are compared one by one, and fingerprints where both chains have a boundary.
/// Digests are checked, and that both chains are of the same cell. Holds one segment of each chain in memory.
Comparison compare_logical(std::span<const ledger::CommittedFile> left, std::span<const ledger::CommittedFile> right);

}  // namespace lethe::storage
