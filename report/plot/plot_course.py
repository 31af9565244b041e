"""The figure of one cell's course, and what is said of its point of catastrophic forgetting."""
from collections import namedtuple

from plot_curves import FORGOTTEN, FORGOTTEN_EFFICACY, TEXT_PERPLEXITY
from plot_kinds import DEFINITIONS, DISTANCES, F1, FORGOTTEN_TITLE, WINDOWS, kinds_of_line
from plot_looks import in_solid, method_look
from plot_panels import (BLACK, BREAK, OUTSTANDING, draw_distance, draw_log_layers, draw_pair, draw_perplexity, draw_point,
                         draw_spectral_ratio, draw_tasks, is_wide, layer_handles, layer_names, look_handle, power, task_handles)
from plot_sheet import Sheet, handle, plain, printable

HEIGHT = 0.72
# Solid and dotted.
EFFICACY = ("efficacy.window_50", "efficacy.window_5")
BOTH_FORGOTTEN = (FORGOTTEN, FORGOTTEN_EFFICACY)

# `draw(axis, cell)` returns what its title ends with; `said(cell)` is for the caption.
Panel = namedtuple("Panel", "title label is_measured draw said")


def look_of(cell):
    """Its method's. Dashes tell kinds of lines here."""
    return in_solid(method_look(cell.method))


def draw_efficacy(axis, cell):
    draw_pair(axis, [(cell.curves, look_of(cell))], *EFFICACY)
    return ""


def draw_forgetting(axis, cell):
    draw_pair(axis, [(cell.curves, look_of(cell))], *BOTH_FORGOTTEN)
    return ""


def draw_f1(axis, cell):
    draw_tasks(axis, cell)
    return ""


def draw_distances(axis, cell):
    if is_wide(cell.distances()):
        draw_log_layers(axis, cell.distances())
        return ""
    return power(draw_distance(axis, cell))


def draw_spectral_ratios(axis, cell):
    if is_wide(cell.spectral_ratios()):
        draw_log_layers(axis, cell.spectral_ratios())
    else:
        draw_spectral_ratio(axis, cell)
    return ""


def draw_text(axis, cell):
    draw_perplexity(axis, cell, look_of(cell))
    return ""


def distances_said(cell):
    return f"Distance: {DISTANCES} ({layer_names([cell])}{', logarithmic axis' if is_wide(cell.distances()) else ''})."


def spectral_ratios_said(cell):
    return ("Largest singular value of each edited matrix's change over that of the unedited matrix"
            f"{' (logarithmic axis)' if is_wide(cell.spectral_ratios()) else ''}.")


PANELS = [
    Panel("Efficacy (ES)", "%", lambda cell: cell.has(*EFFICACY), draw_efficacy,
          lambda cell: f"Efficacy score. {WINDOWS}"),
    Panel(FORGOTTEN_TITLE, "%", lambda cell: cell.has(*BOTH_FORGOTTEN), draw_forgetting,
          lambda cell: f"Facts forgotten, percent. {DEFINITIONS}"),
    Panel("Downstream tasks", "F1 (%)", lambda cell: cell.has_tasks, draw_f1, lambda cell: F1),
    Panel("Distance per layer", "Norm / weights", lambda cell: cell.has_distances, draw_distances, distances_said),
    Panel("Spectral ratio per layer", "Ratio", lambda cell: cell.has_spectral_ratios, draw_spectral_ratios,
          spectral_ratios_said),
    Panel("Perplexity of a fixed text", "PPL", lambda cell: cell.has(TEXT_PERPLEXITY), draw_text,
          lambda cell: "Perplexity of a fixed text, on a logarithmic axis; dotted: the unedited model's."),
]


def course(output, name, cell, phase):
    """What the paper lacks: one cell's measures over one axis, so that their coincidence is seen."""
    subject = f"{cell.method} on {cell.model}, sample {cell.sample}"
    sheet = Sheet(output, plain(subject), sentences(point_in_short(phase)).replace("$", r"\$"))
    said = []
    for panel in [panel for panel in PANELS if panel.is_measured(cell)] or PANELS[:1]:
        axis = sheet.add_row(1, 1, HEIGHT)[0]
        ending = panel.draw(axis, cell)
        letter = sheet.dress(axis, panel.title + ending, panel.label, cell.last_edit)
        said.append(f"({letter}) {panel.said(cell)}")
        if phase is not None and phase.has_point:
            draw_point(axis, phase)
    handles = [look_handle(cell.method, look_of(cell)), *kinds_of_line("50 edits; greedy", "5 edits; likelihood")]
    handles += task_handles([cell]) + layer_handles([cell])
    sheet.save(name, handles + point_handles(phase), " ".join([f"{subject}.", *said, verdict(phase)]))


def point_handles(phase):
    if phase is None or not phase.has_point:
        return []
    handles = [handle(f"break, edits {phase.after:,.0f} to {phase.by:,.0f}", BLACK, **BREAK)]
    if phase.outstanding_edit is not None:
        handles.append(handle("edit that stands out", BLACK, **OUTSTANDING))
    return handles


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
