#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace lethe::test {

/// A user without any rights, whom root becomes.
inline constexpr uid_t kNobody = 65534;

/// Gives `folder` to `owner` with `rights`, where root runs the test; with `rights` alone where it is ours anyway. Root
/// is held by no rights, so that what they forbid is told by `told_without_root` alone.
inline void hand_over(const std::filesystem::path& folder, uid_t owner, std::filesystem::perms rights) {
  constexpr auto kSameGroup = static_cast<gid_t>(-1);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder.c_str(), owner, kSameGroup), 0) << folder;
  }
  std::filesystem::permissions(folder, rights);
}

/// What `tell` says in a child of this process that has no rights of root's.
inline std::string told_without_root(const std::function<std::string()>& tell) {
  const TemporaryFolder answers;
  const auto answer = answers.path() / "answer";
  std::ofstream out(answer);  // while this process still may
  const auto child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::seteuid(kNobody) != 0) ::_exit(2);
    out << tell() << std::flush;
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return read_text(answer);
}

}  // namespace lethe::test
