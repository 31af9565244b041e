#!/usr/bin/env python3
"""Whatever the system refuses a rank, the sweep's exit status, STATE and status.json say one thing, and the same command
then ends with the bits of an undisturbed sweep.

Every call and every write of a rank and of its zygote (core/fault_sites.h) fails with EIO and ENOSPC at its 1st to 5th
time: in a new folder, and in one whose sweep is complete. A read error passes: the sweep ends with 0. A full disk is said
at once, with 75, INCOMPLETE, and with STATE and all records as they were where nothing could be begun. Nothing ends with 1,
which is for what no other try can mend, but for work that was given up: POISONED. Executors are `fake_executor`. A run of the
tests takes one fault in three, `--share 1` all."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import faulty_sweep  # noqa: E402

ROOT = pathlib.Path(os.environ["LETHE_ROOT"]).resolve()
ERRORS = ("eio", "enospc")
TIMES = range(1, 6)
STATES = {0: "COMPLETE", 1: "POISONED", 75: "INCOMPLETE"}
RECORDS = ("STATE", "status.json", "events.jsonl", "experiment.json", "inspection.json")
# Of those that end well, so many are compared in full; of all others each.
COMPARED = 8
# Children of the zygote meet it, each for itself: a failure of all of them, the inspection's or the executors'.
LASTING = "executor.descriptors:"


def status_of(sweep):
    path = sweep.out / "status.json"
    return json.loads(path.read_text()) if path.is_file() else {"failures": [], "stopped": ""}


def records_of(sweep):
    return {name: (sweep.out / name).read_bytes() for name in RECORDS if (sweep.out / name).is_file()}


class Trial:
    """One fault, in a new folder or in a complete one."""

    def __init__(self, world, fault, begins_complete):
        self.world = world
        self.fault = fault
        self.begins_complete = begins_complete
        self.has_struck = False

    def run(self):
        """Returns what is wrong, or nothing."""
        name = self.fault.replace(":", ".") + (".complete" if self.begins_complete else "")
        sweep = faulty_sweep.Sweep(self.world, self.world.folder / name)
        try:
            if self.begins_complete:
                shutil.copytree(self.world.folder / "undisturbed", sweep.out)
            before = records_of(sweep)
            status = sweep.run(fault=self.fault)
            self.has_struck = bool(sweep.strikes())
            problem = self.disagreement(sweep, status, before)
            is_compared = status != 0 or zlib.crc32(name.encode()) % COMPARED == 0
            return problem or (self.what_next(sweep) if is_compared else None)
        except faulty_sweep.Failed as failure:
            return str(failure)
        finally:
            sweep.remove()

    def disagreement(self, sweep, status, before):
        state, told, written = sweep.state(), sweep.told(), status_of(sweep)
        if status == 75 and records_of(sweep) == before:
            state = "INCOMPLETE"  # nothing was begun
        is_lasting = self.fault.startswith(LASTING)
        if state != STATES.get(status) or (status == 1 and not is_lasting):
            return f"exit status {status}, STATE {state!r}: {told}"
        if (status == 1) != bool(written["failures"]) or (status == 0 and written["stopped"]):
            return f"exit status {status}, STATE {state}, and status.json says {written}"
        if status == 75 and "run again" not in told:
            return f"exit status {status}, and no word of what to do: {told}"
        if status == 75 and ":eio:" in self.fault and not is_lasting:
            return f"a single read error stops the sweep: {told}"
        return None

    def what_next(self, sweep):
        status = sweep.run()
        if status != 0 or sweep.state() != "COMPLETE":
            return f"without the fault: status {status}, {sweep.state()}: {sweep.told()}"
        self.world.expect_same(sweep.out)
        return None


def trials(world):
    for site, kind, programs in faulty_sweep.sites(ROOT):
        if kind == "Step" or not {"rank", "zygote"} & set(programs):
            continue
        for error in ERRORS + (("short",) if kind == "Write" else ()):
            for time in TIMES:
                for begins_complete in (False, True):
                    yield Trial(world, f"{site}:{error}:{time}", begins_complete)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=int, default=3, help="every so many-th fault; 1: all")
    parser.add_argument("--only", default="", help="a regular expression that the fault matches")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = faulty_sweep.World(ROOT, folder)
        world.make_reference()
        chosen = [one for one in trials(world) if re.search(options.only, one.fault)][:: options.share]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            problems = list(pool.map(Trial.run, chosen))
    for trial, problem in zip(chosen, problems):
        if problem:
            print(f"FAILED: {trial.fault}{' in a complete folder' if trial.begins_complete else ''}: {problem}")
    silent = {one.fault.rsplit(":", 1)[0] for one in chosen} - {one.fault.rsplit(":", 1)[0] for one in chosen if one.has_struck}
    print(f"{sum(one.has_struck for one in chosen)} of {len(chosen)} faults struck; never: {', '.join(sorted(silent)) or 'none'}")
    has_all = options.share == 1 and not options.only
    return 1 if any(problems) or (has_all and silent) or not any(one.has_struck for one in chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
