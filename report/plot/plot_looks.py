"""Colours, markers and dashes. Each is a function of a name or number alone, so that a method, a layer or a sample looks
the same in every figure of every sweep, whatever else is drawn.

The eight colours were searched for: lightness rises in steps of about 9 (L* 8 to 77), so that a grey print tells them
apart, and any two differ by 30 or more (CIE 1976) to readers with normal sight and with each kind of colour blindness
(tests/report/looks_test.py measures both).
"""
import re
import zlib

# In this order the first four, and any two neighbours, are at least 18 steps of lightness apart.
PALETTE = ["#14094d", "#c43d7d", "#820603", "#3babea", "#4f1326", "#908e0f", "#0255b9", "#edb292"]
NAVY, MAGENTA, RED, SKY, MAROON, OLIVE, BLUE, PEACH = range(8)
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "p"]
SOLID, DASHED, DASH_DOTTED, DOTTED = "solid", (0, (5, 1.6)), (0, (5, 1.4, 1, 1.4)), (0, (1, 1.2))
DASHES = [SOLID, DASHED, DASH_DOTTED, (0, (8, 1.5, 1, 1.5, 1, 1.5))]
# Of sweeps in one figure, in their order.
SWEEP_DASHES = [SOLID, DASHED, DOTTED, DASH_DOTTED, (0, (9, 2)), (0, (5, 1.4, 1, 1.4, 1, 1.4))]
GREY = "#666666"

METHODS = {"ft-c": NAVY, "mend": MAGENTA, "rome": RED, "memit": SKY, "ft": MAROON, "r-rome": OLIVE, "alphaedit": BLUE,
           "memit-seq": PEACH}
TASKS = {"sst2": NAVY, "sentiment": NAVY, "mrpc": MAGENTA, "paraphrase": MAGENTA, "cola": RED, "acceptability": RED,
         "rte": SKY, "inference": SKY}
# Which way through the block a matrix leads.
MATRICES = {"c_proj": SOLID, "fc_out": SOLID, "down_proj": SOLID, "dense_4h_to_h": SOLID, "c_fc": DASHED,
            "fc_in": DASHED, "up_proj": DASHED, "dense_h_to_4h": DASHED, "gate_proj": DASH_DOTTED}


class Look:
    """`slot` orders overlapping lines: a later one is drawn on top, thinner, with its markers elsewhere."""

    def __init__(self, slot, marker, dash=SOLID):
        self.slot = slot
        self.colour = PALETTE[slot]
        self.marker = marker
        self.dash = dash
        self.width = 1.7 - 0.1 * slot

    def line(self):
        """As matplotlib names it. Markers of lines that are not solid are hollow."""
        return {"color": self.colour, "linewidth": self.width, "linestyle": self.dash, "marker": self.marker,
                "markersize": 3.4, "markeredgewidth": 0.4 if self.dash == SOLID else 0.8,
                "markerfacecolor": self.colour if self.dash == SOLID else "white",
                "markeredgecolor": "white" if self.dash == SOLID else self.colour, "zorder": 3 + 0.1 * self.slot}


def numbered(number):
    """Beyond eight a colour comes again, with another marker and dash."""
    turn = number // 8
    return Look(number % 8, MARKERS[(number + turn) % 8], DASHES[turn % len(DASHES)])


def sample_look(sample):
    return numbered(sample)


def method_look(method):
    if method in METHODS:
        slot = METHODS[method]
        return Look(slot, MARKERS[slot])
    # A labelled variant keeps its method's colour, "rome-clamp2" that of "rome", and differs in marker and dash.
    digest = zlib.crc32(method.encode())
    base = max((known for known in METHODS if method.startswith(known + "-")), key=len, default=None)
    slot = METHODS[base] if base else digest % 8
    return Look(slot, MARKERS[(slot + 1 + digest // 8 % 7) % 8], DASHES[1 + digest // 64 % 3])


def sweep_dash(number):
    return SWEEP_DASHES[number % len(SWEEP_DASHES)]


def in_sweep(look, number):
    """The same colour and marker with the dash of a sweep."""
    other = Look(look.slot, look.marker, sweep_dash(number))
    other.colour = look.colour
    return other


def task_look(task):
    slot = TASKS.get(task, 4 + zlib.crc32(task.encode()) % 4)
    return Look(slot, MARKERS[slot])


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
        look = numbered(number)
        look.dash = MATRICES.get(self.matrix, DOTTED)
        return look
