#include "worker/commands/folder_in_the_making.h"

#include <unistd.h>

#include "core/error.h"

namespace lethe::worker::inline commands {

namespace fs = std::filesystem;

FolderInTheMaking::FolderInTheMaking(const fs::path& target, const std::string& purpose)
    : target_(fs::absolute(target).lexically_normal()) {
  if (!target_.has_filename()) target_ = target_.parent_path();
  path_ = target_.string() + "." + purpose + "-" + std::to_string(::getpid());
  try {
    make(target);
  } catch (const fs::filesystem_error& error) {
    remove_parents();
    throw core::StorageError(
        target.string() + ": cannot be made (" + error.code().message() + "); name a folder where you may write",
        error.code());
  }
}

void FolderInTheMaking::make(const fs::path& given) {
  if (fs::exists(target_) && !(fs::is_directory(target_) && fs::is_empty(target_))) {
    throw core::StorageError(given.string() + ": is there already and no empty folder; name a new one");
  }
  auto missing = target_.parent_path();
  for (; !fs::exists(missing); missing = missing.parent_path()) parents_.push_back(missing);
  for (auto parent = parents_.rbegin(); parent != parents_.rend(); ++parent) fs::create_directory(*parent);
  if (!fs::create_directory(path_)) {
    throw core::StorageError(path_.string() + ": is there already; remove it");
  }
}

FolderInTheMaking::~FolderInTheMaking() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  remove_parents();
}

void FolderInTheMaking::remove_parents() noexcept {
  std::error_code ignored;
  for (const auto& parent : parents_) fs::remove(parent, ignored);  // one that holds something stays
}

void FolderInTheMaking::publish() {
  fs::rename(path_, target_);
  path_.clear();
}

}  // namespace lethe::worker::inline commands
