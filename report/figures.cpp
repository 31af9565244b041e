#include "report/figures.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/commit.h"
#include "report/plot_script.h"

extern char** environ;  // NOLINT: POSIX names it so

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

/// The environment, with what h5py and matplotlib need on a compute node: no locks on NFS, no display.
class ChildEnvironment {
 public:
  ChildEnvironment() {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      if (!text.starts_with("HDF5_USE_FILE_LOCKING=") && !text.starts_with("MPLBACKEND=")) entries_.push_back(text);
    }
    entries_.emplace_back("HDF5_USE_FILE_LOCKING=FALSE");
    entries_.emplace_back("MPLBACKEND=Agg");
    for (std::string& entry : entries_) pointers_.push_back(entry.data());
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> entries_;
  std::vector<char*> pointers_;
};

/// Runs a program to its end; its standard output and error go to `log`. Returns its exit status, 127 if it cannot
/// be started, 128 + n after signal n.
int run_program(std::vector<std::string> arguments, const fs::path& log) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  if (::posix_spawn_file_actions_init(&actions) != 0) return 127;
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  const ChildEnvironment environment;
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environment.get());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return 127;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string find_interpreter(const std::vector<std::string>& candidates) {
  for (const std::string& candidate : candidates) {
    if (run_program({candidate, "-c", "import h5py, numpy, matplotlib"}, "/dev/null") == 0) return candidate;
  }
  return {};
}

std::vector<fs::path> images_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".png") files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// "a, b, c".
std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::vector<std::string> default_interpreters() {
  std::vector<std::string> candidates;
  if (const char* chosen = std::getenv("LETHE_PYTHON"); chosen != nullptr && *chosen != '\0') {
    candidates.emplace_back(chosen);
  }
  candidates.emplace_back("/usr/bin/python3");
  candidates.emplace_back("python3");
  return candidates;
}

FigureResult draw_figures(const fs::path& report_folder, const std::vector<std::string>& interpreters) {
  const fs::path script = report_folder / "plot_figures.py";
  ledger::replace_text(script, plot_script());
  FigureResult result;
  const std::string interpreter = find_interpreter(interpreters);
  if (interpreter.empty()) {
    result.problem = "no Python was found that imports h5py, numpy and matplotlib (tried " + listed(interpreters) +
                     "); install python3-h5py and python3-matplotlib and run `lethe report` again, or draw elsewhere "
                     "with `python3 plot_figures.py curves.h5 figures` in " +
                     report_folder.string();
    return result;
  }
  const fs::path figures = report_folder / "figures";
  for (const fs::path& old : images_in(figures)) {  // of cells that may no longer be in the grid
    std::error_code ignored;
    fs::remove(old, ignored);
  }
  const fs::path log = report_folder / "plot_figures.log";
  const int status =
      run_program({interpreter, script.string(), (report_folder / "curves.h5").string(), figures.string()}, log);
  result.files = images_in(figures);
  if (status != 0) {
    result.problem = interpreter + " " + script.string() + " ended with status " + std::to_string(status) +
                     "; its output is in " + log.string();
  }
  return result;
}

}  // namespace lethe::report
