"""The figures of several cells, each with the caption that stands beside it. What nobody measured has no panel."""
from collections import Counter

from plot_curves import FORGOTTEN, FORGOTTEN_EFFICACY, MEAN_F1, band
from plot_looks import DOTTED, GREY, method_look
from plot_panels import (draw_band, draw_distance, draw_pair, draw_tasks, layer_handles, layer_names, look_handle, percent, plot, power,
                         say_empty, task_handles)
from plot_sheet import Sheet, handle, plain

PROFICIENCY = [("efficacy", "Efficacy (ES)"), ("paraphrase", "Paraphrase (PS)"), ("neighborhood", "Neighborhood (NS)")]
WINDOWS = ("Asked right after each edit. Dotted: means over disjoint windows of 5 edits, at the window's last edit; solid: "
           "the mean of the last 10 such windows (50 edits; fewer at the start).")
DEFINITIONS = ("Of the facts known right after their edit, those not known at some later check. Solid: a fact is known if "
               "the greedy answer is the new target; dotted: if the new target is more likely than the true one.")
F1 = ("Class-weighted F1 of each task, the dashed black line their mean, the dotted levels those of the unedited model.")
DISTANCES = "the Frobenius norm of each edited matrix's change divided by its number of weights"
FORGOTTEN_TITLE = "Facts forgotten"
# Metric, title, and what a caption calls it.
OVERVIEW = [(FORGOTTEN, FORGOTTEN_TITLE, "facts forgotten (percent of those known right after their edit, by the greedy answer)"),
            (MEAN_F1, "Mean F1", "mean F1 of the tasks"), ("efficacy.window_50", "Efficacy (ES)", "ES of the last 50 edits"),
            ("neighborhood.window_50", "Neighborhood (NS)", "NS of the last 50 edits")]
DEFINED = [(FORGOTTEN, "By the greedy answer", "known if the greedy answer is the new target"),
           (FORGOTTEN_EFFICACY, "By likelihood", "known if the new target is more likely than the true one")]
SHARES = "share of prompts on which the wanted target is the more likely one"


def measured(cells, panels):
    """Of `panels`, which begin with a metric, those that some cell has; all where none has one, so that the sheet says so."""
    return [panel for panel in panels if any(cell.has(panel[0]) for cell in cells)] or panels


def listed(words):
    """ "a, b and c" """
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def lettered(letters):
    """ "(a) to (c)" """
    joint = " and " if len(letters) == 2 else " to "
    return f"({letters[0]})" if len(letters) == 1 else f"({letters[0]}){joint}({letters[-1]})"


def sentence(words):
    return words[:1].upper() + words[1:]


def kinds_of_line(solid, dotted):
    return [handle(solid, GREY, linewidth=1.6), handle(dotted, GREY, linewidth=1.0, linestyle=DOTTED)]


def samples_of(cells):
    """ "samples 0, 1 and 2" """
    words = [str(sample) for sample in sorted({cell.sample for cell in cells})]
    return ("sample " if len(words) == 1 else "samples ") + listed(words)


def most_samples(cells):
    """Of one method and model, and whether all of these have as many."""
    counts = set(Counter((cell.method, cell.model) for cell in cells).values())
    return max(counts), len(counts) == 1


def means_over(cells, single, several):
    """What lines are, by how many samples there are: "means over 4 samples", or `single` of one."""
    most, is_same = most_samples(cells)
    return single if most == 1 else f"means over {'' if is_same else 'up to '}{most} {several}"


def lines_of_samples(cells):
    return ("" if most_samples(cells)[0] == 1 else
            "Thin: each sample; thick, with markers: the mean over the samples that have come as far. ")


def editing(output, name, cells, subject, series):
    """Figures 1 and 3 of the paper: `series` are (label, curves, look)."""
    sheet = Sheet(output, f"Editing: {plain(subject)}")
    limit = max(cell.last_edit for cell in cells)
    scores = [(f"{metric}.window_50", f"{metric}.window_5", title, metric) for metric, title in PROFICIENCY]
    pairs = [*scores, (FORGOTTEN, FORGOTTEN_EFFICACY, FORGOTTEN_TITLE, "")]
    shown = [pair for pair in pairs if any(cell.has(*pair[:2]) for cell in cells)] or pairs
    letters = []
    for axis, (solid, dotted, title, _) in zip(sheet.add_panels(len(shown)), shown):
        letters.append(sheet.dress(axis, title, "%", limit))
        draw_pair(axis, [(curves, look) for _, curves, look in series], solid, dotted)
    handles = [look_handle(label, look) for label, _, look in series]
    handles += kinds_of_line("50 edits; greedy", "5 edits; likelihood")
    sheet.save(name, handles, f"{subject}, {samples_of(cells)}. {pairs_said(shown, letters)}")


def pairs_said(shown, letters):
    scores = [(letter, score) for letter, (_, _, _, score) in zip(letters, shown) if score]
    said = []
    if scores:
        said.append(f"{lettered([letter for letter, _ in scores])} {sentence(SHARES)}: {listed([score for _, score in scores])} score, "
                    f"percent. {WINDOWS}")
    if len(scores) < len(shown):
        said.append(f"({letters[-1]}) Facts forgotten, percent. {DEFINITIONS}")
    return " ".join(said)


def downstream(output, name, cells, subject, label_of):
    """Figures 2, 3c and 3d of the paper: a column a cell, its tasks above, its layers below."""
    sheet = Sheet(output, f"Downstream tasks and distance: {plain(subject)}")
    limit = max(cell.last_edit for cell in cells)
    columns = min(output.columns, max(2, len(cells)))
    has_tasks, has_distances = any(cell.has_tasks for cell in cells), any(cell.has_distances for cell in cells)
    for first in range(0, len(cells), columns):
        chunk = cells[first:first + columns]
        for cell, axis in zip(chunk, sheet.add_row(len(chunk), columns) if has_tasks or not has_distances else []):
            sheet.dress(axis, plain(label_of(cell), 16), "Weighted F1 (%)", limit)
            draw_tasks(axis, cell)
        for cell, axis in zip(chunk, sheet.add_row(len(chunk), columns) if has_distances or not has_tasks else []):
            exponent = draw_distance(axis, cell)
            sheet.dress(axis, plain(label_of(cell), 16) + power(exponent), "Distance per weight", limit)
    distances = f"{DISTANCES} ({layer_names(cells)}), on an axis of its own, in units of the power of ten in its title."
    said = {(True, False): F1, (False, True): f"For each: {distances}"}.get((has_tasks, has_distances),
                                                                            f"Above: {F1} Below, for each: {distances}")
    sheet.save(name, task_handles(cells) + layer_handles(cells), f"{subject}: {', '.join(label_of(cell) for cell in cells)}. {said}")


def forgetting(output, name, cells, subject):
    """Figure 4 of the paper, for all methods of a model."""
    sheet = Sheet(output, f"{FORGOTTEN_TITLE}: {plain(subject)}")
    limit = max(cell.last_edit for cell in cells)
    shown = measured(cells, DEFINED)
    columns = min(len(shown), output.columns)
    methods = sorted({cell.method for cell in cells})
    axes = [axis for _ in range(0, len(shown), columns) for axis in sheet.add_row(columns, columns, 1.7)]
    said = []
    for axis, (metric, title, definition) in zip(axes, shown):
        said.append(f"({sheet.dress(axis, title, 'Facts forgotten (%)', limit)}) {definition}")
        percent(axis)
        draw_methods(axis, cells, methods, metric)
    sheet.save(name, [look_handle(method, method_look(method)) for method in methods],
               f"{subject}: forgetting of {', '.join(methods)}, {samples_of(cells)}. {lines_of_samples(cells)}"
               "Of the facts known right after their edit, the share, in percent, not known at some later check: "
               f"{', '.join(said)}.")


def all_edits(output, name, cells, subject):
    """What the paper lacks: how much of what was edited so far a model still has, for all methods of a model."""
    sheet = Sheet(output, f"Scores of all edits so far: {plain(subject)}")
    limit = max(cell.last_edit for cell in cells)
    methods = sorted({cell.method for cell in cells})
    panels = [(f"{metric}.all_edits", title, metric) for metric, title in [*PROFICIENCY, ("locality", "Locality")]]
    shown = measured(cells, panels)
    letters = []
    for axis, (metric, title, _) in zip(sheet.add_panels(len(shown)), shown):
        letters.append(sheet.dress(axis, title, "%", limit))
        percent(axis)
        draw_methods(axis, cells, methods, metric)
    said = all_edits_said({metric: letter for letter, (_, _, metric) in zip(letters, shown)})
    sheet.save(name, [look_handle(method, method_look(method)) for method in methods],
               f"{subject}: {', '.join(methods)}, {samples_of(cells)}. {lines_of_samples(cells)}At each checkpoint the prompts of all edits "
               f"so far are asked again. {said}")


def all_edits_said(letters):
    """`letters` of the panels by metric."""
    scores = [metric for metric, _ in PROFICIENCY if metric in letters]
    said = []
    if scores:
        said.append(f"{lettered([letters[metric] for metric in scores])} {sentence(SHARES)}: {listed(scores)} score, percent.")
    if "locality" in letters:
        said.append(f"({letters['locality']}) Locality, percent: in the place of how many tokens of the neighbours' true targets the edited and "
                    "the unedited model find the same token likeliest.")
    return " ".join(said)


def draw_methods(axis, cells, methods, metric):
    is_drawn = False
    for method in methods:
        own = [cell for cell in cells if cell.method == method]
        look = method_look(method)
        for cell in own if len(own) > 1 else []:
            if metric in cell.curves:
                plot(axis, cell.curves[metric], look, linewidth=0.5, marker=None, alpha=0.7, zorder=2.5)
        values = band(own, metric)
        if values is not None:
            values.low = values.high = values.mean
            draw_band(axis, look, values)
            is_drawn = True
    if not is_drawn:
        say_empty(axis)


def overview(output, name, cells, experiment):
    """Models down, methods as lines: means over samples, with their range."""
    lines = means_over(cells, "one sample", "samples")
    has_range = lines != "one sample"
    sheet = Sheet(output, f"{plain(experiment)}: {lines}" + (", with their range" if has_range else ""))
    shown = measured(cells, OVERVIEW)
    methods = sorted({cell.method for cell in cells})
    is_partial = False
    for model in sorted({cell.model for cell in cells}):
        own = [cell for cell in cells if cell.model == model]
        limit = max(cell.last_edit for cell in own)
        for axis, (metric, title, _) in zip(sheet.add_panels(len(shown)), shown):
            sheet.dress(axis, title, f"{plain(model, 16)} (%)", limit)
            percent(axis)
            bands = [(method, band([cell for cell in own if cell.method == method], metric)) for method in methods]
            bands = [(method_look(method), values) for method, values in bands if values is not None]
            is_partial = any([draw_band(axis, look, values) for look, values in bands]) or is_partial
            if not bands:
                say_empty(axis)
    handles = [look_handle(method, method_look(method)) for method in methods]
    if is_partial:
        handles.append(handle("not every sample is there", GREY, linestyle=DOTTED))
    means = f"means over {samples_of(cells)}; shaded: their lowest to highest" if has_range else samples_of(cells)
    sheet.save(name, handles, f"{experiment}. Lines: {means}. {sentence(listed([said for _, _, said in shown]))}. "
               + ("Dotted: beyond the edits that every sample has come to. " if is_partial else "")
               + "Each model has a row of panels.")
