"""docs/paper_map.md against the tree: what it must list, and the names that `lethe report` really gives its files."""

import re
import sys
import types
import unittest.mock

import source_tree

REPORT_COLUMN = "file of `lethe report`"
RESULT_COLUMN = "what came out here"
NUMBERED = {"Figure": 36, "Table": 8}  # of the paper
PLACE = re.compile(r"(Figure|Table)s? (\d+)(?: to (\d+))?")
NOT_HERE = "**Not here yet.** "
RESULTS = ("**Shown.** ", "**In part.** ", "**Otherwise here.** ")
LINK = re.compile(r"\]\([^)]+\)")
# "summary.md", as the report's sources write it.
WRITTEN = re.compile(r'"(\w+\.(?:md|tex|csv|h5|html|txt))"')
LIST = re.compile(r"^  (models|samples): \[(.+?)\]", re.MULTILINE)


def rows_of(text):
    """Each row of each table, by the names of its columns."""
    columns = None
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else None
        if cells is None or columns is None:
            columns = cells
        elif not line.startswith("|---"):
            yield dict(zip(columns, cells))


def figure_names():
    """What report/plot/plot_figures.py calls the figures of <method>/<model>/sample<k>; none is drawn."""
    path = source_tree.ROOT / "report" / "plot" / "plot_figures.py"
    cell = types.SimpleNamespace(method="<method>", model="<model>", sample="<k>", curves={})
    sheet = unittest.mock.MagicMock()
    curves = unittest.mock.MagicMock(**{"read_cells.return_value": ("experiment", [cell])})
    kinds = unittest.mock.MagicMock()
    stand_ins = {"matplotlib": unittest.mock.MagicMock(), "plot_curves": curves, "plot_course": kinds, "plot_kinds": kinds,
                 "plot_looks": unittest.mock.MagicMock(), "plot_sheet": sheet}
    scope = {"__name__": "plot_figures", "__file__": str(path)}
    with unittest.mock.patch.dict(sys.modules, stand_ins), unittest.mock.patch.object(sys, "path", list(sys.path)), \
            unittest.mock.patch.object(sys, "argv", ["plot_figures.py", "curves.h5"]):
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), scope)
        scope["main"]()
    return {call.args[1] for call in kinds.method_calls}


def report_files():
    return {name for path in (source_tree.ROOT / "report").glob("*.cpp")
            for name in WRITTEN.findall(path.read_text(encoding="utf-8"))}


def words_of_cells():
    """What may stand for <method>, <model> and <k>: methods with settings, models and samples of configs/paper.yaml."""
    configs = source_tree.ROOT / "configs"
    grid = (configs / "paper.yaml").read_text(encoding="utf-8")
    lists = {key: words.split(", ") for key, words in LIST.findall(grid)}
    methods = [path.name for path in (configs / "methods").iterdir()]
    return {"<method>": methods, "<model>": lists["models"], "<k>": lists["samples"]}


class ReportNames:
    """The names that a report gives its files, of whatever cell."""

    def __init__(self, figures, files, words):
        self.files = files
        self.patterns = []
        for figure in figures:
            pattern = re.escape(figure)
            for placeholder, known in words.items():
                pattern = pattern.replace(placeholder, "(?:" + "|".join(map(re.escape, [placeholder, *known])) + ")")
            self.patterns.append(re.compile(pattern))

    def has(self, name):
        return name in self.files or any(pattern.fullmatch(name) for pattern in self.patterns)


def problems_of(text, names):
    """A figure or table without its one row, a file that no report writes, a result without a link to what holds it."""
    problems = []
    numbers = {kind: [] for kind in NUMBERED}
    for row in rows_of(text):
        if REPORT_COLUMN not in row:
            continue
        place = next(iter(row.values()))
        if match := PLACE.fullmatch(place):
            first, last = int(match[2]), int(match[3] or match[2])
            numbers[match[1]].extend(range(first, last + 1))
        files = re.findall(r"`([^`]+)`", row[REPORT_COLUMN])
        problems += [f"{place}: no report writes {name}" for name in files if not names.has(name)]
        if not files and row[REPORT_COLUMN] != "–":
            problems.append(f'{place}: names no file, and no "–"')
        result = row.get(RESULT_COLUMN, "")
        if result.startswith(RESULTS):
            if not LINK.search(result):
                problems.append(f"{place}: a result without a link to what holds it")
        elif not result.startswith(NOT_HERE):
            problems.append(f"{place}: says neither a result nor that it is not here yet, and why")
    for kind, count in NUMBERED.items():
        for number in range(1, count + 1):
            if numbers[kind].count(number) != 1:
                problems.append(f"{kind} {number} has {numbers[kind].count(number)} rows")
        problems += [f"there is no {kind} {number}" for number in numbers[kind] if not 1 <= number <= count]
    return problems
