"""What stands on the figure of a cell's course: legible, nothing on anything else, and what is said of its point."""
import os
import tempfile
import unittest
from unittest import mock

from drawn import WIDTHS, a_cell, drawn, faults_of, marks_of, shown, texts_of, titles
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.markers import CARETDOWN
from PIL import Image

import plot_course
import plot_sheet
from plot_curves import Phase
from plot_looks import Layer, method_look, task_look

# As phases.csv has it: a break at the very beginning, where the mark is nearest to the titles, and a long subject.
BREAK = {"verdict": "observed", "after": "0", "by": "20", "confidence": "0.9875", "forgetting_rate": "3.1", "forgetting_rate_low": "2.5",
         "forgetting_rate_high": "3.75", "forgetting_rate_until": "0", "edit": "7", "case_id": "7401",
         "subject": "$x$ Connor Halliday the Younger, of Llanfairpwllgwyngyllgogerychwyrndrobwll", "edit_rule": "norm", "edit_excess": "21.0727", "edit_stands_out": "1"}


LAYERS = [Layer(f"model.layers.{number}.mlp.down_proj.weight").look() for number in (3, 4)]


def course_of(row, width):
    """The figure, and its caption on one line."""
    return drawn(lambda output: plot_course.course(output, "course", a_cell(), Phase(row) if row else None), width)["course"]


def panels_of(cell):
    """Axes by title, of the drawn figure."""
    figure, caption = drawn(lambda output: plot_course.course(output, "course", cell, None))["course"]
    return dict(zip(titles(figure), figure.axes)), caption


def labels_of(axis):
    """Of the ticks that are seen."""
    low, high = sorted(axis.get_view_interval())
    return [axis.get_major_formatter()(place, 0) for place in axis.get_majorticklocs() if low <= place <= high]


class Axes(unittest.TestCase):
    def test_what_grows_a_hundredfold_is_on_a_logarithmic_axis(self):
        for metric, title in (("distance_per_weight", "Distance per layer"), ("spectral_ratio", "Spectral ratio per layer")):
            for most, scale in ((90.0, "linear"), (5e5, "log")):
                cell = a_cell()
                for name in [name for name in cell.curves if name.startswith(metric)]:
                    cell.curves[name].values = np.concatenate([[0.0], np.geomspace(1.0, most, 14)])
                panels, caption = panels_of(cell)
                self.assertEqual(panels[title].get_yscale(), scale)
                self.assertEqual(caption.count("logarithmic axis"), 2 if scale == "log" else 1, caption)
                self.assertEqual(faults_of(panels[title].figure), [])

    def test_a_logarithmic_axis_has_two_numbers_at_least(self):
        for low, high in ((8.0, 9.5), (8.0, 8.0), (7.97, 53.0), (1.2, 95.0), (8.0, 900.0), (8.0, 2e6), (1.0, 1e90)):
            cell = a_cell()
            cell.curves["perplexity.fixed_text"].values = np.geomspace(low, high, 15)
            axes = panels_of(cell)[0]["Perplexity of a fixed text"]
            self.assertEqual(faults_of(axes.figure), [])
            self.assertTrue(2 <= len(labels_of(axes.yaxis)) <= 4, (low, high, labels_of(axes.yaxis)))
            self.assertLessEqual(axes.get_ylim()[0], low)
            self.assertGreaterEqual(axes.get_ylim()[1], high)

    def test_the_last_edit_is_a_tick(self):
        for last in (1, 3, 7, 48, 300, 316, 1000, 2000, 123_456):
            for axes in panels_of(a_cell(last=last))[0].values():
                self.assertEqual(labels_of(axes.xaxis)[-1], f"{last:,}")
                self.assertGreaterEqual(len(labels_of(axes.xaxis)), 2)
        self.assertEqual(labels_of(panels_of(a_cell(last=1000))[0]["Efficacy (ES)"].xaxis), ["0", "250", "500", "750", "1,000"])
        self.assertEqual(plot_sheet.edit_ticks(1000, 1.16), [0, 500, 1000])
        self.assertEqual(plot_sheet.edit_ticks(280, 1.16), [0, 80, 160, 280], "round numbers, and none in the last one's way")


class Course(unittest.TestCase):
    def test_nothing_lies_on_anything_and_all_is_legible(self):
        for width in WIDTHS:
            figure, _ = course_of(BREAK, width)
            with self.subTest(width=width):
                self.assertEqual(faults_of(figure), [])
                self.assertGreater(len(texts_of(figure)), 40)

    def test_single_lines_are_the_methods_own_and_nothing_else_is(self):
        figure, _ = course_of(BREAK, "page")
        look = method_look("rome")
        pairs = [{(line.get_color(), line.get_marker()) for line in axes.lines if line.get_marker() != CARETDOWN} for axes in figure.axes]
        for panel in (0, 1, 5):
            self.assertIn((look.colour, look.marker), pairs[panel])
        for panel in (2, 3, 4):
            self.assertNotIn(look.colour, {colour for colour, _ in pairs[panel]})
        labels = {text.get_text(): handle for text, handle in zip(figure.legends[0].get_texts(), figure.legends[0].get_lines())}
        self.assertEqual((labels["rome"].get_color(), labels["rome"].get_marker()), (look.colour, look.marker))

    def test_the_dash_of_a_variant_is_not_taken_for_a_kind_of_line(self):
        cell = a_cell("rome-clamp2")
        figure, _ = drawn(lambda output: plot_course.course(output, "course", cell, None))["course"]
        solid = [line for line in figure.axes[0].lines if line.get_linestyle() == "-"]
        self.assertEqual([line.get_color() for line in solid], [method_look("rome").colour])

    def test_the_edit_that_stands_out_is_marked_in_every_panel(self):
        figure, _ = course_of(BREAK, "page")
        self.assertEqual([list(mark.get_xdata()) for mark in marks_of(figure)], len(figure.axes) * [[7]])
        self.assertEqual(len(figure.axes), 6)

    def test_figure_and_caption_name_confidence_rate_and_edit(self):
        figure, caption = course_of({**BREAK, "subject": "Connor Halliday"}, "page")
        for words in ("after edit 0 and by edit 20", "with a confidence of 0.988", "3.10 points per 100 edits (95 %: 2.50 to 3.75)",
                      "edit 7 (case 7401, Connor Halliday)"):
            self.assertIn(words, shown(figure))
            self.assertIn(words, caption)

    def test_nothing_is_said_of_an_empty_field(self):
        for column, words in (("confidence", "confidence"), ("forgetting_rate_low", "points per 100"), ("case_id", "case"),
                              ("edit", "stands out"), ("edit_stands_out", "stands out"), ("edit_stands_out", "triangle")):
            figure, caption = course_of({**BREAK, "subject": "Connor Halliday", column: ""}, "page")
            self.assertNotIn(words, caption + shown(figure))
            self.assertEqual(len(marks_of(figure)), 0 if "edit" in column else 6, column)
        self.assertIn("edit 7 (case 7401).", course_of({**BREAK, "subject": ""}, "page")[1])

    def test_where_many_edits_did_it_none_is_marked(self):
        figure, caption = course_of({**BREAK, "edit_stands_out": "0"}, "page")
        self.assertIn("No single edit stands out there.", caption)
        self.assertEqual(marks_of(figure), [])

    def test_without_a_point_no_edit_and_no_break_is_told(self):
        calm = {**BREAK, "verdict": "none observed", "after": "", "by": "", "forgetting_rate_until": "280"}
        figure, caption = course_of(calm, "page")
        self.assertTrue(caption.endswith("Point of catastrophic forgetting: none observed. Up to edit 280, facts are forgotten at 3.10 points per "
                                         "100 edits (95 %: 2.50 to 3.75)."), caption)
        self.assertEqual(marks_of(figure), [])
        self.assertTrue(course_of(None, "page")[1].endswith("No point of catastrophic forgetting was looked for."))

    def test_an_edit_beyond_the_axis_or_no_number_is_not_marked(self):
        for edit in ("9999999999", "1" * 5000, "1e3", "-7", "7.5", "nan"):
            self.assertEqual(marks_of(course_of({**BREAK, "edit": edit}, "page")[0]), [], edit[:20])

    def test_a_png_has_a_palette_in_which_every_line_keeps_its_colour(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch("builtins.print"):
            plot_course.course(plot_sheet.Output(folder, ["png"], plot_sheet.width_of("page")), "course", a_cell(), Phase(BREAK))
            with Image.open(os.path.join(folder, "course.png")) as picture:
                self.assertEqual((picture.mode, round(picture.info["dpi"][0])), ("P", plot_sheet.PNG_DPI))
                drawn = [colour for count, colour in picture.convert("RGB").getcolors() if count > 100]
        for colour in ["white", "black"] + [look.colour for look in (method_look("rome"), task_look("mrpc"), *LAYERS)]:
            wanted = [255 * channel for channel in to_rgb(colour)]
            nearest = min(max(abs(a - b) for a, b in zip(one, wanted)) for one in drawn)
            self.assertLess(nearest, 8, colour)


if __name__ == "__main__":
    unittest.main()
