#!/usr/bin/env python3
"""Draws a report's curves.

Needs h5py, numpy and matplotlib, the plot_*.py files beside it, and nothing else of lethe. Each figure comes in every
format asked for, with its caption beside it as text:

  overview                                models down, methods as lines: means over samples with their range
  editing-<method>-<model>                figures 1 and 3a, 3b of the paper, a line a sample
  downstream-<method>-<model>             figures 2 and 3c, 3d: four F1 curves and the distance per layer, a column a sample
  forgetting-<model>                      figure 4: forgetting of the methods against each other
  scores-<model>                          ES, PS, NS and locality of all edits so far, a line a method, where asked more than once
  samples/editing-<model>-sample<k>       figure 1 with a line a method
  samples/downstream-<model>-sample<k>    figure 2 with a column a method
  samples/course-<method>-<model>-sample<k>   ES, forgetting, F1 and distance of one cell over one axis
"""
import argparse
import os
import sys

import matplotlib

matplotlib.use("Agg")
# Last, so that nothing that lies beside this file stands for a module of Python's.
sys.path.append(os.path.dirname(os.path.abspath(__file__)))

import plot_course  # noqa: E402
import plot_kinds  # noqa: E402
from plot_curves import is_scored_again, read_cells, read_phases  # noqa: E402
from plot_looks import method_look, sample_look  # noqa: E402
from plot_sheet import add_output_arguments, output_of  # noqa: E402


def draw_models(cells, output):
    for model in sorted({cell.model for cell in cells}):
        of_model = [cell for cell in cells if cell.model == model]
        plot_kinds.forgetting(output, f"forgetting-{model}", of_model, model)
        if is_scored_again(of_model):
            plot_kinds.all_edits(output, f"scores-{model}", of_model, model)
        for sample in sorted({cell.sample for cell in of_model}):
            own = [cell for cell in of_model if cell.sample == sample]
            series = [(cell.method, cell.curves, method_look(cell.method)) for cell in own]
            subject, name = f"{model}, sample {sample}", f"{model}-sample{sample}"
            plot_kinds.editing(output, f"samples/editing-{name}", own, subject, series)
            plot_kinds.downstream(output, f"samples/downstream-{name}", own, subject, lambda cell: cell.method)


def draw_pairs(cells, output):
    for method, model in sorted({(cell.method, cell.model) for cell in cells}):
        own = [cell for cell in cells if (cell.method, cell.model) == (method, model)]
        series = [(f"sample {cell.sample}", cell.curves, sample_look(cell.sample)) for cell in own]
        subject, name = f"{method} on {model}", f"{method}-{model}"
        plot_kinds.editing(output, f"editing-{name}", own, subject, series)
        plot_kinds.downstream(output, f"downstream-{name}", own, subject, lambda cell: f"sample {cell.sample}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", help="curves.h5 of a report")
    add_output_arguments(parser)
    parser.add_argument("--phases", default="", help="phases.csv of a report, whose points of catastrophic forgetting are marked")
    arguments = parser.parse_args()
    output = output_of(arguments)
    experiment, cells = read_cells(arguments.curves)
    if not cells:
        raise SystemExit(f"{arguments.curves}: no curves yet, nothing to draw")
    phases = read_phases(arguments.phases) if arguments.phases else {}
    plot_kinds.overview(output, "overview", cells, experiment)
    draw_pairs(cells, output)
    draw_models(cells, output)
    for cell in cells:
        key = (cell.method, cell.model, cell.sample)
        plot_course.course(output, f"samples/course-{'-'.join(key[:2])}-sample{cell.sample}", cell, phases.get(key))


if __name__ == "__main__":
    main()
