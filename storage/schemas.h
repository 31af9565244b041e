#pragma once

// Names of the kinds of files, as they stand in `schema`. Private to storage/.

namespace lethe::storage {

inline constexpr const char* kSegmentSchema = "lethe.segment";
inline constexpr const char* kSnapshotSchema = "lethe.snapshot";
inline constexpr const char* kReductionSchema = "lethe.reduction";
inline constexpr const char* kSecondMomentSchema = "lethe.second_moment";
inline constexpr const char* kMomentSumSchema = "lethe.moment_sum";
inline constexpr const char* kNullSpaceSchema = "lethe.null_space";
inline constexpr const char* kMendEditorSchema = "lethe.mend_editor";
inline constexpr const char* kCurvesSchema = "lethe.curves";

}  // namespace lethe::storage
