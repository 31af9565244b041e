#pragma once

#include <string>

#include "editing/moment_factor.h"

namespace lethe::editing {

/// Largest over smallest eigenvalue of a second moment, by power iteration with its factor: approached from below, to a
/// few percent where it matters. O(F^2) a step; the same number on every run.
double condition_number(const MomentFactor& factor);

/// From here on, digits are at stake: an inverse in fp32 (7 digits), which the published programs use, keeps two or
/// fewer, so that two right programs give updates that differ visibly (docs/parity.md).
inline constexpr double kDigitsAtStake = 1e5;

/// What stands for a condition number in files: "2.1e+04"; "singular" for a matrix that has no inverse.
inline constexpr const char* kSingular = "singular";
std::string condition_text(double condition_number);

}  // namespace lethe::editing
