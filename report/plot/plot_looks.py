"""Colours, markers and dashes. Each is a function of a name or number alone, so that a method, a layer or a sample looks
the same in every figure of every sweep, whatever else is drawn.

No two kinds share a colour and marker: methods have PALETTE, tasks and samples OTHERS with markers of their own, layers greys.
The colours were searched for, so that a grey print tells them apart, and every reader, with normal sight or with any kind of colour
blindness (tests/report/looks_test.py measures both). PALETTE's lightness rises in steps of about 9 (L* 8 to 77), and any two of its
colours differ by 30 or more (CIE 1976); any two of OTHERS by 22, and by 30 from each of PALETTE to normal sight.
"""
import re
import zlib

# In this order the first four, and any two neighbours, are at least 18 steps of lightness apart.
PALETTE = ["#14094d", "#c43d7d", "#820603", "#3babea", "#4f1326", "#908e0f", "#0255b9", "#edb292"]
NAVY, MAGENTA, RED, SKY, MAROON, OLIVE, BLUE, PEACH = range(8)
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "p"]
OTHERS = ["#366f00", "#54ceb7", "#430086", "#c35bff", "#0000da", "#e9880d", "#7a3a7b", "#f40c60"]
GREEN, TEAL, INDIGO, VIOLET = range(4)
TASK_MARKERS = ["<", ">", "d", "*"]
MARKER_SIZES = {"<": 4.2, ">": 4.2, "d": 4.4, "*": 5.6}  # as large to the eye as the others at 3.4 points
GREYS = ["#1b1b1b", "#868686", "#4e4e4e", "#b4b4b4"]
LAYER_MARKERS = [*MARKERS, *TASK_MARKERS]
SOLID, DASHED, DASH_DOTTED, DOTTED = "solid", (0, (5, 1.6)), (0, (5, 1.4, 1, 1.4)), (0, (1, 1.2))
DASHES = [SOLID, DASHED, DASH_DOTTED, (0, (8, 1.5, 1, 1.5, 1, 1.5))]
# Of sweeps in one figure, in their order.
SWEEP_DASHES = [SOLID, DASHED, DOTTED, DASH_DOTTED, (0, (9, 2)), (0, (5, 1.4, 1, 1.4, 1, 1.4))]
GREY = "#666666"

METHODS = {"ft-c": NAVY, "mend": MAGENTA, "rome": RED, "memit": SKY, "ft": MAROON, "r-rome": OLIVE, "alphaedit": BLUE,
           "memit-seq": PEACH}
TASKS = {"sst2": GREEN, "sentiment": GREEN, "mrpc": TEAL, "paraphrase": TEAL, "cola": INDIGO, "acceptability": INDIGO,
         "rte": VIOLET, "inference": VIOLET}
# Which way through the block a matrix leads.
MATRICES = {"c_proj": SOLID, "fc_out": SOLID, "down_proj": SOLID, "dense_4h_to_h": SOLID, "c_fc": DASHED,
            "fc_in": DASHED, "up_proj": DASHED, "dense_h_to_4h": DASHED, "gate_proj": DASH_DOTTED}


class Look:
    """`slot` orders overlapping lines: a later one is drawn on top, thinner, with its markers elsewhere."""

    def __init__(self, slot, colour, marker, dash=SOLID):
        self.slot = slot
        self.colour = colour
        self.marker = marker
        self.dash = dash
        self.width = 1.7 - 0.1 * slot

    def line(self):
        """As matplotlib names it. Markers of lines that are not solid are hollow."""
        return {"color": self.colour, "linewidth": self.width, "linestyle": self.dash, "marker": self.marker,
                "markersize": MARKER_SIZES.get(self.marker, 3.4), "markeredgewidth": 0.4 if self.dash == SOLID else 0.8,
                "markerfacecolor": self.colour if self.dash == SOLID else "white",
                "markeredgecolor": "white" if self.dash == SOLID else self.colour, "zorder": 3 + 0.1 * self.slot}


def sample_look(sample):
    """Beyond eight a colour comes again, with another marker and dash."""
    turn = sample // 8
    return Look(sample % 8, OTHERS[sample % 8], MARKERS[(sample + turn) % 8], DASHES[turn % len(DASHES)])


def method_look(method):
    if method in METHODS:
        slot = METHODS[method]
        return Look(slot, PALETTE[slot], MARKERS[slot])
    # A labelled variant keeps its method's colour, "rome-clamp2" that of "rome", and differs in marker and dash.
    digest = zlib.crc32(method.encode())
    base = max((known for known in METHODS if method.startswith(known + "-")), key=len, default=None)
    slot = METHODS[base] if base else digest % 8
    return Look(slot, PALETTE[slot], MARKERS[(slot + 1 + digest // 8 % 7) % 8], DASHES[1 + digest // 64 % 3])


def sweep_dash(number):
    return SWEEP_DASHES[number % len(SWEEP_DASHES)]


def in_sweep(look, number):
    """The same colour and marker with the dash of a sweep."""
    return Look(look.slot, look.colour, look.marker, sweep_dash(number))


def in_solid(look):
    """The same where the dash says something else than which method it is."""
    return Look(look.slot, look.colour, look.marker)


def task_look(task):
    slot = TASKS.get(task, 4 + zlib.crc32(task.encode()) % 4)
    return Look(slot, OTHERS[slot], TASK_MARKERS[slot % 4])


class Layer:
    """What a parameter's name says: "transformer.h.17.mlp.c_proj.weight" is matrix c_proj of layer 17."""

    def __init__(self, parameter):
        words = parameter.split(".")
        self.number = next((int(word) for word in words if re.fullmatch(r"[0-9]{1,4}", word)), None)
        self.matrix = words[-2] if len(words) > 1 and words[-1] in ("weight", "bias") else words[-1]
        self.order = (self.number is None, self.number or 0, self.matrix)

    def label(self, has_matrix):
        place = "no layer" if self.number is None else f"layer {self.number}"
        return f"{place} {self.matrix}" if has_matrix or self.number is None else place

    def look(self):
        number = zlib.crc32(self.matrix.encode()) % 8 if self.number is None else self.number
        turn = number // len(LAYER_MARKERS)
        return Look(number % 8, GREYS[(number + turn) % 4], LAYER_MARKERS[number % len(LAYER_MARKERS)], MATRICES.get(self.matrix, DOTTED))
