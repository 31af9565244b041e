"""What stands on the figure of a cell's course: legible, nothing on anything else, and what is said of its point."""
import os
import sys
import tempfile
import unittest
from unittest import mock

import matplotlib

matplotlib.use("Agg")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "report", "plot"))
import numpy as np  # noqa: E402
from matplotlib.colors import to_rgb  # noqa: E402
from matplotlib.markers import CARETDOWN  # noqa: E402
from matplotlib.text import Text  # noqa: E402
from PIL import Image  # noqa: E402

import plot_kinds  # noqa: E402
import plot_sheet  # noqa: E402
from plot_curves import Cell, Curve, Phase  # noqa: E402
from plot_looks import numbered, sample_look, task_look  # noqa: E402

# As phases.csv has it: a break at the very beginning, where the mark is nearest to the titles, and a long subject.
BREAK = {"verdict": "observed", "after": "0", "by": "20", "confidence": "0.9875", "forgetting_rate": "3.1", "forgetting_rate_low": "2.5",
         "forgetting_rate_high": "3.75", "forgetting_rate_until": "0", "edit": "7", "case_id": "7401",
         "subject": "$x$ Connor Halliday the Younger, of Llanfairpwllgwyngyllgogerychwyrndrobwll", "edit_rule": "norm", "edit_excess": "21.0727", "edit_stands_out": "1"}


def a_cell():
    edits = np.arange(0, 281, 20)
    levels = np.linspace(100.0, 2.0, len(edits))
    names = ["efficacy.window_5", "efficacy.window_50", "forgetting.argmax.ever", "forgetting.efficacy.ever", "f1.sst2", "f1.mrpc", "f1.mean",
             "perplexity.fixed_text"]
    for layer in (3, 4):
        names += [f"{metric}.model.layers.{layer}.mlp.down_proj.weight" for metric in ("distance_per_weight", "spectral_ratio")]
    return Cell("rome", "smollm2-135m", 0, {name: Curve(edits, levels, name) for name in names})


def course_of(row, width):
    """The figure, and its caption on one line."""
    figures = mock.patch.multiple(plot_sheet.plt.Figure, savefig=mock.DEFAULT), mock.patch.object(plot_sheet.plt, "close")
    with tempfile.TemporaryDirectory() as folder, figures[0], figures[1], mock.patch("builtins.print"):
        plot_kinds.course(plot_sheet.Output(folder, ["pdf"], plot_sheet.width_of(width)), "course", a_cell(), Phase(row) if row else None)
        figure = plot_sheet.plt.gcf()
        with open(os.path.join(folder, "course.txt"), encoding="utf-8") as file:
            return figure, " ".join(file.read().split())


def texts_of(figure):
    """Of ticks those within the axis alone: Matplotlib draws no others."""
    beyond = [tick.label1 for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for tick in axis.get_major_ticks()
              if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())]
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip() and text not in beyond]


def marks_of(figure):
    return [line for axes in figure.axes for line in axes.lines if line.get_marker() == CARETDOWN]


def overlaps(boxes):
    """Pairs of names, of (name, box)."""
    return [(one, other) for i, (one, box) in enumerate(boxes) for other, second in boxes[:i]
            if box.x0 < second.x1 and second.x0 < box.x1 and box.y0 < second.y1 and second.y0 < box.y1]


class Course(unittest.TestCase):
    def tearDown(self):
        plot_sheet.plt.close("all")

    def test_nothing_lies_on_anything_and_all_is_legible(self):
        for width in ("column", "page"):
            figure, _ = course_of(BREAK, width)
            figure.set_dpi(plot_sheet.PNG_DPI)
            figure.canvas.draw()
            texts = texts_of(figure)
            self.assertGreater(len(texts), 40)
            self.assertGreaterEqual(min(text.get_fontsize() for text in texts), 7)
            boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
            boxes += [("mark", mark.get_window_extent()) for mark in marks_of(figure)]
            with self.subTest(width=width):
                self.assertEqual(overlaps(boxes), [])
                self.assertEqual([name for name, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > figure.bbox.x1 or
                                  box.y1 > figure.bbox.y1], [])

    def test_the_edit_that_stands_out_is_marked_in_every_panel(self):
        figure, _ = course_of(BREAK, "page")
        self.assertEqual([list(mark.get_xdata()) for mark in marks_of(figure)], len(figure.axes) * [[7]])
        self.assertEqual(len(figure.axes), 6)

    def test_figure_and_caption_name_confidence_rate_and_edit(self):
        figure, caption = course_of({**BREAK, "subject": "Connor Halliday"}, "page")
        shown = " ".join(text.get_text() for text in texts_of(figure)).replace("\n", " ")
        for words in ("after edit 0 and by edit 20", "with a confidence of 0.988", "3.10 points per 100 edits (95 %: 2.50 to 3.75)",
                      "edit 7 (case 7401, Connor Halliday)"):
            self.assertIn(words, shown)
            self.assertIn(words, caption)

    def test_nothing_is_said_of_an_empty_field(self):
        for column, words in (("confidence", "confidence"), ("forgetting_rate_low", "points per 100"), ("case_id", "case"),
                              ("edit", "stands out"), ("edit_stands_out", "stands out"), ("edit_stands_out", "triangle")):
            figure, caption = course_of({**BREAK, "subject": "Connor Halliday", column: ""}, "page")
            shown = caption + " ".join(text.get_text() for text in texts_of(figure))
            self.assertNotIn(words, shown)
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
            plot_kinds.course(plot_sheet.Output(folder, ["png"], plot_sheet.width_of("page")), "course", a_cell(), Phase(BREAK))
            with Image.open(os.path.join(folder, "course.png")) as picture:
                self.assertEqual((picture.mode, round(picture.info["dpi"][0])), ("P", plot_sheet.PNG_DPI))
                drawn = [colour for count, colour in picture.convert("RGB").getcolors() if count > 100]
        for colour in ["white", "black"] + [look.colour for look in (sample_look(0), task_look("mrpc"), numbered(3), numbered(4))]:
            wanted = [255 * channel for channel in to_rgb(colour)]
            nearest = min(max(abs(a - b) for a, b in zip(one, wanted)) for one in drawn)
            self.assertLess(nearest, 8, colour)


if __name__ == "__main__":
    unittest.main()
