#!/usr/bin/env python3
"""Draws a report's curves: plot_figures.py CURVES.h5 FOLDER

Needs h5py, numpy and matplotlib, and nothing of lethe but the file. In FOLDER it writes
  overview.png                               models down, methods as lines, means over samples with their range
  editing-<method>-<model>.png               figure 1 of the paper, a line a sample
  downstream-<method>-<model>.png            figure 2 of the paper, a line a sample
  samples/editing-<model>-sample<k>.png      figure 1, a line a method
  samples/downstream-<model>-sample<k>.png   figure 2, a line a method
"""
import os
import sys

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend must be chosen first)
import numpy as np  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.ticker import MaxNLocator  # noqa: E402

SCHEMA = "lethe.curves"
DPI = 150
# Okabe and Ito's palette: told apart by colour-blind readers, and in grey by its order of lightness.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
STYLES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1))]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
PROFICIENCY = [
    ("efficacy", "Efficacy score (ES)"),
    ("paraphrase", "Paraphrase score (PS)"),
    ("neighborhood", "Neighborhood score (NS)"),
]
FORGOTTEN = "forgetting.argmax.ever"

plt.rcParams.update({
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.labelsize": 11,
    "legend.fontsize": 10.5,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
})


class Curve:
    """Values against edit counts; NaN is a gap."""

    def __init__(self, group):
        self.edits = group["edits"][...]
        self.values = group["values"][...]
        self.label = text_of(group.attrs["label"])


def text_of(attribute):
    return attribute.decode() if isinstance(attribute, bytes) else str(attribute)


def read_cells(path):
    """The experiment's name, and {(method, model, sample number): {metric: Curve}} in order of name."""
    cells = {}
    with h5py.File(path, "r") as file:
        if text_of(file.attrs.get("schema", b"")) != SCHEMA:
            raise SystemExit(f"{path}: is no curves file of lethe; give the curves.h5 of a report")
        experiment = text_of(file.attrs["experiment"])
        for method, models in file["cells"].items():
            for model, samples in models.items():
                for sample, metrics in samples.items():
                    key = (method, model, int(sample[len("sample"):]))
                    cells[key] = {name: Curve(group) for name, group in metrics.items()}
    return experiment, dict(sorted(cells.items()))


class Series:
    """One line of a figure: its name, its look and its curves."""

    def __init__(self, label, index, curves):
        self.label = label
        self.colour = COLOURS[index % len(COLOURS)]
        self.marker = MARKERS[index % len(MARKERS)]
        self.curves = curves


def last_edit(series):
    ends = [curve.edits[-1] for one in series for curve in one.curves.values() if len(curve.edits)]
    return max(ends, default=1)


def dress(axis, title, ylabel, limit, percent=True):
    axis.set_title(title)
    axis.set_xlabel("Number of edits")
    axis.set_ylabel(ylabel)
    axis.set_xlim(0, limit * 1.02)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    if percent:
        axis.set_ylim(-3, 103)
        axis.set_yticks(range(0, 101, 20))


def say_empty(axis):
    axis.text(0.5, 0.5, "not measured yet", transform=axis.transAxes, ha="center", va="center", color="#777777")


def plot_points(axis, curve, one, scale=1.0, **look):
    """Few points get markers, many would hide the line."""
    marker = one.marker if len(curve.edits) <= 25 else None
    axis.plot(curve.edits, scale * curve.values, color=one.colour, marker=marker, markersize=4.5, linewidth=1.8, **look)


def finish(figure, handles, title, path):
    """Title above, legend below the panels, where neither covers data."""
    figure.suptitle(title, fontsize=14, fontweight="bold")
    columns = min(len(handles), 6)
    rows = -(-len(handles) // max(columns, 1))
    bottom = (0.14 + 0.26 * rows) / figure.get_figheight()
    figure.tight_layout(rect=(0, bottom, 1, 0.995))
    if handles:
        figure.legend(handles=handles, loc="lower center", ncol=columns, frameon=False, handlelength=2.4)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    figure.savefig(path)
    plt.close(figure)
    print(path)


def handles_of(series, markers=False):
    return [Line2D([], [], color=one.colour, linewidth=2, marker=one.marker if markers else None, markersize=5,
                   label=one.label) for one in series]


def draw_editing(series, title, path):
    """Figure 1: ES, PS, NS in windows of 5 (thin, dashed) and 50 (solid), and forgetting."""
    figure, axes = plt.subplots(1, 4, figsize=(17, 4.6))
    limit = last_edit(series)
    for axis, (name, label) in zip(axes, PROFICIENCY):
        dress(axis, label, "Prompts (%)", limit)
        drawn = False
        for one in series:
            for window, look in (("window_5", {"linewidth": 0.9, "linestyle": (0, (4, 2)), "alpha": 0.55}),
                                 ("window_50", {"linewidth": 2.2})):
                curve = one.curves.get(f"{name}.{window}")
                if curve is not None:
                    axis.plot(curve.edits, curve.values, color=one.colour, **look)
                    drawn = True
        if not drawn:
            say_empty(axis)
    draw_percent(axes[3], series, FORGOTTEN, "Facts forgotten", "Facts known after their edit (%)", limit)
    windows = [Line2D([], [], color="#555555", linewidth=0.9, linestyle=(0, (4, 2)), label="window of 5 edits"),
               Line2D([], [], color="#555555", linewidth=2.2, label="window of 50 edits")]
    finish(figure, handles_of(series) + windows, title, path)


def draw_percent(axis, series, metric, title, ylabel, limit):
    dress(axis, title, ylabel, limit)
    curves = [(one, one.curves[metric]) for one in series if metric in one.curves]
    for one, curve in curves:
        plot_points(axis, curve, one)
    if not curves:
        say_empty(axis)


def draw_baselines(axis, series, metric):
    """The unedited model's level, where all series share it."""
    levels = {round(float(one.curves[metric].values[0]), 6) for one in series
              if metric in one.curves and one.curves[metric].edits[0] == 0}
    if len(levels) == 1:
        axis.axhline(levels.pop(), color="#888888", linewidth=1, linestyle=":", zorder=1)


def tasks_of(series):
    """(metric, title) of each task, the mean last."""
    titles = {}
    for one in series:
        for name, curve in one.curves.items():
            if name.startswith("f1.") and name != "f1.mean":
                titles.setdefault(name, curve.label)
    return sorted(titles.items()) + [("f1.mean", "Mean of the tasks")]


def draw_distance(axis, series, limit):
    """Distance per weight of each edited weight matrix; vectors are left to the CSV file."""
    prefix = "distance_per_weight."
    names = {name for one in series for name in one.curves if name.startswith(prefix)}
    matrices = {name for name in names if name.endswith("weight")} or names
    highest = max((np.nanmax(one.curves[name].values, initial=0.0) for one in series for name in matrices
                   if name in one.curves), default=0.0)
    exponent = int(np.floor(np.log10(highest))) if highest > 0 else 0
    exponent = 0 if -2 <= exponent <= 3 else exponent  # in the label: matplotlib's own would run into the title
    unit = f" ($10^{{{exponent}}}$)" if exponent else ""
    dress(axis, "Distance from the unedited model", f"Frobenius norm / weights{unit}", limit, percent=False)
    for one in series:
        own = sorted(name for name in matrices if name in one.curves)
        for style, name in zip(STYLES * 4, own):
            plot_points(axis, one.curves[name], one, scale=10.0 ** -exponent, linestyle=style)
    if not matrices:
        say_empty(axis)
    axis.set_ylim(bottom=0)


def draw_downstream(series, title, path):
    """Figure 2: F1 of each task, their mean, and the distance from the unedited weights."""
    tasks = tasks_of(series)
    columns = min(len(tasks) + 1, 3)
    rows = -(-(len(tasks) + 1) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.7 * columns, 3.7 * rows + 0.7), squeeze=False)
    axes = axes.ravel()
    limit = last_edit(series)
    for axis, (metric, label) in zip(axes, tasks):
        draw_percent(axis, series, metric, label, "Weighted F1 (%)", limit)
        draw_baselines(axis, series, metric)
    draw_distance(axes[len(tasks)], series, limit)
    for axis in axes[len(tasks) + 1:]:
        axis.set_visible(False)
    unedited = [Line2D([], [], color="#888888", linewidth=1, linestyle=":", label="unedited model")]
    finish(figure, handles_of(series, markers=True) + unedited, title, path)


def band(cells, metric):
    """Edits, mean, lowest and highest over the samples that have the metric there, and up to which edit all have."""
    curves = [cell[metric] for cell in cells if metric in cell and len(cell[metric].edits)]
    if not curves:
        return None
    by_edit = {}
    for curve in curves:
        for edits, value in zip(curve.edits.tolist(), curve.values):
            if np.isfinite(value):
                by_edit.setdefault(edits, []).append(value)
    edits = np.array(sorted(by_edit))
    columns = [by_edit[n] for n in edits]
    common = min(curve.edits[-1] for curve in curves) if len(curves) == len(cells) else 0
    return (edits, np.array([np.mean(column) for column in columns]), np.array([min(column) for column in columns]),
            np.array([max(column) for column in columns]), common)


def plot_band(axis, look, values):
    """Solid as far as every sample has come, dashed beyond."""
    edits, mean, low, high, common = values
    axis.fill_between(edits, low, high, color=look.colour, alpha=0.18, linewidth=0)
    marker = look.marker if len(edits) <= 25 else None
    rest = edits >= common
    axis.plot(edits[~rest | (edits == common)], mean[~rest | (edits == common)], color=look.colour, linewidth=2,
              marker=marker, markersize=4.5)
    if rest.sum() > 1:
        axis.plot(edits[rest], mean[rest], color=look.colour, linewidth=2, linestyle=(0, (2, 1.5)), marker=marker,
                  markersize=4.5)
    return rest.sum() > 1


def draw_overview(cells, experiment, path):
    models = sorted({model for _, model, _ in cells})
    methods = sorted({method for method, _, _ in cells})
    panels = [(FORGOTTEN, "facts forgotten"), ("f1.mean", "mean F1 of the tasks"),
              ("efficacy.window_50", "ES, window of 50"), ("neighborhood.window_50", "NS, window of 50")]
    figure, axes = plt.subplots(len(models), len(panels), figsize=(16.5, 3.7 * len(models) + 0.9), squeeze=False)
    looks = [Series(method, index, {}) for index, method in enumerate(methods)]
    is_partial = False
    for row, model in zip(axes, models):
        of_model = [Series(str(key), 0, curves) for key, curves in cells.items() if key[1] == model]
        limit = last_edit(of_model)
        for axis, (metric, label) in zip(row, panels):
            dress(axis, f"{model}: {label}", "%", limit)
            bands = [(look, band([curves for key, curves in cells.items() if key[:2] == (look.label, model)], metric))
                     for look in looks]
            bands = [(look, values) for look, values in bands if values is not None]
            for look, values in bands:
                is_partial = plot_band(axis, look, values) or is_partial
            if not bands:
                say_empty(axis)
    handles = handles_of(looks, markers=True)
    if is_partial:
        handles.append(Line2D([], [], color="#555555", linewidth=2, linestyle=(0, (2, 1.5)),
                              label="not every sample has come so far"))
    finish(figure, handles, f"{experiment}: means over samples, with their range", path)


def main(arguments):
    if len(arguments) != 3:
        raise SystemExit(__doc__)
    experiment, cells = read_cells(arguments[1])
    cells = {key: curves for key, curves in cells.items() if curves}
    folder = arguments[2]
    if not cells:
        raise SystemExit(f"{arguments[1]}: no curves yet, nothing to draw")
    draw_overview(cells, experiment, os.path.join(folder, "overview.png"))
    samples = sorted({sample for _, _, sample in cells})
    methods = sorted({method for method, _, _ in cells})
    for method, model in sorted({key[:2] for key in cells}):
        series = [Series(f"sample {key[2]}", samples.index(key[2]), curves) for key, curves in cells.items()
                  if key[:2] == (method, model)]
        draw_editing(series, f"{method} on {model}", os.path.join(folder, f"editing-{method}-{model}.png"))
        draw_downstream(series, f"{method} on {model}", os.path.join(folder, f"downstream-{method}-{model}.png"))
    for model, sample in sorted({key[1:] for key in cells}):
        series = [Series(key[0], methods.index(key[0]), curves) for key, curves in cells.items()
                  if key[1:] == (model, sample)]
        name = f"{model}-sample{sample}.png"
        title = f"{model}, sample {sample}"
        draw_editing(series, title, os.path.join(folder, "samples", "editing-" + name))
        draw_downstream(series, title, os.path.join(folder, "samples", "downstream-" + name))


if __name__ == "__main__":
    main(sys.argv)
