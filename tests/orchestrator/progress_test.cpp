#include "orchestrator/display/progress.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <sstream>

#include <gtest/gtest.h>

#include "orchestrator/display/progress_table.h"
#include "tests/orchestrator/simulated_sweep.h"

namespace lethe::orchestrator {
namespace {

using testing::make_config;
using testing::SimulatedSweep;

/// A terminal that knows line ends, "up to the beginning of the n-th line before", "clear the rest of the line", "clear
/// from here on", and how lines that are too long go on in the next row. Narrowing breaks lines that are on it, and
/// what a clearing of the whole screen takes away stays above it, as in tmux.
class Screen {
 public:
  explicit Screen(TerminalSize size) : size_(size) {}

  void write(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text.compare(i, 2, "\x1b[") == 0) {
        std::size_t end = i + 2;
        while (std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
        const auto digits = text.substr(i + 2, end - i - 2);
        if (text[end] == 'F') move_up(std::stoul(digits));
        if (text[end] == 'K') lines_[row_].resize(std::min(column_, lines_[row_].size()));
        if (text[end] == 'J') clear_below();
        i = end;
      } else if (text[i] == '\n') {
        ++row_;
        column_ = 0;
      } else {
        put(text[i]);
      }
      show_cursor();
    }
  }
  void resize(TerminalSize size) {
    size_ = size;
    std::vector<std::string> broken;
    for (const auto& line : lines_) {
      std::size_t at = 0;
      do {
        broken.push_back(line.substr(at, static_cast<std::size_t>(size.columns)));
        at += static_cast<std::size_t>(size.columns);
      } while (at < line.size());
    }
    lines_ = std::move(broken);
    row_ = lines_.size() - 1;
    column_ = lines_.back().size();
    top_ = 0;
    show_cursor();
  }
  [[nodiscard]] int count(const std::string& text) const {
    return static_cast<int>(
        std::ranges::count_if(lines_, [&](const auto& line) { return line.find(text) != std::string::npos; }));
  }
  [[nodiscard]] std::size_t num_rows() const { return lines_.size(); }

 private:
  TerminalSize size_;
  std::vector<std::string> lines_{""};
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  std::size_t top_ = 0;  // the first row that the terminal shows

  void put(char c) {
    if (column_ == static_cast<std::size_t>(size_.columns)) {
      ++row_;
      column_ = 0;
      show_cursor();
    }
    auto& line = lines_[row_];
    line.resize(std::max(line.size(), column_ + 1), ' ');
    line[column_++] = c;
  }
  /// Scrolls.
  void show_cursor() {
    while (lines_.size() < row_ + 1) lines_.emplace_back();
    const auto rows = static_cast<std::size_t>(size_.rows);
    if (row_ + 1 > rows) top_ = std::max(top_, row_ + 1 - rows);
  }
  void clear_below() {
    if (column_ == 0 && row_ == top_ && lines_.size() > row_ + 1) {
      row_ = top_ = lines_.size();  // what was there goes up and stays
      lines_.emplace_back();
      return;
    }
    lines_[row_].resize(std::min(column_, lines_[row_].size()));
    lines_.resize(row_ + 1);
  }
  void move_up(std::size_t num_rows) {
    row_ = std::max(top_, row_ - std::min(row_, num_rows));  // no terminal moves beyond its first row
    column_ = 0;
  }
};

core::ExperimentConfig wide_grid() {
  return make_config({.methods = {"rome", "ft-c", "mend"},
                      .models = {"small-gpt2", "small-gptj", "a-model-whose-name-is-longer-than-most-terminals-like"},
                      .num_samples = 4});
}

/// A sweep that is shown while it runs.
struct Shown {
  Shown(core::ExperimentConfig config, int ranks, ProgressDisplay::Mode mode, TerminalSize first)
      : sweep(std::move(config), ranks),
        size(first),
        screen(first),
        display(out, mode, sweep.clock(), [this] { return size; }) {
    sweep.on_step = [this](SimulatedSweep& self) {
      if (before_update) before_update();
      display.update(self.coordinator());
      if (mode_is_table) after_update();
    };
    mode_is_table = mode == ProgressDisplay::Mode::kTable;
  }
  void after_update() {
    screen.write(out.str());
    out.str("");
  }

  SimulatedSweep sweep;
  TerminalSize size;
  Screen screen;
  std::ostringstream out;
  ProgressDisplay display;
  bool mode_is_table = false;
  std::function<void()> before_update;
};

class TableOn : public ::testing::TestWithParam<std::pair<int, int>> {};

TEST_P(TableOn, ATerminalFitsAndIsDrawnOverItself) {
  const TerminalSize size{GetParam().first, GetParam().second};
  Shown shown(wide_grid(), 6, ProgressDisplay::Mode::kTable, size);
  std::size_t most_rows = 0;
  shown.before_update = [&] {
    most_rows = std::max(most_rows, shown.screen.num_rows());
    EXPECT_LE(shown.screen.count("method/model"), 1);
    EXPECT_LE(shown.screen.count("ETA"), 1);
    for (const auto& line : table_lines(shown.sweep.coordinator(), "[3 s]", 1.0, size)) {
      EXPECT_LT(num_columns(line), size.columns) << line;
    }
  };
  EXPECT_EQ(shown.sweep.run(), Outcome::kComplete);
  EXPECT_LE(most_rows, static_cast<std::size_t>(size.rows)) << "nothing scrolls";
  shown.display.finish(shown.sweep.coordinator());
  shown.after_update();
  EXPECT_EQ(shown.screen.count("method/model"), 0);
  if (size.columns >= 60) {
    EXPECT_EQ(shown.screen.count("COMPLETE"), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, TableOn,
                         ::testing::Values(std::pair{200, 60}, std::pair{80, 24}, std::pair{60, 12}, std::pair{40, 10},
                                           std::pair{30, 7}, std::pair{20, 4}, std::pair{8, 2}, std::pair{1, 1}));

TEST(ProgressTable, FollowsAWindowThatIsMadeSmallerAndLarger) {
  Shown shown(wide_grid(), 6, ProgressDisplay::Mode::kTable, {120, 100});
  int step = 0;
  shown.before_update = [&] {
    constexpr std::array kColumns{120, 60, 100, 33, 80};
    if (++step % 20 == 0) {
      shown.size.columns = kColumns[static_cast<std::size_t>(step / 20) % kColumns.size()];
      shown.screen.resize(shown.size);
      return;
    }
    EXPECT_LE(shown.screen.count("to reduce"), 1) << "step " << step;
    EXPECT_LE(shown.screen.count("ETA"), 1) << "step " << step;
  };
  EXPECT_EQ(shown.sweep.run(), Outcome::kComplete);
  EXPECT_GT(step, 200);
}

TEST(ProgressTable, KeepsTheSummaryAndSomeRanksWhenThereIsLittleRoom) {
  SimulatedSweep sweep(wide_grid(), 40);
  const auto text_of = [&](TerminalSize size) {
    std::string text;
    for (const auto& line : table_lines(sweep.coordinator(), "[3 s]", 1.0, size)) text += line + "\n";
    return text;
  };
  const auto small = text_of({80, 12});
  EXPECT_NE(small.find("[3 s]  ETA "), std::string::npos) << small;
  EXPECT_NE(small.find("rank 0"), std::string::npos) << small;
  EXPECT_NE(small.find("more methods/models"), std::string::npos) << small;
  EXPECT_NE(small.find("more ranks"), std::string::npos) << small;
  const auto large = text_of({120, 60});
  EXPECT_NE(large.find("... and 25 more ranks"), std::string::npos) << large;
  EXPECT_EQ(large.find("more methods/models"), std::string::npos) << large;
  EXPECT_NE(text_of({80, 3}).find("ETA"), std::string::npos);
}

TEST(ProgressTable, CutsByCharactersAndNotInsideOfThem) {
  EXPECT_EQ(cut_to("m\xc3\xa4\xc3\xa4r", 2), "m\xc3\xa4");
  EXPECT_EQ(num_columns("m\xc3\xa4\xc3\xa4r"), 4);
  EXPECT_EQ(cut_to("abc", 3), "abc");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(ProgressLines, ThinOutAfterTheFirstTen) {
  const auto config =
      make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 2, .edits = 5000, .has_tasks = false});
  Shown shown(config, 2, ProgressDisplay::Mode::kLines, {});
  EXPECT_EQ(shown.sweep.run(), Outcome::kComplete);
  shown.display.finish(shown.sweep.coordinator());
  const auto lines = lines_of(shown.out.str());
  const double hours = shown.sweep.elapsed_seconds() / 3600.0;
  EXPECT_GT(hours, 1.0);
  EXPECT_GE(lines.size(), 12U);
  EXPECT_LE(static_cast<double>(lines.size()), 10.0 + 12.0 * hours + 1.0 + 3.0)
      << "ten, one each 5 min, two cells, the last word";
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.find("complete: ") != std::string::npos; }),
            2)
      << shown.out.str();
}

TEST(ProgressLines, EachFailureIsToldAtOnce) {
  const auto config =
      make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 2, .edits = 2000, .has_tasks = false});
  Shown shown(config, 1, ProgressDisplay::Mode::kLines, {});
  const auto bad = config.cells[1];
  shown.sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    const auto* edit = std::get_if<core::EditTask>(&task);
    if (edit == nullptr || edit->cell != bad) return std::nullopt;
    return core::FailedEvent{core::FailureClass::kData, "a record is malformed", 0};
  };
  EXPECT_EQ(shown.sweep.run(), Outcome::kPoisoned);
  EXPECT_NE(shown.out.str().find("FAILED edit " + bad.name() + ": "), std::string::npos) << shown.out.str();
}

TEST(EditRate, HoldsSomeEditsHoweverSlowTheyAre) {
  EditRate rate;
  for (int second = 0; second <= 1200; ++second) rate.measure(std::floor(second / 30.0), second);
  EXPECT_NEAR(rate.per_second(), 1.0 / 30.0, 0.2 / 30.0) << "one in half a minute";
  for (int second = 1201; second <= 2000; ++second) rate.measure(40 + 5 * (second - 1200), second);
  EXPECT_NEAR(rate.per_second(), 5.0, 0.1);
  rate.measure(10.0, 2001.0);
  EXPECT_GE(rate.per_second(), 0.0) << "a crash took some with it";
}

}  // namespace
}  // namespace lethe::orchestrator
