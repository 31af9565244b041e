#include "ledger/commit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <thread>
#include <vector>

#include "core/error.h"
#include "ledger/durable_file.h"
#include "ledger/process_name.h"
#include "tests/support/temporary_folder.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;
using core::StorageError;
using test::message_of;
using test::read_text;
using test::TemporaryFolder;

fs::path write_temporary(const fs::path& folder, std::string_view stem, const std::string& text) {
  auto path = temporary_path(folder, stem);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(MakeFolderBelow, MakesWhatIsMissingButNeverTheRoot) {
  const TemporaryFolder folder;
  const auto root = folder.path() / "out";
  const auto deep = root / "cells/rome/m/sample0/0123456789ab";
  const auto message = message_of<StorageError>([&] { make_folder_below(root, deep); });
  EXPECT_NE(message.find(root.string() + ": is gone"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(root));
  make_folder(root);
  for (int i = 0; i < 2; ++i) {
    make_folder_below(root, deep);
    EXPECT_TRUE(fs::is_directory(deep));
  }
  make_folder_below(root, root);
  folder.write("out/file", "");
  EXPECT_THROW(make_folder_below(root, root / "file/logs"), StorageError);
  for (const auto& write : std::vector<std::function<void()>>{
           [&] { replace_text(folder.path() / "gone/STATE", "COMPLETE\n"); },
           [&] {
             commit_file(folder.path() / "gone", "tasks", [](const auto& path) { write_new_file(path, "x"); });
           }}) {
    EXPECT_THROW(write(), StorageError);
    EXPECT_FALSE(fs::exists(folder.path() / "gone"));
  }
}

TEST(TemporaryPath, IsHiddenAndUnique) {
  const fs::path deep = "cells/rome/m/sample0/0123456789ab";
  const auto first = temporary_path(deep, "segment-0000001-0000010");
  EXPECT_NE(first, temporary_path(deep, "segment-0000001-0000010"));
  EXPECT_EQ(first.filename().string().front(), '.');
  EXPECT_FALSE(parse_committed(first));
}

TEST(Publish, NamesTheFileByItsContents) {
  const TemporaryFolder folder;
  const auto file = publish(write_temporary(folder.path(), "tasks", "contents"), "tasks");
  EXPECT_EQ(file.path, folder.path() / ("tasks-" + core::digest_of("contents").hex() + ".h5"));
  EXPECT_EQ(read_text(file.path), "contents");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{file.path.filename().string()});
  EXPECT_NO_THROW(check_digest(file));
}

TEST(Publish, TheSameContentsTwiceAreOneFile) {
  const TemporaryFolder folder;
  const auto first = publish(write_temporary(folder.path(), "tasks", "same"), "tasks");
  const auto second = publish(write_temporary(folder.path(), "tasks", "same"), "tasks");
  EXPECT_EQ(first.path, second.path);
  EXPECT_EQ(names_in(folder.path()).size(), 1U);
}

TEST(Publish, OtherContentsUnderOneStemAreRefusedAndKept) {
  const TemporaryFolder folder;
  const auto first = publish(write_temporary(folder.path(), "tasks", "first"), "tasks");
  const auto late = write_temporary(folder.path(), "tasks", "second");
  const auto message = message_of<StorageError>([&] { publish(late, "tasks"); });
  EXPECT_NE(message.find(first.path.filename().string()), std::string::npos) << message;
  EXPECT_EQ(committed_files(folder.path()).size(), 1U);
  EXPECT_EQ(read_text(folder.path() / "quarantine" / late.filename()), "second");
  // Another stem, or another kind of file, is no rival.
  EXPECT_NO_THROW(publish(write_temporary(folder.path(), "tasks-2", "third"), "tasks-2"));
  EXPECT_NO_THROW(publish(write_temporary(folder.path(), "tasks", "fourth"), "tasks", ".json"));
}

TEST(Publish, DoesNotTakeADamagedFileForItsOwn) {
  const TemporaryFolder folder;
  const auto file = publish(write_temporary(folder.path(), "tasks", "contents"), "tasks");
  std::ofstream(file.path, std::ios::binary) << "contentz";
  const auto again = write_temporary(folder.path(), "tasks", "contents");
  EXPECT_THROW(publish(again, "tasks"), StorageError);
}

TEST(Publish, RefusesNamesThatCouldNotBeReadBack) {
  const TemporaryFolder folder;
  for (const auto& [stem, extension] : std::vector<std::pair<std::string, std::string>>{
           {"", ".h5"}, {"../tasks", ".h5"}, {"a b", ".h5"}, {"tasks", ""}, {"tasks", ".H5"}, {"tasks", "h5"}}) {
    const auto temporary = write_temporary(folder.path(), "x", "contents");
    EXPECT_THROW(publish(temporary, stem, extension), StorageError) << stem << extension;
    EXPECT_TRUE(fs::exists(temporary));
  }
  EXPECT_THROW(publish(folder.path() / ".missing.tmp", "tasks"), StorageError);
}

TEST(Publish, FindsARivalAmongManyOtherFiles) {
  const TemporaryFolder folder;
  const auto digest = core::digest_of("other").hex();
  for (int i = 0; i < 500; ++i) folder.write("segment-" + std::to_string(i) + "-" + digest + ".h5", "other");
  // Of other stems that begin alike, of another kind, not committed, no file: no rivals of "tasks".
  for (const auto* name : {"tasks-", "tasks-2-", "tasks-2-tasks-"}) folder.write(name + digest + ".h5", "other");
  folder.write("tasks-" + digest + ".json", "other");
  folder.write("tasks-" + digest + ".h5.tmp", "other");
  fs::remove(folder.path() / ("tasks-" + digest + ".h5"));
  fs::create_directory(folder.path() / ("tasks-" + core::digest_of("folder").hex() + ".h5"));
  const auto own = publish(write_temporary(folder.path(), "tasks", "own"), "tasks");
  EXPECT_EQ(read_text(own.path), "own");
  EXPECT_THROW(publish(write_temporary(folder.path(), "tasks-2", "own"), "tasks-2"), StorageError);
  // A link to a file counts as one.
  const auto last = folder.path() / ("last-" + digest + ".h5");
  fs::create_symlink(folder.path() / ("segment-7-" + digest + ".h5"), last);
  EXPECT_THROW(publish(write_temporary(folder.path(), "last", "own"), "last"), StorageError);
}

TEST(RegularFiles, AreThoseThatBeginSoInTheOrderOfTheirNames) {
  const TemporaryFolder folder;
  for (const auto* name : {"b", "a.b", "a", "a-b", ".a", "ab"}) folder.write(name, "");
  fs::create_directory(folder.path() / "a folder");
  fs::create_symlink("b", folder.path() / "a link");
  fs::create_symlink("nothing", folder.path() / "a lost link");
  fs::create_symlink("a loop", folder.path() / "a loop");
  fs::create_symlink("a folder", folder.path() / "a way in");
  const auto names_of = [&](std::string_view beginning) {
    std::vector<std::string> names;
    for (const auto& path : regular_files(folder.path(), beginning)) {
      EXPECT_EQ(path.parent_path(), folder.path());
      names.push_back(path.filename().string());
    }
    return names;
  };
  EXPECT_EQ(names_of("a"), (std::vector<std::string>{"a", "a link", "a-b", "a.b", "ab"}));
  EXPECT_EQ(names_of(""), (std::vector<std::string>{".a", "a", "a link", "a-b", "a.b", "ab", "b"}));
  EXPECT_TRUE(names_of("c").empty());
  EXPECT_TRUE(regular_files(folder.path() / "nowhere").empty());
  EXPECT_THROW(static_cast<void>(regular_files(folder.path() / "a")), StorageError) << "is no folder";
}

TEST(Publish, OfManyWritersOfOneStemAtMostOneWins) {
  for (int round = 0; round < 20; ++round) {
    const TemporaryFolder folder;
    std::atomic<int> num_published{0};
    std::atomic<int> num_refused{0};
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; ++i) {
      writers.emplace_back([&, i] {
        const auto temporary = write_temporary(folder.path(), "tasks", "writer " + std::to_string(i));
        try {
          publish(temporary, "tasks");
          ++num_published;
        } catch (const StorageError&) {
          ++num_refused;
        }
      });
    }
    for (auto& writer : writers) writer.join();
    EXPECT_LE(num_published, 1);
    EXPECT_EQ(num_published + num_refused, 4);
    EXPECT_EQ(committed_files(folder.path()).size(), static_cast<std::size_t>(num_published));
  }
}

TEST(Publish, ManyWritersOfTheSameContentsAllSucceed) {
  const TemporaryFolder folder;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&] { publish(write_temporary(folder.path(), "tasks", "same"), "tasks"); });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(names_in(folder.path()).size(), 1U);
}

TEST(CommittedFiles, LeavesOutWhatAKilledWriterLeaves) {
  const TemporaryFolder folder;
  const auto file = publish(write_temporary(folder.path(), "tasks", "whole"), "tasks");
  write_temporary(folder.path(), "tasks", "hal");
  // Killed between link and unlink: both names are there.
  const auto linked = temporary_path(folder.path(), "tasks");
  fs::create_hard_link(file.path, linked);
  fs::create_directories(folder.path() / ("folder-" + core::digest_of("x").hex() + ".h5"));
  folder.write("notes.txt", "");
  fs::create_symlink("nowhere", folder.path() / ("dangling-" + core::digest_of("x").hex() + ".h5"));
  const auto files = committed_files(folder.path());
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].path, file.path);
  EXPECT_EQ(files[0].stem, "tasks");
}

TEST(CommittedFiles, AMissingFolderIsEmptyAndAnUnreadableOneIsAnError) {
  const TemporaryFolder folder;
  EXPECT_TRUE(committed_files(folder.path() / "nothing").empty());
  EXPECT_THROW(committed_files(folder.write("file", "")), StorageError);
  EXPECT_THROW(committed_files(folder.path() / std::string(5000, 'x')), StorageError);
  fs::create_directory_symlink("loop", folder.path() / "loop");
  EXPECT_THROW(committed_files(folder.path() / "loop"), StorageError);
  const auto locked = folder.path() / "locked";
  fs::create_directory(locked);
  fs::permissions(locked, fs::perms::none);
  if (::geteuid() != 0) {  // root may read everything
    EXPECT_THROW(committed_files(locked), StorageError);
  }
  fs::permissions(locked, fs::perms::owner_all);
}

TEST(ParseCommitted, IsInverseOfPublishedNames) {
  const auto hex = core::digest_of("x").hex();
  const auto file = parse_committed("/a/b/segment-0000001-0000010-" + hex + ".h5");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->stem, "segment-0000001-0000010");
  EXPECT_EQ(file->digest.hex(), hex);
  EXPECT_TRUE(parse_committed("identity-" + hex + ".json"));
}

TEST(ParseCommitted, RefusesHostileNames) {
  const auto hex = core::digest_of("x").hex();
  auto upper = hex;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  ASSERT_NE(upper, hex);
  for (const auto& name :
       {std::string(), std::string("."), std::string(".h5"), hex + ".h5", "-" + hex + ".h5", "tasks" + hex + ".h5",
        "tasks-" + hex, "tasks-" + hex + ".", "tasks-" + hex + ".H5", "tasks-" + hex + ".h5~", "tasks-" + upper + ".h5",
        "tasks-" + hex.substr(1) + ".h5", "tasks-" + hex + "0.h5x ", ".tasks-" + hex + ".h5", "ta sks-" + hex + ".h5",
        "tasks_" + hex + ".h5", "tasks-" + hex + ".tar.gz"}) {
    EXPECT_FALSE(parse_committed(name)) << name;
  }
}

TEST(CheckDigest, FindsEverySingleBitFlipAndTruncation) {
  const TemporaryFolder folder;
  const std::string contents = "a small file of a sweep";
  const auto file = publish(write_temporary(folder.path(), "tasks", contents), "tasks");
  for (std::size_t bit = 0; bit < contents.size() * 8; ++bit) {
    auto damaged = contents;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    std::ofstream(file.path, std::ios::binary) << damaged;
    EXPECT_THROW(check_digest(file), StorageError) << bit;
  }
  for (std::size_t length = 0; length < contents.size(); ++length) {
    std::ofstream(file.path, std::ios::binary) << contents.substr(0, length);
    EXPECT_THROW(check_digest(file), StorageError) << length;
  }
  std::ofstream(file.path, std::ios::binary) << contents;
  EXPECT_NO_THROW(check_digest(file));
  fs::remove(file.path);
  EXPECT_THROW(check_digest(file), StorageError);
}

TEST(Quarantine, KeepsFileAndReasonAndNeverReplaces) {
  const TemporaryFolder folder;
  for (int i = 0; i < 3; ++i) {
    quarantine(folder.write("tasks.h5", "version " + std::to_string(i)), "reason " + std::to_string(i));
  }
  const auto kept = folder.path() / "quarantine";
  EXPECT_FALSE(fs::exists(folder.path() / "tasks.h5"));
  EXPECT_EQ(read_text(kept / "tasks.h5"), "version 0");
  EXPECT_EQ(read_text(kept / "tasks.h5.1"), "version 1");
  EXPECT_EQ(read_text(kept / "tasks.h5.2"), "version 2");
  EXPECT_EQ(read_text(kept / "tasks.h5.reason.txt"), "reason 0\n");
  EXPECT_EQ(read_text(kept / "tasks.h5.2.reason.txt"), "reason 2\n");
  EXPECT_THROW(quarantine(folder.path() / "gone.h5", "x"), StorageError);
}

TEST(ReplaceText, ReplacesAsAWholeAndCreatesTheFolder) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "deep/STATE";
  make_folder(path.parent_path());
  replace_text(path, "INCOMPLETE\n");
  replace_text(path, "COMPLETE\n");
  EXPECT_EQ(read_text(path), "COMPLETE\n");
  EXPECT_EQ(names_in(path.parent_path()), std::vector<std::string>{"STATE"});
}

TEST(CommitFile, WritesAndPublishesUnderItsStem) {
  const TemporaryFolder folder;
  const auto inside = folder.path() / "cells/rome";
  make_folder(inside);
  const auto file = commit_file(inside, "tasks", [](const fs::path& path) { write_new_file(path, "contents"); });
  EXPECT_EQ(file.path, inside / ("tasks-" + core::digest_of("contents").hex() + ".h5"));
  EXPECT_EQ(read_text(file.path), "contents");
  const auto note = commit_file(
      inside, "note", [](const fs::path& path) { write_new_file(path, "{}"); }, ".json");
  EXPECT_EQ(names_in(inside), (std::vector<std::string>{note.path.filename(), file.path.filename()}));
}

TEST(CommitFile, AWriterThatThrowsLeavesNothingBehind) {
  const TemporaryFolder folder;
  const auto write_half = [](const fs::path& path) {
    std::ofstream(path) << "half";
    throw std::runtime_error("a tensor of the wrong shape");
  };
  EXPECT_THROW(commit_file(folder.path(), "tasks", write_half), std::runtime_error);
  EXPECT_TRUE(names_in(folder.path()).empty());
}

TEST(CommitFile, AFileThatCannotBePublishedLeavesNothingBehind) {
  const TemporaryFolder folder;
  const auto write = [](const fs::path& path) { write_new_file(path, "contents"); };
  EXPECT_THROW(commit_file(folder.path(), "no stem", write), StorageError);
  EXPECT_THROW(commit_file(folder.path(), "forgotten", [](const fs::path&) {}), StorageError);
  EXPECT_TRUE(names_in(folder.path()).empty());
}

/// Files of this process may not grow beyond a size, as on a disk that is full: what fits is written, then no more.
class FullDisk {
 public:
  explicit FullDisk(rlim_t num_bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{num_bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(AFullDisk, LeavesNoHalfFilesBehind) {
  const TemporaryFolder folder;
  const auto state = folder.write("STATE", "INCOMPLETE");
  const std::string text(100'000, 'x');
  {
    const FullDisk full(4096);
    EXPECT_THROW(replace_text(state, text), StorageError);
    EXPECT_THROW(write_new_file(folder.path() / "half", text), StorageError);
    EXPECT_THROW(commit_file(folder.path(), "tasks", [&](const fs::path& path) { write_new_file(path, text); }),
                 StorageError);
  }
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"STATE"});
  EXPECT_EQ(read_text(state), "INCOMPLETE");
}

TEST(WriteNewFile, LeavesAFileAloneThatWasThereBefore) {
  const TemporaryFolder folder;
  const auto there = folder.write("there", "mine");
  EXPECT_THROW(write_new_file(there, "other"), StorageError);
  EXPECT_EQ(read_text(there), "mine");
}

TEST(ReplaceText, LeavesNothingBehindWhenItFails) {
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "STATE/inside");
  EXPECT_THROW(replace_text(folder.path() / "STATE", "x"), StorageError);
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"STATE"});
  EXPECT_THROW(replace_text(folder.write("file", "") / "STATE", "x"), StorageError);
}

/// Name of a process that has ended.
std::string dead_process_name() {
  int channel[2];
  if (::pipe(channel) != 0) return "";
  const auto child = ::fork();
  if (child == 0) {
    const auto& name = process_name();
    const auto written = ::write(channel[1], name.data(), name.size());
    ::_exit(written == static_cast<ssize_t>(name.size()) ? 0 : 1);
  }
  ::close(channel[1]);
  std::string name(512, '\0');
  const auto count = ::read(channel[0], name.data(), name.size());
  ::close(channel[0]);
  ::waitpid(child, nullptr, 0);
  name.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return name;
}

TEST(RemoveStaleTemporaries, RemovesOnlyThoseOfEndedProcessesOfThisHost) {
  const TemporaryFolder folder;
  const auto dead = dead_process_name();
  ASSERT_FALSE(dead.empty());
  ASSERT_TRUE(has_ended_here(dead));
  folder.write(".segment-0000001-0000010." + dead + ".1.tmp", "half");
  folder.write(".dotted.stem." + dead + ".22.tmp", "half");
  const auto own = write_temporary(folder.path(), "tasks", "being written");
  const auto foreign = folder.write(".tasks.elsewhere_1.4711.99.1.tmp", "half");
  const auto other = folder.write("notes." + dead + ".1.tmp", "not hidden, so not ours");
  const auto committed = publish(write_temporary(folder.path(), "done", "x"), "done");

  EXPECT_EQ(remove_stale_temporaries(folder.path()), 2);
  EXPECT_EQ(remove_stale_temporaries(folder.path()), 0);
  for (const auto& kept : {own, foreign, other, committed.path}) EXPECT_TRUE(fs::exists(kept)) << kept;
  EXPECT_EQ(remove_stale_temporaries(folder.path() / "nothing"), 0);
}

TEST(RemoveAbandonedTemporaries, RemovesOldOnesOfAnybodyWhereverTheyLie) {
  const TemporaryFolder folder;
  const auto now = fs::file_time_type::clock::now();
  const auto written = [&](const fs::path& name, std::chrono::minutes ago) {
    auto path = folder.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "half";
    fs::last_write_time(path, now - ago);
    return path;
  };
  using std::chrono::minutes;
  const TemporaryFolder elsewhere;
  const auto outside = elsewhere.write(".STATE.elsewhere_1.1.2.3.tmp", "half");
  fs::last_write_time(outside, now - std::chrono::hours(5));
  fs::create_directory_symlink(elsewhere.path(), folder.path() / "linked");
  const auto old_one = written("cells/a/.segment-0000001-0000010.elsewhere_1.4711.99.1.tmp", minutes(61));
  const auto dead = written(".STATE." + dead_process_name() + ".1.tmp", minutes(0));
  const std::vector<fs::path> kept{outside,
                                   written(".STATE.elsewhere_1.4711.99.2.tmp", minutes(59)),
                                   written("report/.curves.csv.elsewhere_1.4711.99.1.tmp", minutes(100)),
                                   written(".notes.tmp", minutes(100)),
                                   written("..a.b.c.tmp", minutes(100)),
                                   written("STATE.elsewhere_1.4711.99.2.tmp", minutes(100)),
                                   written("cells/a/segment.h5", minutes(100))};
  EXPECT_EQ(remove_abandoned_temporaries(folder.path(), "report", now), 2);
  EXPECT_FALSE(fs::exists(old_one));
  EXPECT_FALSE(fs::exists(dead));
  for (const auto& path : kept) EXPECT_TRUE(fs::exists(path)) << path;
  EXPECT_EQ(remove_abandoned_temporaries(folder.path() / "nothing", "report", now), 0);
}

TEST(MoveWithoutReplacing, ALinkThatWasMadeAlthoughItIsSaidToBeThereHasSucceeded) {
  const TemporaryFolder folder;
  const auto from = folder.write("from", "contents");
  const auto to = folder.path() / "to";
  fs::create_hard_link(from, to);  // by a request whose answer was lost
  EXPECT_TRUE(move_without_replacing(from, to));
  EXPECT_FALSE(fs::exists(from));
  EXPECT_EQ(read_text(to), "contents");
  const auto equal = folder.write("equal", "contents");
  EXPECT_FALSE(move_without_replacing(equal, to)) << "another file of the same contents";
  EXPECT_TRUE(fs::exists(equal));
}

TEST(Publish, SaysWhatTheOperatingSystemSaid) {
  const TemporaryFolder folder;
  try {
    sync_file(folder.path() / "nothing");
    FAIL() << "there is no such file";
  } catch (const StorageError& error) {
    EXPECT_EQ(error.cause(), std::errc::no_such_file_or_directory);
  }
}

TEST(ProcessName, AReusedPidIsAnotherProcess) {
  const auto& own = process_name();
  EXPECT_FALSE(has_ended_here(own));
  const auto start = own.rfind('.');
  EXPECT_TRUE(has_ended_here(own.substr(0, start) + ".1"));
  for (const auto* name : {"", ".", "..", "...", "a.b.c", "host.1.2", "host.-1.2", "host.99999999999999.2"}) {
    EXPECT_FALSE(has_ended_here(name)) << name;
  }
}

}  // namespace
}  // namespace lethe::ledger
