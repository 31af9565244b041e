#include "orchestrator/process/zygote.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "core/error.h"
#include "orchestrator/process/captured_run.h"
#include "orchestrator/process/executor.h"
#include "orchestrator/process/pipe.h"

namespace lethe::orchestrator {
namespace {

constexpr auto kNever = [] { return false; };

/// "State" of /proc/<pid>/stat; 0 if there is no such process.
char state_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(in, text);
  const auto end = text.rfind(')');
  return end == std::string::npos || end + 2 >= text.size() ? '\0' : text[end + 2];
}

bool is_gone(pid_t pid) {
  const char state = state_of(pid);
  return state == '\0' || state == 'Z';
}

template <typename Condition>
bool becomes_true(Condition condition, std::chrono::seconds limit = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

std::optional<int> wait_for_exit(Zygote& zygote, pid_t child) {
  std::optional<int> status;
  becomes_true([&] { return (status = zygote.take_exit(child)).has_value(); });
  return status;
}

pid_t start_shell(Zygote& zygote, const std::string& script) {
  SpawnRequest request;
  request.arguments = {"/bin/sh", "-c", script};
  return zygote.spawn(request);
}

TEST(Zygote, ReportsHowAChildEnded) {
  Zygote zygote;
  const auto exits = wait_for_exit(zygote, start_shell(zygote, "exit 7"));
  ASSERT_TRUE(exits.has_value());
  EXPECT_EQ(describe_exit(*exits), "exit status 7");
  const auto dies = wait_for_exit(zygote, start_shell(zygote, "kill -SEGV $$"));
  ASSERT_TRUE(dies.has_value());
  EXPECT_NE(describe_exit(*dies).find("signal 11"), std::string::npos);
}

TEST(Zygote, TellsApartSeveralChildren) {
  Zygote zygote;
  std::vector<pid_t> children;
  for (int i = 0; i < 20; ++i) children.push_back(start_shell(zygote, "exit " + std::to_string(i)));
  for (int i = 0; i < 20; ++i) {
    const auto status = wait_for_exit(zygote, children[static_cast<std::size_t>(i)]);
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(WEXITSTATUS(*status), i);
    EXPECT_FALSE(zygote.take_exit(children[static_cast<std::size_t>(i)]).has_value()) << "reported once only";
  }
}

TEST(Zygote, AProgramThatCannotBeExecutedIsAnErrorAtOnce) {
  Zygote zygote;
  SpawnRequest request;
  request.arguments = {"/no/such/program"};
  try {
    zygote.spawn(request);
    FAIL();
  } catch (const UnusableProgram& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/program"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("No such file"), std::string::npos);
  }
  EXPECT_EQ(WEXITSTATUS(*wait_for_exit(zygote, start_shell(zygote, "exit 0"))), 0) << "it still serves";
}

TEST(Zygote, ChildrenSeeNothingOfTheLauncherAndTheirOwnSettings) {
  ::setenv("OMPI_COMM_WORLD_RANK", "3", 1);
  ::setenv("PMIX_RANK", "3", 1);
  ::setenv("LETHE_TEST_KEPT", "yes", 1);
  Zygote zygote;
  ::unsetenv("OMPI_COMM_WORLD_RANK");
  ::unsetenv("PMIX_RANK");
  auto output = make_pipe();
  SpawnRequest request;
  request.arguments = {"/bin/sh", "-c",
                       "echo \"[$OMPI_COMM_WORLD_RANK][$PMIX_RANK][$LETHE_TEST_KEPT][$OMP_NUM_THREADS]\""};
  request.environment = {{"OMP_NUM_THREADS", "2"}};
  request.standard_output = output.write_end.get();
  const auto child = zygote.spawn(request);
  output.write_end.reset();
  char text[100]{};
  ASSERT_GT(::read(output.read_end.get(), text, sizeof text - 1), 0);
  EXPECT_STREQ(text, "[][][yes][2]\n");
  wait_for_exit(zygote, child);
}

TEST(Zygote, ChildrenInheritOnlyWhatTheyAreGiven) {
  const core::UniqueFd leaked(::open("/dev/null", O_RDONLY));  // not closed on exec
  Zygote zygote;
  const auto run = run_captured(zygote, {"/bin/ls", "/proc/self/fd"}, kNever);
  // 0, 1, 2 and the folder that ls itself reads.
  EXPECT_EQ(run.output, "0\n1\n2\n3\n");
}

TEST(Zygote, DescriptorsArriveWhereTheyBelong) {
  Zygote zygote;
  auto input = make_pipe();
  auto output = make_pipe();
  auto events = make_pipe();
  SpawnRequest request;
  request.arguments = {"/bin/sh", "-c", "read line; echo out:$line; echo event:$line >&3"};
  request.standard_input = input.read_end.get();
  request.standard_output = output.write_end.get();
  request.events = events.write_end.get();
  const auto child = zygote.spawn(request);
  output.write_end.reset();
  events.write_end.reset();
  ASSERT_EQ(::write(input.write_end.get(), "word\n", 5), 5);
  char text[100]{};
  ASSERT_GT(::read(output.read_end.get(), text, sizeof text - 1), 0);
  EXPECT_STREQ(text, "out:word\n");
  char event[100]{};
  ASSERT_GT(::read(events.read_end.get(), event, sizeof event - 1), 0);
  EXPECT_STREQ(event, "event:word\n");
  wait_for_exit(zygote, child);
}

#ifndef __SANITIZE_ADDRESS__  // which ends a process that has no descriptor left for it
TEST(Zygote, AChildHasAllItsDescriptorsOrIsNotStarted) {
  rlimit whole{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &whole), 0);
  int num_refused = 0;
  int num_served = 0;
  for (rlim_t limit = 6; limit < 32; ++limit) {
    // For the process that starts the children alone; it inherits the limit.
    const rlimit few{limit, whole.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    std::optional<Zygote> zygote;
    try {
      zygote.emplace();
    } catch (const core::CommError&) {
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &whole), 0);
    if (!zygote) continue;
    auto input = make_pipe();
    auto events = make_pipe();
    SpawnRequest request;
    request.arguments = {"/bin/sh", "-c", "read line || exit 9; echo event:$line >&3 || exit 9"};
    request.standard_input = input.read_end.get();
    request.events = events.write_end.get();
    ASSERT_EQ(::write(input.write_end.get(), "word\n", 5), 5);
    try {
      const auto child = zygote->spawn(request);
      const auto status = wait_for_exit(*zygote, child);
      ASSERT_TRUE(status.has_value()) << limit;
      EXPECT_NE(WEXITSTATUS(*status), 9) << "a descriptor less, with room for " << limit;
      if (*status == 0) ++num_served;
    } catch (const core::CommError& error) {
      EXPECT_NE(std::string(error.what()).find("/bin/sh: "), std::string::npos) << error.what();
      ++num_refused;
    }
  }
  EXPECT_GT(num_refused, 0);
  EXPECT_GT(num_served, 0);
}
#endif

TEST(Zygote, ChildrenIgnoreTheSignalsThatSlurmSendsToAll) {
  Zygote zygote;
  const auto child = start_shell(zygote, "sleep 1; exit 5");
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) zygote.signal_group(child, signal);
  const auto status = wait_for_exit(zygote, child);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(describe_exit(*status), "exit status 5");
}

TEST(Zygote, ABindingToTooFewProcessorsIsLifted) {
  cpu_set_t all;
  ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
  if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "one processor only";
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
    if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  Zygote zygote;  // bound as a rank would be
  ASSERT_EQ(::sched_setaffinity(0, sizeof all, &all), 0);
  const auto processors_of = [&](int wanted) {
    auto output = make_pipe();
    SpawnRequest request;
    request.arguments = {"/usr/bin/nproc"};
    request.standard_output = output.write_end.get();
    request.num_processors = wanted;
    const auto child = zygote.spawn(request);
    output.write_end.reset();
    char text[20]{};
    EXPECT_GT(::read(output.read_end.get(), text, sizeof text - 1), 0);
    wait_for_exit(zygote, child);
    return std::atoi(text);
  };
  EXPECT_EQ(processors_of(1), 1) << "a binding that suffices is kept";
  EXPECT_GE(processors_of(2), 2);
}

TEST(Zygote, AKillReachesGrandchildrenToo) {
  Zygote zygote;
  auto output = make_pipe();
  SpawnRequest request;
  request.arguments = {"/bin/sh", "-c", "sleep 1000 & echo $!; wait"};
  request.standard_output = output.write_end.get();
  const auto child = zygote.spawn(request);
  char text[100]{};
  ASSERT_GT(::read(output.read_end.get(), text, sizeof text - 1), 0);
  const auto grandchild = static_cast<pid_t>(std::atoi(text));
  zygote.signal_group(child, SIGKILL);
  EXPECT_NE(describe_exit(*wait_for_exit(zygote, child)).find("signal 9"), std::string::npos);
  EXPECT_TRUE(becomes_true([&] { return is_gone(grandchild); }));
}

TEST(Zygote, ItsEndKillsItsChildren) {
  pid_t child = -1;
  {
    Zygote zygote;
    child = start_shell(zygote, "sleep 1000");
    EXPECT_FALSE(is_gone(child));
  }
  EXPECT_TRUE(becomes_true([&] { return is_gone(child); }));
}

TEST(Zygote, ASupervisorThatIsKilledTakesItsExecutorsAlong) {
  auto pids = make_pipe();
  const auto supervisor = ::fork();
  ASSERT_GE(supervisor, 0);
  if (supervisor == 0) {
    Zygote zygote;
    const pid_t both[2] = {start_shell(zygote, "sleep 1000"), zygote.process_id()};
    static_cast<void>(!::write(pids.write_end.get(), both, sizeof both));
    ::pause();
    ::_exit(0);
  }
  pid_t both[2]{};
  ASSERT_EQ(::read(pids.read_end.get(), both, sizeof both), static_cast<ssize_t>(sizeof both));
  ::kill(supervisor, SIGKILL);
  ::waitpid(supervisor, nullptr, 0);
  EXPECT_TRUE(becomes_true([&] { return is_gone(both[0]) && is_gone(both[1]); }));
}

TEST(Zygote, AKilledZygoteTakesItsChildrenAlongAndIsNoticed) {
  Zygote zygote;
  const auto child = start_shell(zygote, "sleep 1000");
  ::kill(zygote.process_id(), SIGKILL);
  EXPECT_TRUE(becomes_true([&] { return is_gone(child); }));
  EXPECT_THROW(zygote.take_exit(child), ZygoteLost);
  EXPECT_THROW(start_shell(zygote, "exit 0"), ZygoteLost);
}

TEST(CapturedRun, KeepsOutputErrorsAndStatus) {
  Zygote zygote;
  const auto run = run_captured(zygote, {"/bin/sh", "-c", "seq 1 50000; echo wrong >&2; exit 3"}, kNever);
  EXPECT_EQ(WEXITSTATUS(run.wait_status), 3);
  EXPECT_EQ(run.errors, "wrong\n");
  EXPECT_TRUE(run.output.ends_with("49999\n50000\n"));
  EXPECT_FALSE(run.was_stopped);
}

TEST(CapturedRun, StopsWhenToldTo) {
  Zygote zygote;
  const auto run = run_captured(zygote, {"/bin/sh", "-c", "sleep 1000"}, [] { return true; });
  EXPECT_TRUE(run.was_stopped);
}

}  // namespace
}  // namespace lethe::orchestrator
