"""A sheet of panels at the size it is printed at: every distance here is in inches, every type size in points."""
import os
import textwrap

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image  # matplotlib writes its own PNG by it

SMALLEST = 7  # points; nothing on a sheet is set smaller
MILLIMETRES = 25.4
NAMED_WIDTHS = {"column": 77.0, "page": 160.0}
PNG_DPI = 200
PNG_COLOURS = 256
MEDIAN_CUT, NO_DITHER = 0, 0  # Pillow's numbers, whose names have moved
# Reproducible files: no date, no random ids, text as embedded type.
METADATA = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
LEFT, RIGHT, GAP, PANEL, TITLE, ROW_GAP, X_LABEL, LINE = 0.46, 0.16, 0.34, 1.08, 0.2, 0.2, 0.14, 0.135
BEYOND = 1.02  # how far an axis goes, of its last edit
DIGIT = 0.0625  # the width of a digit at the smallest size
ROUND = {"1", "2", "3", "4", "5", "6", "8", "12", "15", "25"}
LETTER = 0.05  # a generous mean width of a letter at the smallest size

plt.rcParams.update({
    "font.family": "DejaVu Sans",
    "font.size": SMALLEST,
    "axes.titlesize": SMALLEST,
    "axes.labelsize": SMALLEST,
    "xtick.labelsize": SMALLEST,
    "ytick.labelsize": SMALLEST,
    "legend.fontsize": SMALLEST,
    "figure.titlesize": SMALLEST + 1,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.titlepad": 5.2,  # room for a mark between a panel and the descenders of its title
    "axes.labelpad": 2,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.pad": 2,
    "ytick.major.pad": 2,
    "lines.solid_capstyle": "butt",
    "pdf.fonttype": 42,
    "svg.hashsalt": "lethe",
})


def printable(text, limit=60):
    """A name without control characters, and without an end that runs off the sheet."""
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= limit else text[:limit - 1] + "…"


def plain(text, limit=60):
    """The same as a figure prints it: no mathematics."""
    return printable(text, limit).replace("$", r"\$")


def width_of(word):
    """Millimetres of "column", "page" or a number."""
    try:
        width = NAMED_WIDTHS.get(word) or float(word)
    except ValueError:
        width = 0.0
    if not 40.0 <= width <= 500.0:
        raise SystemExit(f"--width {word}: give column ({NAMED_WIDTHS['column']:g} mm), page ({NAMED_WIDTHS['page']:g} mm), "
                         "or millimetres from 40 to 500")
    return width


def formats_of(text):
    formats = [word for word in text.split(",") if word]
    unknown = [word for word in formats if word not in METADATA]
    if unknown or not formats:
        raise SystemExit(f"--format {text}: give some of {', '.join(METADATA)}")
    return formats


def add_output_arguments(parser):
    parser.add_argument("folder", help="where the figures go")
    parser.add_argument("--format", default="png,pdf", help="some of png, pdf, svg (default: png,pdf)")
    parser.add_argument("--width", default="page", help="column (77 mm), page (160 mm; default) or millimetres")


def output_of(arguments):
    return Output(arguments.folder, formats_of(arguments.format), width_of(arguments.width))


class Output:
    """Where figures go, in which formats and how wide."""

    def __init__(self, folder, formats, width_mm):
        self.folder = folder
        self.formats = formats
        self.width = width_mm / MILLIMETRES
        self.columns = 4 if self.width >= 5.0 else 2 if self.width >= 2.6 else 1


class Sheet:
    """Rows of equally wide panels, lettered in order, between a title, with what is said below it, and a legend."""

    def __init__(self, output, title, said=""):
        self.output = output
        self.title = title
        self.said = said
        self.figure = plt.figure(figsize=(output.width, 1.0))
        self.rows = []
        self.limits = {}
        self.num_panels = 0

    def add_row(self, count, columns=None, height=PANEL):
        """`count` new axes in a grid of `columns`."""
        axes = [self.figure.add_axes([0.1, 0.1, 0.5, 0.5], label=f"{len(self.rows)}.{i}") for i in range(count)]
        self.rows.append((axes, columns or self.output.columns, height))
        return axes

    def add_panels(self, count):
        """`count` new axes in as many rows as they need, over the whole width."""
        columns = min(count, self.output.columns)
        return [axis for first in range(0, count, columns) for axis in self.add_row(min(columns, count - first), columns)]

    def dress(self, axis, title, ylabel, limit):
        """Title, axes and letter of a panel, which is returned."""
        self.num_panels += 1
        letter = chr(ord("a") + self.num_panels - 1) if self.num_panels <= 26 else str(self.num_panels)
        axis.set_title(f"({letter}) {title}", loc="left", x=0)
        self.limits[axis] = max(limit, 1)
        axis.set_xlim(0, self.limits[axis] * BEYOND)
        axis.xaxis.set_major_formatter(FuncFormatter(lambda edits, _: f"{edits:,.0f}"))
        axis.set_ylabel(ylabel)
        return letter

    def save(self, name, handles, caption):
        """Writes `name` in each format, and beside it the caption as text."""
        self._arrange(handles)
        path = os.path.join(self.output.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        for kind in self.output.formats:
            self.figure.savefig(f"{path}.{kind}", dpi=PNG_DPI, metadata=METADATA[kind])
            if kind == "png":
                reduce_colours(f"{path}.{kind}")
            print(f"{path}.{kind}")
        plt.close(self.figure)
        with open(path + ".txt", "w", encoding="utf-8") as file:
            file.write(textwrap.fill(caption, 100) + "\n")

    def _arrange(self, handles):
        width = self.output.width
        legend_columns, legend_rows = fold(handles, width)
        title = textwrap.wrap(self.title, max(20, int(width / (LETTER * 1.5))))
        said = textwrap.wrap(self.said, max(20, int(width / (LETTER * 1.1))))
        head = 0.06 + 0.16 * len(title)
        top = head + LINE * len(said)
        bottom = X_LABEL + LINE * legend_rows
        height = top + bottom + sum(TITLE + row + ROW_GAP for _, _, row in self.rows)
        self.figure.set_size_inches(width, height)
        upper = height - top
        for index, (axes, columns, row) in enumerate(self.rows):
            panel = (width - LEFT - RIGHT - GAP * (columns - 1)) / columns
            for column, axis in enumerate(axes):
                left = LEFT + column * (panel + GAP)
                axis.set_xticks(edit_ticks(self.limits[axis], panel))
                axis.set_position([left / width, (upper - TITLE - row) / height, panel / width, row / height])
                if column > 0:
                    axis.set_ylabel("")
                if index == len(self.rows) - 1 or column >= len(self.rows[index + 1][0]):
                    axis.set_xlabel("Number of edits")
            upper -= TITLE + row + ROW_GAP
        self.figure.text(0.5, 1 - 0.05 / height, "\n".join(title), ha="center", va="top", fontsize=SMALLEST + 1,
                         fontweight="bold")
        self.figure.text(0.5, 1 - head / height, "\n".join(said), ha="center", va="top", linespacing=1.25)
        if handles:
            self.figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0.0), ncol=legend_columns,
                               frameon=False, handlelength=3.2, columnspacing=1.4, handletextpad=0.5,
                               borderaxespad=0.3, labelspacing=0.35)


def edit_ticks(limit, width):
    """From 0 to the last edit, on an axis of `width` inches: in equal parts of a round number, or in round numbers and the last edit."""
    label = len(f"{limit:,}") * DIGIT + DIGIT  # the widest there is, and the room between two
    most = max(1, min(4, int(width / BEYOND / label)))
    for parts in range(most, 1, -1):
        if limit % parts == 0 and str(limit // parts).rstrip("0") in ROUND:
            return list(range(0, limit + 1, limit // parts))
    ticks = MaxNLocator(nbins=most, integer=True).tick_values(0, limit)
    return [int(tick) for tick in ticks if 0 <= tick <= limit - label * limit * BEYOND / width] + [limit]


def reduce_colours(path):
    """A third of the bytes: shades at the edges of lines, of which there are thousands, are merged with their likes."""
    with Image.open(path) as picture:
        reduced = picture.convert("RGB").quantize(PNG_COLOURS, method=MEDIAN_CUT, dither=NO_DITHER)
    reduced.save(path, dpi=(PNG_DPI, PNG_DPI), optimize=True)


def fold(handles, width):
    """Columns and rows of a legend that fits the width."""
    if not handles:
        return 1, 0
    widest = max(len(handle.get_label()) for handle in handles) * LETTER + 0.46
    columns = max(1, min(len(handles), int((width - 0.1) / widest)))
    rows = -(-len(handles) // columns)
    return -(-len(handles) // rows), rows


def handle(label, colour, marker=None, **look):
    """A legend's entry. matplotlib leaves out labels that begin with an underscore."""
    label = plain(label)
    return Line2D([], [], color=colour, marker=marker, label=" " + label if label[:1] == "_" else label,
                  **{"linewidth": 1.4, "markersize": 3.6, **look})
