#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ledger/real_folder.h"
#include "report/html_page.h"

namespace lethe::report {

/// What figures are drawn as.
struct FigureOptions {
  std::vector<std::string> formats{"png", "pdf"};  ///< of kFigureFormats
  std::string width = "page";                      ///< "column", "page" or millimetres
  /// Asked while they are drawn. The program that draws them is then ended, and nothing of it stays.
  std::function<bool()> should_stop = [] { return false; };
};
inline constexpr std::array<const char*, 3> kFigureFormats{"png", "pdf", "svg"};
/// Whether `width` is one that figures can be drawn at.
bool is_figure_width(const std::string& width);

/// Which script draws from which files of the report's folder.
struct Drawing {
  const char* script = "";  ///< of plot_scripts()
  const char* data = "";    ///< its first argument; the second is the folder for figures
  const char* option = "";  ///< before the file `beside`, where that is there
  const char* beside = "";
};
inline constexpr Drawing kDrawingOfASweep{"plot_figures.py", "curves.h5", "--phases", "phases.csv"};

struct FigureResult {
  std::vector<std::filesystem::path> files;  ///< sorted; captions among them, as text
  std::string problem;                       ///< why there are none; empty if drawn
  bool is_stopped = false;                   ///< that is why
};

/// $LETHE_PYTHON if set, /usr/bin/python3, python3.
std::vector<std::string> default_interpreters();

/// The first of `interpreters` that imports h5py, numpy and matplotlib when it runs isolated; empty if there is none.
std::string drawing_interpreter(const std::vector<std::string>& interpreters = default_interpreters());

/// Writes the plot_*.py files into the report's folder, and runs the script of `drawing` on its files there, with the
/// first of `interpreters` that imports h5py, numpy and matplotlib; its output is in plot_figures.log. Never throws for
/// want of one.
///
/// The folder may hold anything: Python runs isolated (-I) in a new folder of its own, so that no module, setting or
/// link that lies about is taken; what it drew is then put in the place of former figures. figures.txt says how they
/// were drawn and lists them; a later report removes figures of that list, and no other file.
FigureResult draw_figures(const ledger::RealFolder& report, const FigureOptions& options = {},
                          const Drawing& drawing = kDrawingOfASweep,
                          const std::vector<std::string>& interpreters = default_interpreters());

/// The figures that the last report drew so, with the same scripts, if all of them are still there. Whether they show
/// the same data, the caller must know; what stands `beside` it is looked at.
std::vector<std::filesystem::path> drawn_figures(const ledger::RealFolder& report, const FigureOptions& options = {},
                                                 const Drawing& drawing = kDrawingOfASweep);

/// The figures that figures.txt lists, with their captions, as a page shows them: as PNG, or as SVG if there is none.
std::vector<ShownFigure> shown_figures(const ledger::RealFolder& report);

}  // namespace lethe::report
