"""What stands on the figures of several cells: legible, nothing on anything else, no panel that nobody measured, true titles."""
import os
import pathlib
import re
import tempfile
import unittest
from unittest import mock

from drawn import EVERYTHING, FORGETTING, LAYERS, SCORES, TASKS, WIDTHS, a_cell, drawn, faults_of, shown, titles
import numpy as np

import plot_comparison
import plot_figures
import plot_kinds
import plot_sheet
from plot_curves import Difference

METHODS = ("ft-c", "memit-seq")
MODELS = ("small-gpt2", "small-gptj")
# A picture of a document, and the paragraphs in italics below it.
PICTURE = re.compile(r"^!\[.*\]\((\S+\.png)\)\n((?:\n\*[^*]+\*\n)+)", re.MULTILINE)
KINDS = {"overview", "editing", "downstream", "forgetting", "scores", "course"}


def a_sweep(methods=METHODS, samples=range(2), models=MODELS, **other):
    return [a_cell(method, model, sample, **other) for method in methods for model in models for sample in samples]


def of_sweep(cells, width="page"):
    """All figures of a sweep, by name."""
    def draw(output):
        with mock.patch.multiple(plot_figures, read_cells=lambda _: ("a_sweep", cells), output_of=lambda _: output), \
                mock.patch("sys.argv", ["plot_figures.py", "curves.h5", output.folder]):
            plot_figures.main()

    return drawn(draw, width)


def a_difference(method, model, metric, num_samples):
    rows = [{"samples": str(num_samples), "edits": str(edits), "difference": str(edits / 20), "low": str(edits / 40) if num_samples > 1 else "",
             "high": str(edits / 10) if num_samples > 1 else ""} for edits in range(0, 281, 20)]
    return Difference(("before", "after", method, model, metric), rows)


def of_two_sweeps(cells, width="page"):
    num_samples = len({cell.sample for cell in cells})
    curves = [a_difference(cell.method, cell.model, metric, num_samples) for cell in cells if cell.sample == cells[0].sample
              for metric in cell.curves if metric in ("forgetting.argmax.ever", "f1.mean", "efficacy.window_50", "neighborhood.window_50")]

    def draw(output):
        with mock.patch.multiple(plot_comparison, read_sweeps=lambda _: {"before": cells, "after": cells}, output_of=lambda _: output,
                                 read_differences=lambda _: curves), \
                mock.patch("sys.argv", ["plot_comparison.py", "curves.csv", output.folder, "--differences", "differences.csv"]):
            plot_comparison.main()

    return drawn(draw, width)


class Sheets(unittest.TestCase):
    def assert_sound(self, sheets, width):
        for name, (figure, _) in sheets.items():
            with self.subTest(figure=name, width=width):
                self.assertGreater(len(figure.axes), 0)
                self.assertEqual(faults_of(figure), [])

    def test_nothing_lies_on_anything_and_all_is_legible(self):
        for width in WIDTHS:
            sheets = of_sweep(a_sweep(models=MODELS[:1]), width)
            self.assertEqual({name.removeprefix("samples/").split("-")[0] for name in sheets}, KINDS)
            self.assert_sound(sheets, width)
            comparison = of_two_sweeps(a_sweep(), width)
            self.assertEqual(set(comparison), {"overview", "differences"})
            self.assert_sound(comparison, width)

    def test_the_same_of_few_and_of_many_edits(self):
        for last in (3, 316, 10_000):
            self.assert_sound(of_sweep(a_sweep(("rome",), [0], MODELS[:1], last=last)), "page")

    def test_a_title_says_means_where_there_are_any(self):
        for draw, one, two in ((of_sweep, "a_sweep: one sample", "a_sweep: means over 2 samples, with their range"),
                               (of_two_sweeps, "before and after: one common sample", "before and after: means over 2 common samples")):
            for samples, title in (([4], one), ([4, 7], two)):
                figure, caption = draw(a_sweep(METHODS[:1], samples, MODELS[:1]))["overview"]
                self.assertIn(title, shown(figure))
                self.assertEqual("means" in caption, len(samples) > 1, caption)
        cells = a_sweep(("rome",), [0]) + a_sweep(("mend",), [0, 1])
        self.assertIn("a_sweep: means over up to 2 samples", shown(of_sweep(cells)["overview"][0]))
        for samples, title, words in (([4], "paired differences of one sample", "Lines: the differences of one sample"),
                                      ([4, 7], "mean paired differences", "Shaded: 95 %")):
            figure, caption = of_two_sweeps(a_sweep(METHODS[:1], samples, MODELS[:1]))["differences"]
            self.assertIn(title, shown(figure))
            self.assertIn(words, caption)

    def test_one_sample_is_not_drawn_twice(self):
        for samples, lines in (([0], 1), ([0, 1], 3)):
            figure, caption = of_sweep(a_sweep(("rome",), samples, MODELS[:1]))["forgetting-small-gpt2"]
            self.assertEqual({len(axes.lines) for axes in figure.axes}, {lines})
            self.assertEqual("Thin" in caption, len(samples) > 1)


class Unmeasured(unittest.TestCase):
    def panels(self, names, figure):
        return titles(of_sweep(a_sweep(("rome",), [0], MODELS[:1], names=names))[figure][0])

    def test_what_nobody_measured_has_no_panel(self):
        no_tasks = [name for name in EVERYTHING if name not in TASKS]
        self.assertEqual(self.panels(no_tasks, "overview"), ["Facts forgotten", "Efficacy (ES)", "Neighborhood (NS)"])
        self.assertEqual(self.panels(no_tasks, "downstream-rome-small-gpt2"), ["sample 0"])
        self.assertEqual(self.panels([*TASKS, *SCORES], "downstream-rome-small-gpt2"), ["sample 0"])
        self.assertEqual(self.panels(SCORES, "editing-rome-small-gpt2"), ["Efficacy (ES)", "Paraphrase (PS)", "Neighborhood (NS)"])
        self.assertEqual(self.panels(FORGETTING, "editing-rome-small-gpt2"), ["Facts forgotten"])
        self.assertEqual(self.panels(FORGETTING[:1], "forgetting-small-gpt2"), ["By the greedy answer"])
        self.assertEqual(self.panels(SCORES, "scores-small-gpt2"), ["Efficacy (ES)", "Paraphrase (PS)", "Neighborhood (NS)"])
        self.assertEqual(self.panels([*FORGETTING, *LAYERS[:2]], "samples/course-rome-small-gpt2-sample0"),
                         ["Facts forgotten", "Distance per layer"])
        differences = of_two_sweeps(a_sweep(("rome",), [0], names=no_tasks))
        for figure, _ in differences.values():
            self.assertEqual(titles(figure), 2 * ["Facts forgotten", "Efficacy (ES)", "Neighborhood (NS)"])

    def test_captions_name_the_panels_that_are_there(self):
        """Each letter once, in order, and none that no panel has."""
        for names in (EVERYTHING, SCORES, FORGETTING, [*SCORES[:3], *LAYERS], [*TASKS, *FORGETTING], ["locality.all_edits", *FORGETTING[1:]]):
            for name, (figure, caption) in of_sweep(a_sweep(("rome",), [0], MODELS[:1], names=names)).items():
                letters = re.findall(r"\(([a-z])\)", caption)
                there = [axes.get_title(loc="left")[1] for axes in figure.axes]
                if letters and set(letters) != set(there):
                    letters = [chr(code) for first, last in re.findall(r"\(([a-z])\) to \(([a-z])\)", caption)
                               for code in range(ord(first), ord(last) + 1)] + letters
                self.assertLessEqual(set(letters), set(there), (name, caption))
                if not name.startswith(("overview", "downstream", "samples/downstream")):
                    self.assertEqual(set(letters), set(there), (name, caption))

    def test_panels_are_as_wide_as_the_sheet_allows(self):
        no_tasks = [name for name in EVERYTHING if name not in TASKS]
        for names in (EVERYTHING, no_tasks, FORGETTING):
            figure = of_sweep(a_sweep(("rome",), [0], MODELS[:1], names=names))["overview"][0]
            self.assertGreater(max(axes.get_position().x1 for axes in figure.axes), 0.96)

    def test_a_partial_sweep_keeps_a_panel_that_some_cell_has(self):
        cells = a_sweep(("rome",), [0]) + a_sweep(("mend",), [0], names=SCORES[:3])
        cells = [cell for cell in cells if (cell.method, cell.model) != ("rome", "small-gptj")]
        sheets = of_sweep(cells)
        figure, _ = sheets["overview"]
        self.assertEqual(len(figure.axes), 8)
        self.assertEqual(shown(figure).count("not measured"), 3)
        self.assertNotIn("not measured", shown(sheets["samples/course-mend-small-gptj-sample0"][0]))

    def test_a_sheet_of_nothing_says_so(self):
        cells = a_sweep(("rome",), [0], MODELS[:1], names=["strange"])
        cells[0].curves["strange"].values = np.full(15, np.nan)
        for name, (figure, _) in of_sweep(cells).items():
            self.assertIn("not measured", shown(figure), name)


class Files(unittest.TestCase):
    def test_a_caption_stands_beside_each_figure(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch("builtins.print"):
            output = plot_sheet.Output(folder, ["png"], plot_sheet.width_of("column"))
            plot_figures.draw_models([a_cell()], output)
            names = {os.path.relpath(os.path.join(place, file), folder) for place, _, files in os.walk(folder) for file in files}
        self.assertEqual({name[:-4] for name in names if name.endswith(".png")}, {name[:-4] for name in names if name.endswith(".txt")})
        self.assertIn("forgetting-smollm2-135m.png", names)

    def test_each_picture_in_the_documents_has_the_reports_caption_below(self):
        """Whole in docs/; README.md has it shortened, behind what the picture is shown for."""
        root = pathlib.Path(__file__).resolve().parents[2]
        of_course = [plot_kinds.WINDOWS, plot_kinds.DEFINITIONS, plot_kinds.F1, plot_kinds.DISTANCES]
        of_overview = ["Lines: ", *(said[1:] for metric, _, said in plot_kinds.OVERVIEW if metric != "f1.mean")]
        pictures = [(page, *found) for page in [root / "README.md", *root.glob("docs/**/*.md")]
                    for found in PICTURE.findall(page.read_text(encoding="utf-8"))]
        num_pictures = sum(len(re.findall(r"^!\[.*\.png\)$", page.read_text(encoding="utf-8"), re.MULTILINE))
                           for page in [root / "README.md", *root.glob("docs/**/*.md")])
        self.assertGreaterEqual(num_pictures, 6)
        self.assertEqual(len(pictures), num_pictures, "a picture without a caption")
        for page, picture, caption in pictures:
            if page.parent != root:
                for words in of_course if "course" in picture else of_overview:
                    self.assertIn(words, " ".join(caption.split()), picture)
            else:
                self.assertTrue(all(f"({letter}) " in caption for letter in "abcd"), caption)


if __name__ == "__main__":
    unittest.main()
