#!/usr/bin/env python3
"""How each verb ends when its process gets a signal. A stop (SIGINT, SIGTERM, SIGUSR1, SIGUSR2) before the end is told and is status 75, while
libraries are loaded and in mid-work; a signal that ends a verb is its status, or is named where it ended the executor that the verb waits for. No
process stays, no half folder stays after a stop, and the same command then comes to its end.

LETHE_ROOT is a checkout with build/bin (or PROGRAMS names another folder) and assets/."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import input_world

ROOT = pathlib.Path(os.environ["LETHE_ROOT"]).resolve()
LETHE = str(pathlib.Path(os.environ.get("PROGRAMS", ROOT / "build/bin")) / "lethe")
SECONDS = 240
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)
ENDS = {signal.SIGKILL: "signal 9 (Killed)", signal.SIGSEGV: "signal 11 (Segmentation fault)"}
CELL = ("--cell", "alphaedit/m/sample0")
FACT = ("--prompt", "{} wears a ring of", "--subject", "Tamfas", "--target", "agate")

# Verbs that become the executor. The second: work of its own that is told as it goes on ("stage=..."), where a stop is asked for between two steps.
HANDED_OVER = {
    ("cell", "c9.yaml", *CELL, "--out", "celled"): True,
    ("stats", "c9.yaml", "--out", "stats"): True,
    ("edit", "m", *FACT, "--corpus", "corpus.txt", "--to", "edited"): True,
    ("train-mend", "training-sweep.yaml", "--out", "trained"): True,
    ("diagnose", "zsre", "c9.yaml", "--method", "alphaedit", "--model", "m", "--out", "diagnosed"): True,
    ("verify", "out"): True,
    ("verify", "--same", "out", "out"): False,
    ("export", "out", *CELL, "--edits", "2", "--to", "exported"): False,
    ("generate", "out", *CELL, "--edits", "2", "--prompt", "Tamfas", "--tokens", "4"): False,
    ("report", "out", "--no-figures"): False,
    ("report", "out", "out", "--out", "both", "--no-figures"): False,
    ("samples", "records.json", "--out", "orders.json"): False,
    ("diagnose", "recall", "--model", "m", "--records", "records.json"): False,
    ("doctor",): False,
}
# Verbs that start an executor and wait for it.
WAITING = (("plan", "c9.yaml", "--out", "planned"), ("sweep", "c2.yaml", "--out", "swept"))
# Status of the whole command: doctor says what is wrong with this machine.
MAY_FAIL = {("doctor",)}


class Process:
    """A verb at work, and what it said."""

    def __init__(self, world, arguments):
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen([LETHE, *arguments], cwd=world, stdin=subprocess.DEVNULL, stdout=self.said, stderr=subprocess.STDOUT)

    def text(self):
        self.said.seek(0)
        return self.said.read().decode(errors="replace")

    def until(self, is_so, what):
        deadline = time.monotonic() + SECONDS
        while not (found := is_so()):
            assert time.monotonic() < deadline and self.process.poll() is None, f"never {what}: {self.text()}"
            time.sleep(0.005)
        return found

    def is_executor(self):
        return os.readlink(f"/proc/{self.process.pid}/exe").endswith("/lethe-executor")

    def inspecting(self):
        """The process of the executor that this one waits for: a child of its zygote."""
        def children(pid):
            try:
                return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except OSError:
                return []
        for zygote in children(self.process.pid):
            for child in children(zygote):
                try:
                    if b"\0inspect\0" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes():
                        return int(child)
                except OSError:
                    pass
        return None

    def end(self):
        """(exit status, what was said); negative after a signal. Everything that it began is gone by then, or soon."""
        return self.process.wait(timeout=SECONDS), self.text()


def ends_told(world, arguments, number, status, text, moment, target):
    """A fault as text where a verb that gets a signal at a moment ends otherwise."""
    verb = Process(world, arguments)
    try:
        found = verb.until(lambda: moment(verb), "so far")
        os.kill(target(verb, found), number)
        ended, said = verb.end()
    finally:
        verb.process.kill()
    if ended == status and (text is None or text in said):
        return []
    return [f"{' '.join(arguments)}: {number.name}: status {ended} instead of {status}, told \"{text}\"\n{said[-1500:]}"]


def stop_text(number):
    return f"stopped by {number.name} before the end; run again"


def handed_over(world, arguments, tells, number):
    own = lambda verb, found: verb.process.pid
    faults = []
    for stop in (signal.SIGTERM, STOPS[1 + number % 3]):
        faults += ends_told(world, arguments, stop, 75, stop_text(stop), Process.is_executor, own)
    if tells:
        faults += ends_told(world, arguments, signal.SIGTERM, 75, stop_text(signal.SIGTERM), lambda verb: "stage=" in verb.text(), own)
    left = [path.name for pattern in ("edited*", "exported*") for path in world.glob(pattern)]
    faults += [f"{' '.join(arguments)}: left {left} behind"] if left else []
    # It is the signal's: whoever started it sees which.
    for end in ENDS:
        faults += ends_told(world, arguments, end, -end, None, Process.is_executor, own)
    return faults


def waiting(world, arguments, number):
    faults = []
    for stop in STOPS:
        faults += ends_told(world, arguments, stop, 75, stop_text(stop), Process.inspecting, lambda verb, found: verb.process.pid)
    for end, name in ENDS.items():
        faults += ends_told(world, arguments, end, 1, f"inspect ended with {name}", Process.inspecting, lambda verb, found: found)
    return faults


def drawing(world):
    """A report that is stopped while Python draws: it draws no more, and the folder that it draws in goes."""
    def has_begun(verb):
        return any((world / "out/report").glob(".drawing-*/plot_figures.log"))
    if not any(draws(python) for python in (os.environ.get("LETHE_PYTHON"), "/usr/bin/python3", "python3")):
        return []
    faults = ends_told(world, ("report", "out"), signal.SIGTERM, 75, stop_text(signal.SIGTERM), has_begun, lambda verb, found: verb.process.pid)
    left = [path.name for path in (world / "out/report").glob(".drawing-*")]
    drawers = [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if str(world).encode() in content_of(path)]
    faults += [f"report: left {left + drawers} behind"] if left or drawers else []
    said = (world / "out/report/summary.md").read_text()
    return faults if "stopped before they were drawn" in said else [*faults, "report: summary.md does not say what it left out"]


def draws(python):
    try:
        return python and subprocess.run([python, "-I", "-c", "import h5py, numpy, matplotlib"], capture_output=True).returncode == 0
    except OSError:
        return False


def content_of(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def comes_to_its_end(world, arguments):
    ended, said = Process(world, arguments).end()
    return [] if ended == 0 or arguments in MAY_FAIL else [f"{' '.join(arguments)}: status {ended} when nobody stops it\n{said[-1500:]}"]


def main():
    base = pathlib.Path(tempfile.mkdtemp())
    try:
        world = base / "world"
        world.mkdir()
        input_world.make_inputs(world, ROOT)
        (world / "c9.yaml").write_text((world / "c2.yaml").read_text().replace("edits: 2", "edits: 9"))
        ended, said = Process(world, ("sweep", "c2.yaml", "--out", "out")).end()
        assert ended == 0, said
        faults = []
        for number, (arguments, tells) in enumerate(HANDED_OVER.items()):
            faults += handed_over(world, arguments, tells, number)
        for number, arguments in enumerate(WAITING):
            faults += waiting(world, arguments, number)
        faults += drawing(world)
        for arguments in (*HANDED_OVER, *WAITING):
            faults += comes_to_its_end(world, arguments)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print("\n".join(faults) or f"{len(HANDED_OVER) + len(WAITING)} verbs end as they are told")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
