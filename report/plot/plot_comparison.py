#!/usr/bin/env python3
"""Draws sweeps beside each other: curves.csv and differences.csv of a report of several.

Needs h5py, numpy and matplotlib, the plot_*.py files beside it, and nothing else of lethe. Each figure comes in every
format asked for, with its caption beside it as text:

  overview       models down: facts forgotten, mean F1, ES and NS, a colour and marker a method, a dash a sweep
  differences    the same of each sweep less the first one's, sample by sample, with their intervals
"""
import argparse
import os
import sys

import matplotlib

matplotlib.use("Agg")
# Last, so that nothing that lies beside this file stands for a module of Python's.
sys.path.append(os.path.dirname(os.path.abspath(__file__)))

import numpy as np  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: E402

from plot_curves import band, read_differences, read_sweeps  # noqa: E402
from plot_kinds import OVERVIEW, listed, measured, samples_of, sentence  # noqa: E402
from plot_looks import GREY, in_sweep, method_look, sweep_dash  # noqa: E402
from plot_panels import BLACK, look_handle, marked, percent, say_empty  # noqa: E402
from plot_sheet import Sheet, add_output_arguments, handle, output_of, plain  # noqa: E402

def sweep_handles(labels, first=0):
    return [handle(plain(label, 40), GREY, linestyle=sweep_dash(first + i)) for i, label in enumerate(labels)]


def shared_samples(sweeps, method, model):
    """Cells of a method and a model by sweep, as far as every sweep that has them has the sample."""
    own = {label: [cell for cell in cells if (cell.method, cell.model) == (method, model)] for label, cells in sweeps.items()}
    own = {label: cells for label, cells in own.items() if cells}
    common = set.intersection(*({cell.sample for cell in cells} for cells in own.values())) if own else set()
    return {label: [cell for cell in cells if cell.sample in common] for label, cells in own.items()}


def draw_mean(axis, look, values):
    """As far as every sample has come. Returns whether there is something to see."""
    shared = values.edits <= values.common
    axis.plot(values.edits[shared], values.mean[shared], markevery=marked(look, int(shared.sum())), **look.line())
    return bool(shared.any())


def overview(output, sweeps):
    labels = list(sweeps)
    cells = [cell for own in sweeps.values() for cell in own]
    methods = sorted({cell.method for cell in cells})
    models = sorted({cell.model for cell in cells})
    pairs = {(method, model): shared_samples(sweeps, method, model) for method in methods for model in models}
    common = [cell for own in pairs.values() for some in own.values() for cell in some]
    shown = measured(common, OVERVIEW)
    title, said = lines_of_sweeps(pairs)
    sheet = Sheet(output, f"{plain(listed(labels), 100)}: {title}")
    for model in models:
        limit = max(cell.last_edit for cell in cells if cell.model == model)
        for axis, (metric, title, _) in zip(sheet.add_panels(len(shown)), shown):
            sheet.dress(axis, title, f"{plain(model, 16)} (%)", limit)
            percent(axis)
            is_drawn = False
            for method in methods:
                for label, some in pairs[method, model].items():
                    values = band(some, metric)
                    if values is not None:
                        look = in_sweep(method_look(method), labels.index(label))
                        is_drawn = draw_mean(axis, look, values) or is_drawn
            if not is_drawn:
                say_empty(axis)
    handles = [look_handle(method, method_look(method)) for method in methods] + sweep_handles(labels)
    sheet.save("overview", handles, f"{listed(labels)}, told apart by dash; methods by colour and marker. Lines: {said} that every sweep "
               f"has which has the method on the model ({samples_of(cells)} in all), as far as all of these have come. "
               f"{quantities(shown)}. Each model has a row of panels.")


def lines_of_sweeps(pairs):
    """For the title and for the caption: of how many samples lines are the mean."""
    numbers = {len(some) for own in pairs.values() for some in own.values() if some}
    if not numbers or max(numbers) == 1:
        return "one common sample", "the sample"
    return f"means over {'up to ' if len(numbers) > 1 else ''}{max(numbers)} common samples", "means over the samples"


def quantities(shown):
    return sentence(listed([said for _, _, said in shown]))


def draw_difference(axis, look, curve):
    axis.fill_between(curve.edits, curve.low, curve.high, color=look.colour, alpha=0.16, linewidth=0)
    axis.plot(curve.edits, curve.mean, markevery=marked(look, len(curve.edits)), **look.line())


def balance(axis, curves):
    """The same room above and below nothing, and never so little that rounding looks like a loss."""
    values = np.concatenate([np.abs(np.concatenate([curve.mean, curve.low, curve.high])) for curve in curves] + [[4.0]])
    limit = 1.1 * float(np.nanmax(values))
    axis.set_ylim(-limit, limit)
    axis.yaxis.set_major_locator(MaxNLocator(nbins=5, min_n_ticks=3))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}" if value else "0"))


def differences(output, curves, labels):
    """`labels` of the sweeps; the first is what the others are compared with."""
    names = plain(labels[1], 40) if len(labels) == 2 else "sweeps"
    numbers = sorted({curve.num_samples for curve in curves})
    paired = "paired differences of one sample" if numbers == [1] else "mean paired differences"
    sheet = Sheet(output, f"{names} less {plain(labels[0], 40)}: {paired}")
    shown = [panel for panel in OVERVIEW if any(curve.metric == panel[0] for curve in curves)]
    methods = sorted({curve.method for curve in curves})
    for model in sorted({curve.model for curve in curves}):
        own = [curve for curve in curves if curve.model == model]
        limit = max(int(curve.edits[-1]) for curve in own)
        for axis, (metric, title, _) in zip(sheet.add_panels(len(shown)), shown):
            sheet.dress(axis, title, f"{plain(model, 16)} (points)", limit)
            draw_differences(axis, [curve for curve in own if curve.metric == metric], labels)
    handles = [look_handle(method, method_look(method)) for method in methods] + sweep_handles(labels[1:], 1)
    sheet.save("differences", handles, f"{listed(labels[1:])}, each less {labels[0]}, told apart by dash; methods by colour and marker. "
               f"{differences_said(numbers)} {quantities(shown)}. Below 0: less than in {labels[0]}. Each model has a row of panels.")


def draw_differences(axis, curves, labels):
    if not curves:
        axis.set_yticks([])
        say_empty(axis)
        return
    axis.axhline(0, color=BLACK, linewidth=0.6, zorder=1)
    for curve in curves:
        draw_difference(axis, in_sweep(method_look(curve.method), labels.index(curve.second)), curve)
    balance(axis, curves)


def differences_said(numbers):
    if numbers == [1]:
        return "Lines: the differences of one sample, in percentage points, at numbers of edits that both have."
    return ("Lines: means over samples of the differences, sample by sample, in percentage points, at numbers of edits that both have; up to "
            f"where every sample has one (number of samples: {listed([str(number) for number in numbers])}). Shaded: 95 % of 10,000 "
            "resamples of the samples as pairs; of one sample there is none.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", help="curves.csv of a report of several sweeps")
    add_output_arguments(parser)
    parser.add_argument("--differences", default="", help="differences.csv of the report")
    arguments = parser.parse_args()
    output = output_of(arguments)
    sweeps = read_sweeps(arguments.curves)
    if not sweeps:
        raise SystemExit(f"{arguments.curves}: no curves yet, nothing to draw")
    overview(output, sweeps)
    curves = [curve for curve in read_differences(arguments.differences) if curve.metric in {panel[0] for panel in OVERVIEW}] if arguments.differences else []
    if curves:
        seen = [label for label in sweeps if label != curves[0].first]
        differences(output, curves, [curves[0].first, *seen])


if __name__ == "__main__":
    main()
