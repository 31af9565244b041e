#include "report/figures.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/digest.h"
#include "ledger/commit.h"
#include "report/plot_script.h"

extern char** environ;  // NOLINT: POSIX names it so

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIsolated = "-I";
constexpr const char* kLog = "plot_figures.log";
constexpr const char* kFigures = "figures";
constexpr const char* kSamples = "samples";
constexpr const char* kList = "figures.txt";
constexpr std::chrono::milliseconds kLookInterval(20);

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

/// A folder that is removed with all that is in it.
class Workshop {
 public:
  explicit Workshop(const ledger::RealFolder& report) : folder_(report.make_unique_folder(".drawing-")) {}
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(folder_.path(), ignored);  // removes links, follows none
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  [[nodiscard]] const ledger::RealFolder& folder() const { return folder_; }

 private:
  ledger::RealFolder folder_;
};

/// Runs a program in `folder` to its end, which comes soon where `should_stop` says so; its standard output and error
/// go to `log`. Returns its exit status, 127 if it cannot be started, 128 + n after signal n.
int run_program(
    std::vector<std::string> arguments, const fs::path& folder, const fs::path& log,
    const std::function<bool()>& should_stop = [] { return false; }) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  if (::posix_spawn_file_actions_init(&actions) != 0) return 127;
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  const ChildEnvironment environment;
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environment.get());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return 127;
  int status = 0;
  for (pid_t ended = 0; ended != child; ended = ::waitpid(child, &status, WNOHANG)) {
    if (ended < 0 && errno != EINTR) return 127;
    if (should_stop()) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(kLookInterval);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// `folder` is where it looks for nothing: without -I, Python imports modules from the folder that it is started in.
std::string find_interpreter(const std::vector<std::string>& candidates, const fs::path& folder) {
  for (const std::string& candidate : candidates) {
    if (run_program({candidate, kIsolated, "-c", "import h5py, numpy, matplotlib"}, folder, "/dev/null") == 0) {
      return candidate;
    }
  }
  return {};
}

/// "a, b, c".
std::string listed(const std::vector<std::string>& words, const std::string& separator = ", ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

/// A file below `figures`: "overview.png", "samples/editing-....txt".
struct FigureName {
  std::string folder;  ///< empty or kSamples
  std::string file;
};

/// A figure or its caption, by a plain name. Longer than a cell's method or model, which are in it.
bool is_figure_file(const std::string& name) {
  const auto is_allowed = [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || c == '.' || c == '_' || c == '-';
  };
  const auto dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0 || name.front() == '.' || name.front() == '-') return false;
  const std::string ending = name.substr(dot + 1);
  const bool is_known = ending == "txt" || std::ranges::find(kFigureFormats, ending) != kFigureFormats.end();
  return is_known && std::ranges::all_of(name, is_allowed);
}

/// nullopt for a line of figures.txt that no report wrote.
std::optional<FigureName> figure_name(const std::string& line) {
  const auto slash = line.find('/');
  FigureName name{slash == std::string::npos ? "" : line.substr(0, slash),
                  slash == std::string::npos ? line : line.substr(slash + 1)};
  const bool is_known_folder = name.folder.empty() || name.folder == kSamples;
  if (slash == 0 || !is_known_folder || !is_figure_file(name.file)) return {};
  return name;
}

/// The first line of figures.txt: all that figures of the same data depend on. No figure has a name like it.
std::string heading(const ledger::RealFolder& report, const FigureOptions& options, const Drawing& drawing) {
  std::string scripts;
  for (const PlotScript& script : plot_scripts()) scripts += script.text;
  const auto digest = [](const std::string& text) { return core::digest_of(text).hex(); };
  return "# --format " + listed(options.formats, ",") + " --width " + options.width + ", scripts " + digest(scripts) +
         ", " + drawing.beside + " " + digest(report.read(drawing.beside).value_or(""));
}

std::vector<FigureName> listed_figures(const ledger::RealFolder& report) {
  std::vector<FigureName> names;
  std::istringstream lines(report.read(kList).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (auto name = figure_name(line)) names.push_back(std::move(*name));
  }
  return names;
}

/// The folder of a figure, if it is there.
std::optional<ledger::RealFolder> folder_of(const ledger::RealFolder& report, const FigureName& name) {
  auto figures = report.find_folder(kFigures);
  return !figures || name.folder.empty() ? std::move(figures) : figures->find_folder(name.folder);
}

void remove_former_figures(const ledger::RealFolder& report) {
  for (const FigureName& name : listed_figures(report)) {
    if (const auto folder = folder_of(report, name)) folder->remove(name.file);
  }
  report.remove(kList);
}

/// Figures that the script drew below the workshop, by name.
std::vector<std::string> new_figures(const fs::path& drawn) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(drawn, error), end; !error && entry != end; entry.increment(error)) {
    auto name = entry->path().lexically_relative(drawn).string();
    if (figure_name(name)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Puts the new figures, and the list of them, in place. The list comes first: what it names may be removed.
std::vector<fs::path> publish(const ledger::RealFolder& workshop, const ledger::RealFolder& report,
                              const std::string& first_line) {
  const auto drawn = workshop.find_folder(kFigures);
  if (!drawn) return {};
  const auto names = new_figures(drawn->path());
  std::string list = first_line + "\n";
  for (const std::string& name : names) list += name + "\n";
  ledger::replace_text(report.path() / kList, list);
  const auto figures = report.make_folder(kFigures);
  std::vector<fs::path> files;
  for (const std::string& text : names) {
    const auto name = *figure_name(text);
    if (name.folder.empty()) {
      figures.take(*drawn, name.file);
    } else {
      figures.make_folder(name.folder).take(drawn->make_folder(name.folder), name.file);
    }
    files.push_back(figures.path() / text);
  }
  return files;
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

std::string drawing_interpreter(const std::vector<std::string>& interpreters) {
  return find_interpreter(interpreters, fs::temp_directory_path());
}

bool is_figure_width(const std::string& width) {
  constexpr double kLeastMillimetres = 40.0;
  constexpr double kMostMillimetres = 500.0;
  if (width == "column" || width == "page") return true;
  double millimetres = 0.0;
  const auto [end, error] = std::from_chars(width.data(), width.data() + width.size(), millimetres);
  return error == std::errc{} && end == width.data() + width.size() && millimetres >= kLeastMillimetres &&
         millimetres <= kMostMillimetres;
}

FigureResult draw_figures(const ledger::RealFolder& report, const FigureOptions& options, const Drawing& drawing,
                          const std::vector<std::string>& interpreters) {
  for (const PlotScript& script : plot_scripts()) {
    ledger::replace_text(report.path() / script.name, std::string(script.text));
  }
  remove_former_figures(report);  // also of cells that are no longer in the grid
  const Workshop workshop(report);
  const auto& folder = workshop.folder();
  FigureResult result;
  const std::string interpreter = find_interpreter(interpreters, folder.path());
  const std::string script(drawing.script);
  if (interpreter.empty()) {
    result.problem = "no Python was found that imports h5py, numpy and matplotlib when it runs isolated (tried " +
                     listed(interpreters) +
                     "); install python3-h5py and python3-matplotlib, or name one that has them with LETHE_PYTHON, and "
                     "run `lethe report` again; or draw elsewhere with `python3 " +
                     script + " " + drawing.data + " figures` in " + report.path().string();
    return result;
  }
  for (const PlotScript& one : plot_scripts()) {
    ledger::replace_text(folder.path() / one.name, std::string(one.text));
  }
  std::vector<std::string> command{interpreter, kIsolated, (folder.path() / script).string()};
  command.insert(command.end(), {(report.path() / drawing.data).string(), (folder.path() / kFigures).string(),
                                 "--format", listed(options.formats, ","), "--width", options.width});
  if (report.has_file(drawing.beside)) {
    command.insert(command.end(), {drawing.option, (report.path() / drawing.beside).string()});
  }
  const int status = run_program(command, folder.path(), folder.path() / kLog, options.should_stop);
  if (status != 0 && options.should_stop()) {
    result.is_stopped = true;
    result.problem = "stopped before they were drawn; run `lethe report` again";
    return result;
  }
  if (folder.has_file(kLog)) report.take(folder, kLog);
  result.files = publish(folder, report, heading(report, options, drawing));
  if (status != 0) {
    result.problem = interpreter + " " + (report.path() / script).string() + " ended with status " +
                     std::to_string(status) + "; its output is in " + (report.path() / kLog).string();
  }
  return result;
}

std::vector<fs::path> drawn_figures(const ledger::RealFolder& report, const FigureOptions& options,
                                    const Drawing& drawing) {
  if (!report.read(kList).value_or("").starts_with(heading(report, options, drawing) + "\n")) return {};
  std::vector<fs::path> files;
  for (const FigureName& name : listed_figures(report)) {
    const auto folder = folder_of(report, name);
    if (!folder || !folder->has_file(name.file)) return {};
    files.push_back(folder->path() / name.file);
  }
  return files;
}

std::vector<ShownFigure> shown_figures(const ledger::RealFolder& report) {
  const std::pair<const char*, const char*> types[] = {{".png", "image/png"}, {".svg", "image/svg+xml"}};
  std::vector<ShownFigure> shown;
  for (const auto& [ending, type] : types) {
    for (const FigureName& name : listed_figures(report)) {
      const auto folder = folder_of(report, name);
      if (!folder || !name.file.ends_with(ending)) continue;
      const std::string stem = name.file.substr(0, name.file.rfind('.'));
      auto bytes = folder->read(name.file);
      if (!bytes) continue;
      shown.push_back({(name.folder.empty() ? "" : name.folder + "/") + stem, type, std::move(*bytes),
                       folder->read(stem + ".txt").value_or("")});
    }
    if (!shown.empty()) return shown;
  }
  return shown;
}

}  // namespace lethe::report
