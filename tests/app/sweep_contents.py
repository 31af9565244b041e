"""What a sweep's folder holds, in a form that a text file can keep: for tests that compare two builds of lethe.

Reads the files as docs/formats.md describes them, whatever build wrote them.
"""

import hashlib
import math
import re

import h5py

SEGMENT = re.compile(r"segment-(\d{7})-(\d{7})-[0-9a-f]{32}\.h5")
KEPT_LATER = re.compile(r"^provenance|/target_(new|true)/")
REDUCTION = re.compile(r"(distance|forgetting|tasks)-(\d+)-[0-9a-f]{12}-[0-9a-f]{32}\.h5")


def cells(sweep):
    """Name and folder of every cell; a folder may hold several edit identities."""
    return {str(folder.relative_to(sweep / "cells")): folder for folder in sorted((sweep / "cells").glob("*/*/*"))}


def committed(folder, pattern):
    """Files of that name below a cell's folder, with the name's parts, by name; what was quarantined is left out."""
    for path in sorted(folder.glob("*/*.h5"), key=lambda path: path.name):
        match = pattern.fullmatch(path.name)
        if match:
            yield path, match


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def fingerprints(segment):
    """Digests of the edited parameters after the segment's last edit, by parameter."""
    group = segment["state/fingerprint_after"]
    return {text(name): text(digest) for name, digest in zip(group["parameter"][:], group["digest"][:])}


def nlls(segment):
    """Of each edit, by its number: [nll_new, nll_true] of every prompt."""
    offsets = segment["metrics/offsets"][:]
    columns = [segment[f"metrics/{name}"][:] for name in ("nll_new", "nll_true")]
    return {int(edit): [[float(column[row]) for column in columns] for row in range(offsets[i], offsets[i + 1])]
            for i, edit in enumerate(segment["edits/edit"][:])}


def edit_values(folder):
    """Of each edit of a cell, by its number, what edits.csv says of it: success of the rewrite prompt in percent, its NLLs and
    those of its neighbours, and its diagnostics. What is absent or not finite is left out."""
    edits = {}
    for path, _ in committed(folder, SEGMENT):
        with h5py.File(path, "r") as segment:
            kind, new, true = (segment[f"metrics/{name}"][:] for name in ("kind", "nll_new", "nll_true"))
            offsets = segment["metrics/offsets"][:]
            for i, edit in enumerate(segment["edits/edit"][:]):
                rows = slice(offsets[i], offsets[i + 1])
                values = {name: float(column[i]) for name, column in segment["diagnostics"].items()}
                values["efficacy"] = 100.0 * float((new[rows] < true[rows])[kind[rows] == 0].mean())
                for name, number in (("rewrite", 0), ("neighborhood", 2)):
                    for target, nlls_of in (("new", new), ("true", true)):
                        of_kind = [float(nll) for nll in nlls_of[rows][kind[rows] == number]]
                        if of_kind:
                            values[f"nll_{target}.{name}"] = sum(of_kind) / len(of_kind)
                edits[int(edit)] = {name: value for name, value in values.items() if math.isfinite(value)}
    return edits


def content_digest(file):
    """Of all datasets outside /provenance: their names and bytes. Tokens of targets, which ea0276a did not keep, are left
    out."""
    names = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    digest = hashlib.sha256()
    for name in sorted(name for name in names if not KEPT_LATER.search(name)):
        digest.update(name.encode() + b"\0" + file[name][()].tobytes())
    return digest.hexdigest()[:32]


def read_cell(folder, after=0):
    """Segments and reductions of a cell beyond edit `after`."""
    contents = {"fingerprints": {}, "nlls": {}, "reductions": {}}
    for path, match in committed(folder, SEGMENT):
        if int(match[2]) <= after:
            continue
        with h5py.File(path, "r") as file:
            contents["fingerprints"][str(int(match[2]))] = fingerprints(file)
            contents["nlls"].update({str(edit): rows for edit, rows in nlls(file).items() if edit > after})
    for path, match in committed(folder, REDUCTION):
        if int(match[2]) > after:
            with h5py.File(path, "r") as file:
                contents["reductions"][f"{match[1]} after {int(match[2])}"] = content_digest(file)
    return contents


def num_edits(folder):
    """The last committed edit of a cell."""
    return max((int(match[2]) for _, match in committed(folder, SEGMENT)), default=0)


def libtorch(sweep, after=None):
    """The LibTorch versions that wrote segments, of those beyond edit `after[cell]`."""
    versions = set()
    for name, folder in cells(sweep).items():
        for path, match in committed(folder, SEGMENT):
            if int(match[2]) > (after or {}).get(name, 0):
                with h5py.File(path, "r") as file:
                    versions.add(text(file["provenance"].attrs["library_libtorch"]))
    return versions


def arithmetics(sweep, after):
    """What the programs that wrote segments beyond edit `after[cell]` say that they computed with."""
    told = set()
    for name, folder in cells(sweep).items():
        for path, match in committed(folder, SEGMENT):
            if int(match[2]) > after.get(name, 0):
                with h5py.File(path, "r") as file:
                    told.add(text(file["provenance"].attrs["arithmetic"]))
    return told


def mixed(sweep):
    """Names of cells with a segment that says that edits before it were made with another arithmetic."""
    names = set()
    for name, folder in cells(sweep).items():
        for path, _ in committed(folder, SEGMENT):
            with h5py.File(path, "r") as file:
                if "mixed" in file["provenance"].attrs:
                    names.add(name)
    return names
