"""Figures as report/plot/ draws them, before they are files: what stands on them, and where."""
import os
import sys
import tempfile
from unittest import mock

import matplotlib

matplotlib.use("Agg")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "report", "plot"))
import numpy as np  # noqa: E402
from matplotlib.markers import CARETDOWN  # noqa: E402
from matplotlib.text import Text  # noqa: E402

import plot_sheet  # noqa: E402
from plot_curves import Cell, Curve  # noqa: E402

WIDTHS = ("column", "page")
TASKS = ["f1.cola", "f1.mrpc", "f1.rte", "f1.sst2", "f1.mean"]
SCORES = [f"{metric}.{kind}" for metric in ("efficacy", "paraphrase", "neighborhood") for kind in ("window_5", "window_50", "all_edits")]
FORGETTING = ["forgetting.argmax.ever", "forgetting.efficacy.ever"]
LAYERS = [f"{metric}.model.layers.{layer}.mlp.down_proj.weight" for metric in ("distance_per_weight", "spectral_ratio") for layer in (3, 4)]
EVERYTHING = [*SCORES, "locality.all_edits", *FORGETTING, *TASKS, "perplexity.fixed_text", *LAYERS]


def a_cell(method="rome", model="smollm2-135m", sample=0, names=EVERYTHING, last=280):
    edits = np.linspace(0, last, 15).astype(int)
    levels = np.linspace(100.0, 2.0 + sample, len(edits))
    shares = {task: 1.0 - 0.1 * i for i, task in enumerate(TASKS)}  # so that no task's line hides another's
    return Cell(method, model, sample, {name: Curve(edits, shares.get(name, 1.0) * levels, name.removeprefix("f1.")) for name in names})


def drawn(draw, width="page"):
    """Figure and caption, on one line, of each sheet that draw(output) saves, by name."""
    sheets = {}

    def keep(sheet, name, handles, caption):
        sheet._arrange(handles)
        plot_sheet.plt.close(sheet.figure)
        sheets[name] = (sheet.figure, " ".join(caption.split()))

    with mock.patch.object(plot_sheet.Sheet, "save", keep), tempfile.TemporaryDirectory() as folder:
        draw(plot_sheet.Output(folder, ["pdf"], plot_sheet.width_of(width)))
    return sheets


def texts_of(figure):
    """Of ticks those within the axis alone: Matplotlib draws no others."""
    beyond = [tick.label1 for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for tick in axis.get_major_ticks()
              if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())]
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip() and text not in beyond]


def shown(figure):
    """All of these in one line."""
    return " ".join(text.get_text() for text in texts_of(figure)).replace("\n", " ")


def titles(figure):
    return [axes.get_title(loc="left").split(") ", 1)[1] for axes in figure.axes]


def marks_of(figure):
    return [line for axes in figure.axes for line in axes.lines if line.get_marker() == CARETDOWN and line.get_linestyle() == "None"]


def overlaps(boxes):
    """Pairs of names, of (name, box)."""
    return [(one, other) for i, (one, box) in enumerate(boxes) for other, second in boxes[:i]
            if box.x0 < second.x1 and second.x0 < box.x1 and box.y0 < second.y1 and second.y0 < box.y1]


def faults_of(figure):
    """What a reader of the page would trip over: type too small, and texts and marks on each other or off the sheet."""
    figure.set_dpi(plot_sheet.PNG_DPI)
    figure.canvas.draw()
    texts = texts_of(figure)
    small = [text.get_text() for text in texts if text.get_fontsize() < 7]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    boxes += [("mark", mark.get_window_extent()) for mark in marks_of(figure)]
    beyond = [name for name, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > figure.bbox.x1 or box.y1 > figure.bbox.y1]
    return [*small, *overlaps(boxes), *beyond]
