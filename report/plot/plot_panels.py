"""What stands in one panel."""
import numpy as np
from matplotlib.markers import CARETDOWN
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from plot_curves import MEAN_F1, TEXT_PERPLEXITY
from plot_looks import DASHED, DOTTED, GREY, Layer, task_look
from plot_sheet import handle

NUM_MARKERS = 7
BLACK = "#000000"
MEAN = {"linewidth": 0.9, "linestyle": DASHED}
UNEDITED = {"linewidth": 0.8, "linestyle": DOTTED}
BREAK = {"linewidth": 0.9, "linestyle": (0, (2, 2))}
# Its tip touches the panel's upper edge from outside, where no line runs.
OUTSTANDING = {"marker": CARETDOWN, "markersize": 4.6, "linestyle": "none"}
# Beside a solid line of the same colour.
FAINT = {"linewidth": 0.6, "linestyle": DOTTED, "marker": None, "alpha": 0.8, "zorder": 2.5}


def percent(axis):
    axis.set_ylim(-3, 103)
    axis.set_yticks(range(0, 101, 25))


def say_empty(axis):
    axis.text(0.5, 0.5, "not measured", transform=axis.transAxes, ha="center", va="center", color=GREY)


def marked(look, count):
    """Which points bear a marker: each line's its own, so that lines that lie on each other are counted."""
    if count <= NUM_MARKERS + 1:
        return None
    step = count / NUM_MARKERS
    return [min(count - 1, int((i + look.slot / 8) * step)) for i in range(NUM_MARKERS)]


def plot(axis, curve, look, scale=1.0, **other):
    """A line of a series. One that comes later is thinner, so that those below stay visible."""
    axis.plot(curve.edits, scale * curve.values, markevery=marked(look, len(curve.edits)), **{**look.line(), **other})


def draw_pair(axis, series, solid, dotted):
    """Two percentages of each of `series`, which are (curves, look)."""
    percent(axis)
    is_drawn = False
    for curves, look in series:
        for name, style in ((dotted, FAINT), (solid, {})):
            if name in curves:
                plot(axis, curves[name], look, **style)
                is_drawn = True
    if not is_drawn:
        say_empty(axis)


def draw_tasks(axis, cell):
    """F1 of each task, their mean, and the levels of the unedited model."""
    percent(axis)
    for task, metric, _ in cell.tasks():
        curve, look = cell.curves[metric], task_look(task)
        if len(curve.edits) and curve.edits[0] == 0 and np.isfinite(curve.values[0]):
            axis.axhline(curve.values[0], color=look.colour, linewidth=0.6, linestyle=DOTTED, zorder=1)
        plot(axis, curve, look)
    if MEAN_F1 in cell.curves:
        axis.plot(cell.curves[MEAN_F1].edits, cell.curves[MEAN_F1].values, color=BLACK, zorder=5, **MEAN)
    if not cell.tasks():
        say_empty(axis)


def task_handles(cells):
    titles = {task: title for cell in cells for task, _, title in cell.tasks()}
    handles = [look_handle(title, task_look(task)) for task, title in sorted(titles.items())]
    if handles:
        handles.append(handle("mean of the tasks", BLACK, **MEAN))
        handles.append(handle("unedited model", GREY, **UNEDITED))
    return handles


def draw_distance(axis, cell):
    """Per layer. Returns the power of ten that the axis is in, for the title: small type beside it could not be read."""
    curves = cell.distances()
    if not curves:
        say_empty(axis)
        axis.set_yticks([])
        return 0
    highest = max(np.nanmax(curve.values, initial=0.0) for _, curve in curves)
    exponent = int(np.floor(np.log10(highest))) if highest > 0 else 0
    exponent = 0 if -1 <= exponent <= 2 else exponent
    for parameter, curve in curves:
        plot(axis, curve, Layer(parameter).look(), scale=10.0 ** -exponent)
    axis.set_ylim(bottom=0)
    axis.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=3))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    return exponent


def draw_point(axis, phase):
    """Where the point of catastrophic forgetting lies: an interval, of which two checkpoints are the ends."""
    axis.axvspan(phase.after, phase.by, color=BLACK, alpha=0.08, linewidth=0, zorder=0.5)
    for edit in (phase.after, phase.by):
        axis.axvline(edit, color=BLACK, zorder=4, **BREAK)
    # Not clipped by the panel, so that what lies beyond its axis is left out here.
    if phase.outstanding_edit is not None and phase.outstanding_edit <= axis.get_xlim()[1]:
        axis.plot(phase.outstanding_edit, 1.0, color=BLACK, clip_on=False, transform=axis.get_xaxis_transform(), **OUTSTANDING)


def is_wide(curves):
    """Of (parameter, curve): whether values grow so far that a linear axis hides the first part of the run."""
    values = [value for _, curve in curves for value in curve.values if np.isfinite(value) and value > 0]
    return bool(values) and max(values) > 100 * min(values)


def short_power(value):
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def log_ticks(low, high):
    """Two to four numbers of an axis from `low` to `high` >= 5 * `low`: powers of ten, or round numbers where only one of these is there."""
    powers = range(int(np.ceil(np.log10(low))), int(np.floor(np.log10(high))) + 1)
    if len(powers) > 1:
        return [10.0 ** power for power in powers[::-(-len(powers) // 4)]]
    leading = (1, 2, 5) if high < 10 * low else (1, 3)
    exponents = range(int(np.floor(np.log10(low))), int(np.floor(np.log10(high))) + 1)
    return [digit * 10.0 ** exponent for exponent in exponents for digit in leading if low <= digit * 10.0 ** exponent <= high]


def scale_logarithmically(axis):
    """With room for two numbers at least."""
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    if high < 5 * low:
        room = np.sqrt(5 * low / high) * 1.001
        low, high = low / room, high * room
        axis.set_ylim(low, high)
    ticks = log_ticks(low, high)
    is_short = ticks[0] < 1e-3 or ticks[-1] >= 1e4
    axis.yaxis.set_major_locator(FixedLocator(ticks))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short_power(value) if is_short else f"{value:g}"))


def draw_log_layers(axis, curves):
    """Of (parameter, curve). What is nothing has no place on such an axis."""
    for parameter, curve in curves:
        look = Layer(parameter).look()
        positive = np.where(curve.values > 0, curve.values, np.nan)
        axis.plot(curve.edits, positive, markevery=marked(look, len(curve.edits)), **look.line())
    scale_logarithmically(axis)


def draw_spectral_ratio(axis, cell):
    """Per layer; 1 is a change as large as the unedited weight."""
    for parameter, curve in cell.spectral_ratios():
        plot(axis, curve, Layer(parameter).look())
    axis.set_ylim(bottom=0)
    axis.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=3))


def draw_perplexity(axis, cell, look):
    """On a logarithmic axis, beside the level of the unedited model. Cut where Matplotlib's axes end."""
    curve = cell.curves[TEXT_PERPLEXITY]
    values = np.minimum(curve.values, 1e100)
    if np.isfinite(values[0]):
        axis.axhline(values[0], color=GREY, zorder=1, **UNEDITED)
    axis.plot(curve.edits, values, markevery=marked(look, len(curve.edits)), **look.line())
    scale_logarithmically(axis)


def layer_handles(cells):
    parameters = sorted({parameter for cell in cells for parameter, _ in cell.distances()},
                        key=lambda parameter: Layer(parameter).order)
    has_matrix = len({Layer(parameter).matrix for parameter in parameters}) > 1
    handles = {}
    for parameter in parameters:
        layer = Layer(parameter)
        handles.setdefault(layer.label(has_matrix), look_handle(layer.label(has_matrix), layer.look()))
    return list(handles.values())


def layer_names(cells):
    """ "layers 3, 4 and 5" for a caption."""
    numbers = sorted({Layer(parameter).number for cell in cells for parameter, _ in cell.distances()} - {None})
    if not numbers:
        return "no layer's distance is measured"
    words = [str(number) for number in numbers]
    return ("layer " + words[0]) if len(words) == 1 else "layers " + ", ".join(words[:-1]) + " and " + words[-1]


def look_handle(label, look):
    line = look.line()
    return handle(label, line.pop("color"), line.pop("marker"), **line)


def power(exponent):
    return f" (1e{exponent})" if exponent else ""


def draw_band(axis, look, values):
    """Solid as far as every sample has come, dotted beyond. Returns whether there is a beyond."""
    axis.fill_between(values.edits, values.low, values.high, color=look.colour, alpha=0.16, linewidth=0)
    shared = values.edits <= values.common
    axis.plot(values.edits[shared], values.mean[shared], markevery=marked(look, int(shared.sum())), **look.line())
    beyond = values.edits >= values.common
    if beyond.sum() > 1:
        axis.plot(values.edits[beyond], values.mean[beyond], markevery=marked(look, int(beyond.sum())),
                  **{**look.line(), "linestyle": DOTTED})
    return bool(beyond.sum() > 1)
