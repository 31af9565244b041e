"""Reads what is drawn: curves.h5, and phases.csv where there is one; of several sweeps curves.csv and differences.csv."""
import csv

import h5py
import numpy as np

SCHEMA = "lethe.curves"
FORGOTTEN = "forgetting.argmax.ever"
FORGOTTEN_EFFICACY = "forgetting.efficacy.ever"
EFFICACY_OF_ALL = "efficacy.all_edits"
MEAN_F1 = "f1.mean"
DISTANCE = "distance_per_weight."
SPECTRAL_RATIO = "spectral_ratio."
TEXT_PERPLEXITY = "perplexity.fixed_text"


class Curve:
    """Values against edit counts; NaN is a gap."""

    def __init__(self, edits, values, label):
        self.edits = edits
        self.values = np.where(np.isfinite(values), values, np.nan)
        self.label = label


def curve_of(group):
    return Curve(group["edits"][...], group["values"][...], text_of(group.attrs["label"]))


class Cell:
    def __init__(self, method, model, sample, curves):
        self.method = method
        self.model = model
        self.sample = sample
        self.curves = curves

    @property
    def last_edit(self):
        return max((int(curve.edits[-1]) for curve in self.curves.values() if len(curve.edits)), default=1)

    def has(self, *metrics):
        """Whether one of them has a value."""
        return any(np.isfinite(self.curves[metric].values).any() for metric in metrics if metric in self.curves)

    @property
    def has_tasks(self):
        return self.has(*(metric for _, metric, _ in self.tasks()))

    @property
    def has_distances(self):
        return self.has(*(metric for metric in self.curves if metric.startswith(DISTANCE)))

    @property
    def has_spectral_ratios(self):
        return self.has(*(metric for metric in self.curves if metric.startswith(SPECTRAL_RATIO)))

    def tasks(self):
        """(name, metric, title) of each task, in order of name."""
        names = sorted(name for name in self.curves if name.startswith("f1.") and name != MEAN_F1)
        return [(name[len("f1."):], name, self.curves[name].label) for name in names]

    def distances(self):
        return self.of_matrices(DISTANCE)

    def spectral_ratios(self):
        return self.of_matrices(SPECTRAL_RATIO)

    def of_matrices(self, metric):
        """(parameter, curve) of each edited weight matrix; vectors are left to the CSV file."""
        own = [name for name in self.curves if name.startswith(metric)]
        matrices = [name for name in own if name.endswith("weight")] or own
        return [(name[len(metric):], self.curves[name]) for name in matrices]


def text_of(attribute):
    return attribute.decode() if isinstance(attribute, bytes) else str(attribute)


def read_cells(path):
    """The experiment's name, and its cells that have a curve, in order of method, model and sample."""
    cells = []
    with h5py.File(path, "r") as file:
        if text_of(file.attrs.get("schema", b"")) != SCHEMA:
            raise SystemExit(f"{path}: is no curves file of lethe; give the curves.h5 of a report")
        experiment = text_of(file.attrs["experiment"])
        for method, models in file["cells"].items():
            for model, samples in models.items():
                for sample, metrics in samples.items():
                    curves = {name: curve_of(group) for name, group in metrics.items()}
                    if curves:
                        cells.append(Cell(method, model, int(sample[len("sample"):]), curves))
    return experiment, sorted(cells, key=lambda cell: (cell.method, cell.model, cell.sample))


def read_sweeps(path):
    """{label: cells that have a curve} of a curves.csv with a column `sweep`, in the order of the file."""
    points = {}
    with open(path, newline="", encoding="utf-8", errors="replace") as file:
        for row in csv.DictReader(file):
            if "sweep" not in row:
                raise SystemExit(f"{path}: has no column `sweep`; give the curves.csv of a report of several sweeps")
            cell = points.setdefault(row["sweep"], {}).setdefault((row["method"], row["model"], int(row["sample"])), {})
            edits, values = cell.setdefault(row["metric"], ([], []))
            edits.append(int(row["edits"]))
            values.append(float(row["value"] or "nan"))
    sweeps = {}
    for label, cells in points.items():
        sweeps[label] = [Cell(*key, {name: Curve(np.array(edits), np.array(values), name) for name, (edits, values) in curves.items()})
                         for key, curves in sorted(cells.items())]
    return sweeps


class Difference:
    """A curve of a sweep less that of another, with its interval (NaN: none), as far as the most samples go."""

    def __init__(self, key, rows):
        self.first, self.second, self.method, self.model, self.metric = key
        self.num_samples = max(int(row["samples"]) for row in rows)
        rows = [row for row in rows if int(row["samples"]) == self.num_samples]
        self.edits = np.array([int(row["edits"]) for row in rows])
        self.mean, self.low, self.high = (np.array([float(row[name] or "nan") for row in rows]) for name in ("difference", "low", "high"))


def read_differences(path):
    rows = {}
    with open(path, newline="", encoding="utf-8", errors="replace") as file:
        for row in csv.DictReader(file):
            rows.setdefault(tuple(row[name] for name in ("first", "second", "method", "model", "metric")), []).append(row)
    return [Difference(key, own) for key, own in rows.items()]


class Phase:
    """What a report found out about a cell; what the row does not say is None.

    A verdict in words; between which edits the point lies, if there is one, with its confidence; at which rate facts are
    forgotten before it, as (points per 100 edits, low, high, up to which edit); and the edit behind it.
    """

    def __init__(self, row):
        self.verdict = row.get("verdict") or ""
        self.after, self.by = number_of(row.get("after")), number_of(row.get("by"))
        self.has_point = self.after is not None and self.by is not None
        self.confidence = number_of(row.get("confidence"))
        rate = [number_of(row.get("forgetting_rate" + ending)) for ending in ("", "_low", "_high", "_until")]
        self.forgetting = None if None in rate else rate
        self.edit, self.case_id = whole_of(row.get("edit")), whole_of(row.get("case_id"))
        self.subject = row.get("subject") or ""
        self.stands_out = {"1": True, "0": False}.get(row.get("edit_stands_out"))

    @property
    def outstanding_edit(self):
        """Number of the edit that stands out behind the point."""
        return self.edit if self.has_point and self.stands_out else None


def number_of(field):
    """None for an empty field, and for one that is no number."""
    try:
        number = float(field or "nan")
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def whole_of(field):
    """None for a field that is no count or id."""
    return int(field) if field and field.isdecimal() and len(field) < 20 else None


def read_phases(path):
    """{(method, model, sample): Phase}; nothing of a file that is not there, or that says nothing of them."""
    try:
        with open(path, newline="", encoding="utf-8", errors="replace") as file:
            rows = list(csv.DictReader(file))
    except (OSError, csv.Error):
        return {}
    phases = {}
    for row in rows:
        sample = whole_of(row.get("sample"))
        if sample is not None:
            phases[row.get("method"), row.get("model"), sample] = Phase(row)
    return phases


def is_scored_again(cells):
    """Whether all earlier edits were asked at more checkpoints than one, so that there is a course to draw."""
    return any(len(cell.curves[EFFICACY_OF_ALL].edits) > 1 for cell in cells if EFFICACY_OF_ALL in cell.curves)


class Band:
    """Mean and range of a metric over cells, and up to which edit all of them have it."""

    def __init__(self, edits, columns, common):
        self.edits = np.array(edits)
        self.mean = np.array([np.mean(column) for column in columns])
        self.low = np.array([min(column) for column in columns])
        self.high = np.array([max(column) for column in columns])
        self.common = common


def band(cells, metric):
    curves = [cell.curves[metric] for cell in cells if metric in cell.curves and len(cell.curves[metric].edits)]
    by_edit = {}
    for curve in curves:
        for edits, value in zip(curve.edits.tolist(), curve.values):
            if np.isfinite(value):
                by_edit.setdefault(edits, []).append(value)
    if not by_edit:
        return None
    edits = sorted(by_edit)
    common = min(int(curve.edits[-1]) for curve in curves) if len(curves) == len(cells) else 0
    return Band(edits, [by_edit[n] for n in edits], common)
