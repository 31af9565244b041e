"""The figures, each with the caption that stands beside it."""
from plot_curves import FORGOTTEN, FORGOTTEN_EFFICACY, MEAN_F1, TEXT_PERPLEXITY, band
from plot_looks import DOTTED, GREY, method_look, sample_look
from plot_panels import (BLACK, BREAK, OUTSTANDING, draw_band, draw_distance, draw_forgotten, draw_log_distance, draw_perplexity,
                         draw_point, draw_spectral_ratio, draw_tasks, draw_windows, is_wide, layer_handles, layer_names,
                         look_handle, percent, plot, power, say_empty, task_handles)
from plot_sheet import Sheet, handle, plain, printable

PROFICIENCY = [("efficacy", "Efficacy (ES)"), ("paraphrase", "Paraphrase (PS)"), ("neighborhood", "Neighborhood (NS)")]
WINDOWS = ("Asked right after each edit. Dotted: means over disjoint windows of 5 edits, at the window's last edit; solid: "
           "the mean of the last 10 such windows (50 edits; fewer at the start).")
DEFINITIONS = ("Of the facts known right after their edit, those not known at some later check. Solid: a fact is known if "
               "the greedy answer is the new target; dotted: if the new target is more likely than the true one.")
F1 = ("Class-weighted F1 of each task, the dashed black line their mean, the dotted levels those of the unedited model.")
DISTANCES = "the Frobenius norm of each edited matrix's change divided by its number of weights"
FORGOTTEN_TITLE = "Facts forgotten"
MEAN_OF_SAMPLES = "Thin: each sample; thick, with markers: the mean over the samples that have come as far."


def kinds_of_line(solid, dotted):
    return [handle(solid, GREY, linewidth=1.6), handle(dotted, GREY, linewidth=1.0, linestyle=DOTTED)]


def samples_of(cells):
    """ "samples 0, 1 and 2" """
    words = [str(sample) for sample in sorted({cell.sample for cell in cells})]
    return "sample " + words[0] if len(words) == 1 else "samples " + ", ".join(words[:-1]) + " and " + words[-1]


def editing(output, name, cells, subject, series):
    """Figures 1 and 3 of the paper: `series` are (label, curves, look)."""
    sheet = Sheet(output, f"Editing: {plain(subject)}")
    limit = max(cell.last_edit for cell in cells)
    axes = sheet.add_panels(4)
    lines = [(curves, look) for _, curves, look in series]
    for axis, (metric, title) in zip(axes, PROFICIENCY):
        sheet.dress(axis, title, "%", limit)
        draw_windows(axis, lines, metric)
    sheet.dress(axes[3], FORGOTTEN_TITLE, "%", limit)
    draw_forgotten(axes[3], lines)
    handles = [look_handle(label, look) for label, _, look in series]
    handles += kinds_of_line("50 edits; greedy", "5 edits; likelihood")
    sheet.save(name, handles, f"{subject}, {samples_of(cells)}. (a) to (c) share of prompts on which the wanted target is "
               f"the more likely one: efficacy, paraphrase and neighborhood score, percent. {WINDOWS} (d) Facts forgotten, "
               f"percent. {DEFINITIONS}")


def downstream(output, name, cells, subject, label_of):
    """Figures 2, 3c and 3d of the paper: a column a cell, its tasks above, its layers below."""
    sheet = Sheet(output, f"Downstream tasks and distance: {plain(subject)}")
    limit = max(cell.last_edit for cell in cells)
    columns = min(output.columns, max(2, len(cells)))
    for first in range(0, len(cells), columns):
        chunk = cells[first:first + columns]
        for cell, axis in zip(chunk, sheet.add_row(len(chunk), columns)):
            sheet.dress(axis, plain(label_of(cell), 16), "Weighted F1 (%)", limit)
            draw_tasks(axis, cell)
        for cell, axis in zip(chunk, sheet.add_row(len(chunk), columns)):
            exponent = draw_distance(axis, cell)
            sheet.dress(axis, plain(label_of(cell), 16) + power(exponent), "Distance per weight", limit)
    sheet.save(name, task_handles(cells) + layer_handles(cells), f"{subject}: {', '.join(label_of(cell) for cell in cells)}. "
               f"Above: {F1} Below, for each: {DISTANCES} ({layer_names(cells)}), on an axis of its own, in units of the power of ten in "
               "its title.")


def forgetting(output, name, cells, subject):
    """Figure 4 of the paper, for all methods of a model."""
    sheet = Sheet(output, f"{FORGOTTEN_TITLE}: {plain(subject)}")
    limit = max(cell.last_edit for cell in cells)
    columns = min(2, output.columns)
    panels = [(FORGOTTEN, "By the greedy answer"), (FORGOTTEN_EFFICACY, "By likelihood")]
    methods = sorted({cell.method for cell in cells})
    axes = [axis for first in range(0, 2, columns) for axis in sheet.add_row(columns, columns, 1.7)]
    for axis, (metric, title) in zip(axes, panels):
        sheet.dress(axis, title, "Facts forgotten (%)", limit)
        percent(axis)
        draw_methods(axis, cells, methods, metric)
    sheet.save(name, [look_handle(method, method_look(method)) for method in methods],
               f"{subject}: forgetting of {', '.join(methods)}, {samples_of(cells)}. {MEAN_OF_SAMPLES} "
               "Of the facts known right after their edit, the share, in "
               "percent, not known at some later check: (a) known if the greedy answer is the new target, (b) known if the new "
               "target is more likely than the true one.")


def all_edits(output, name, cells, subject):
    """What the paper lacks: how much of what was edited so far a model still has, for all methods of a model."""
    sheet = Sheet(output, f"Scores of all edits so far: {plain(subject)}")
    limit = max(cell.last_edit for cell in cells)
    methods = sorted({cell.method for cell in cells})
    panels = [*PROFICIENCY, ("locality", "Locality")]
    for axis, (metric, title) in zip(sheet.add_panels(len(panels)), panels):
        sheet.dress(axis, title, "%", limit)
        percent(axis)
        draw_methods(axis, cells, methods, f"{metric}.all_edits")
    sheet.save(name, [look_handle(method, method_look(method)) for method in methods],
               f"{subject}: {', '.join(methods)}, {samples_of(cells)}. At each checkpoint the prompts of all edits so far are "
               "asked again. (a) to (c) share of prompts on which the wanted target is the more likely one: efficacy, "
               "paraphrase and neighborhood score, percent. (d) Locality, percent: in the place of "
               "how many tokens of the neighbours' true targets the edited and the unedited model find the same token "
               f"likeliest. {MEAN_OF_SAMPLES}")


def draw_methods(axis, cells, methods, metric):
    is_drawn = False
    for method in methods:
        own = [cell for cell in cells if cell.method == method]
        look = method_look(method)
        for cell in own:
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
    sheet = Sheet(output, f"{plain(experiment)}: means over samples, with their range")
    panels = [(FORGOTTEN, FORGOTTEN_TITLE), (MEAN_F1, "Mean F1"), ("efficacy.window_50", "Efficacy (ES)"),
              ("neighborhood.window_50", "Neighborhood (NS)")]
    methods = sorted({cell.method for cell in cells})
    is_partial = False
    for model in sorted({cell.model for cell in cells}):
        own = [cell for cell in cells if cell.model == model]
        limit = max(cell.last_edit for cell in own)
        for axis, (metric, title) in zip(sheet.add_panels(len(panels)), panels):
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
    sheet.save(name, handles, f"{experiment}. Lines: means over {samples_of(cells)}; shaded: their lowest to highest. Facts "
               "forgotten (percent of those known right after their edit, by the greedy answer), mean F1 of the tasks, ES and "
               "NS of the last 50 edits. "
               + ("Dotted: beyond the edits that every sample has come to. " if is_partial else "")
               + "Each model has a row of four panels.")


def course(output, name, cell, phase):
    """What the paper lacks: one cell's measures over one axis, so that their coincidence is seen."""
    subject = f"{cell.method} on {cell.model}, sample {cell.sample}"
    sheet = Sheet(output, plain(subject), sentences(point_in_short(phase)).replace("$", r"\$"))
    axes = [sheet.add_row(1, 1, 0.72)[0] for _ in range(4)]
    look = sample_look(cell.sample)
    series = [(cell.curves, look)]
    titles = ["Efficacy (ES)", FORGOTTEN_TITLE, "Downstream tasks", "Distance per layer"]
    is_logarithmic = is_wide(cell)
    exponent = 0
    draw_windows(axes[0], series, "efficacy")
    draw_forgotten(axes[1], series)
    draw_tasks(axes[2], cell)
    if is_logarithmic:
        draw_log_distance(axes[3], cell)
    else:
        exponent = draw_distance(axes[3], cell)
    titles[3] += power(exponent)
    labels = ["%", "%", "F1 (%)", "Norm / weights"]
    for axis, title, label in zip(axes, titles, labels):
        sheet.dress(axis, title, label, cell.last_edit)
    more, said = monitor_panels(sheet, cell, look)
    axes += more
    has_point = phase is not None and phase.has_point
    if has_point:
        for axis in axes:
            draw_point(axis, phase)
    handles = kinds_of_line("50 edits; greedy", "5 edits; likelihood")
    handles += task_handles([cell]) + layer_handles([cell])
    if has_point:
        handles.append(handle(f"break, edits {phase.after:,.0f} to {phase.by:,.0f}", BLACK, **BREAK))
        if phase.outstanding_edit is not None:
            handles.append(handle("edit that stands out", BLACK, **OUTSTANDING))
    sheet.save(name, handles, f"{subject}. (a) Efficacy score. {WINDOWS} (b) Facts forgotten, percent. {DEFINITIONS} (c) {F1} "
               f"(d) Distance: {DISTANCES} ({layer_names([cell])}{', logarithmic axis' if is_logarithmic else ''}). " + said + verdict(phase))


def monitor_panels(sheet, cell, look):
    """Panels of what the monitor measured, as far as it did, and what a caption says of them."""
    axes, said = [], ""
    if cell.spectral_ratios():
        axes.append(sheet.add_row(1, 1, 0.72)[0])
        draw_spectral_ratio(axes[-1], cell)
        letter = sheet.dress(axes[-1], "Spectral ratio per layer", "Ratio", cell.last_edit)
        said += (f"({letter}) Largest singular value of each edited matrix's change over that of the unedited matrix. ")
    if TEXT_PERPLEXITY in cell.curves:
        axes.append(sheet.add_row(1, 1, 0.72)[0])
        draw_perplexity(axes[-1], cell, look)
        letter = sheet.dress(axes[-1], "Perplexity of a fixed text", "PPL", cell.last_edit)
        said += f"({letter}) Perplexity of a fixed text, on a logarithmic axis; dotted: the unedited model's. "
    return axes, said


def verdict(phase):
    """What the report names of the point of catastrophic forgetting, in words."""
    if phase is None:
        return "No point of catastrophic forgetting was looked for."
    if not phase.has_point:
        return sentences([f"Point of catastrophic forgetting: {phase.verdict or 'none observed'}", rate_before(phase)])
    point = f"Between the vertical lines, after edit {phase.after:,.0f} and by edit {phase.by:,.0f}, lies the point of catastrophic forgetting"
    if phase.outstanding_edit is not None:
        edit = f"The triangle above each panel marks the edit that stands out: {edit_behind(phase)}"
    else:
        edit = "No single edit stands out there" if phase.stands_out is False else ""
    return sentences([point + confidence(phase), rate_before(phase), edit])


def point_in_short(phase):
    """The same below a title: nothing where there is no point."""
    if phase is None or not phase.has_point:
        return []
    point = f"Break after edit {phase.after:,.0f} and by edit {phase.by:,.0f}{confidence(phase)}"
    edit = "" if phase.outstanding_edit is None else f"The edit that stands out: {edit_behind(phase)}"
    return [point, rate_before(phase), edit]


def sentences(parts):
    return " ".join(part + "." for part in parts if part)


def confidence(phase):
    """No fall is certain."""
    if phase.confidence is None:
        return ""
    return f", with a confidence of {'more than 0.999' if phase.confidence > 0.999 else f'{phase.confidence:.3f}'}"


def rate_before(phase):
    if phase.forgetting is None:
        return ""
    rate, low, high, until = phase.forgetting
    return (f"{'Before it, up' if phase.has_point else 'Up'} to edit {until:,.0f}, facts are forgotten at {rate:.2f} points per 100 edits "
            f"(95 %: {low:.2f} to {high:.2f})")


def edit_behind(phase):
    about = [] if phase.case_id is None else [f"case {phase.case_id}"]
    about += [printable(phase.subject)] if phase.subject else []
    return f"edit {phase.outstanding_edit:,}" + (f" ({', '.join(about)})" if about else "")
