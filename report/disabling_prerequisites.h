#pragma once

#include <filesystem>

namespace lethe::report {

/// Gives the sweep in `to` the finished prerequisites of the sweep in `from`, of whatever kind: second moments,
/// projectors, editors, answers of unedited models. Each lies below its identity, so that what `to` has no use for is
/// never read. Files are linked, as they never change, and copied where the file system does not link; what is there
/// already stays. Throws `core::StorageError`.
void link_prerequisites(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace lethe::report
