#!/usr/bin/env python3
"""Every fault at every site of core/fault_sites.h, in the program that comes by it: the sweep goes on or fails, never hangs,
and the same command without the fault ends with the bits of an undisturbed sweep, every file whole.

Executors are `fake_executor`: real files, real protocol, a model of twelve numbers. A fault in an executor strikes in one
executor of a sweep; in a rank, in the run of it. A stopped executor is left to the hang limit, a stopped rank or zygote is
told to go on after a while, as after a suspended job. A fault that does not strike fails the test.

Of the sites every 1/SHARE is tried (argument --share, default 1: all); --only REGEX picks by "<program> <site>"."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import faulty_sweep  # noqa: E402

ROOT = pathlib.Path(os.environ["LETHE_ROOT"]).resolve()
ENDS = ["exit", "kill", "segv"]
# Without edquot, the same as enospc where files are written (core/error.cpp).
ACTIONS = {"Step": [*ENDS, "stop", "delay"], "Call": [*ENDS, "stop", "delay", "enospc", "eio"]}
ACTIONS["Write"] = [*ACTIONS["Call"], "short"]
# Ranks come by these often: the fault is to strike when there is something to lose.
LATE = {"message.send": 12, "message.take": 12, "supervisor.event": 10, "event.read": 10, "coordinator.commit": 5,
        "file.create": 6, "file.sync": 6, "file.close": 6, "journal.write": 15, "log.write": 3,
        "coordinator.assign": 3, "coordinator.done": 3, "supervisor.assign": 3, "command.send": 3, "file.read": 4,
        "edit.step": 7, "edit.done": 6, "event.send": 9, "folder.list": 9, "file.link": 4, "file.unlink": 3,
        "executor.fork": 2, "commit.written": 4, "commit.named": 5, "folder.sync": 4, "reduce.committed": 2, "reduce.commit": 3}
# Of an executor, which first makes second moments, the first segments.
LATE_OF_EXECUTOR = {"file.write": 20, "file.create": 7, "file.sync": 12, "file.close": 7, "file.link": 7, "file.unlink": 7,
                    "commit.written": 7, "commit.named": 8}
# What a site needs to be come by: another fault.
NEEDS = {"coordinator.failed": "task.begin:exit:1", "executor.ended": "task.begin:exit:1"}
MAX_ROUNDS = 30


def status_is_right(status, fault):
    """A rank that a fault has ended says so; all else ends with a status of the sweep's own."""
    action = fault.split(":")[1] if fault else ""
    return status in (0, 1, 75, {"exit": 17, "kill": -9, "segv": -11}.get(action, 0))


class Trial:
    """All faults of one site in one program, in as few sweeps as they allow."""

    def __init__(self, world, program, site, kind):
        self.world = world
        self.program = program
        self.site = site
        late = {**LATE, **LATE_OF_EXECUTOR} if program == "executor" else LATE
        self.number = late.get(site, 1)
        self.actions = list(ACTIONS[kind])
        self.num_struck = 0
        self.num_sweeps = 0
        self.sweep = None

    def run(self):
        """Returns what is wrong, or nothing."""
        try:
            for _ in range(MAX_ROUNDS):
                if not self.actions:
                    return None
                self.one_round()
            return f"did not strike in {MAX_ROUNDS} runs: {', '.join(self.actions)}"
        except faulty_sweep.Failed as failure:
            return str(failure)
        finally:
            if self.sweep:
                self.sweep.remove()

    def new_sweep(self):
        self.num_sweeps += 1
        self.sweep = faulty_sweep.Sweep(self.world, self.world.folder / f"{self.program}.{self.site}.{self.num_sweeps}")

    def one_round(self):
        """A run with the faults that are left, and what has struck struck off; a sweep that is complete is compared."""
        if self.sweep is None:
            self.new_sweep()
        before = set(self.sweep.strikes())
        if self.program == "executor":
            status = self.disturb_executors()
        else:
            status = self.disturb_rank()
        struck = [fault for fault, _ in set(self.sweep.strikes()) - before if fault.startswith(self.site + ":")]
        self.actions = [action for action in self.actions if f"{self.site}:{action}:" not in " ".join(struck)]
        self.num_struck += len(set(struck))
        if not struck and self.number > 1:
            self.number //= 2
        if status == 0 or not self.actions:
            self.finish()

    def disturb_executors(self):
        self.sweep.offer(f"{self.site}:{action}:{self.number}" for action in self.actions)
        status = self.sweep.run(is_patient=False)
        if not status_is_right(status, ""):
            raise faulty_sweep.Failed(f"a faulty executor: the sweep ends with {status}: {self.sweep.told()}")
        return status

    def disturb_rank(self):
        fault = f"{self.site}:{self.actions[0]}:{self.number}"
        wakes = {fault} if ":stop:" in fault else frozenset()
        self.sweep.offer([NEEDS[self.site]] if self.site in NEEDS else [])
        ranks = {"fault": fault, "wakes": wakes}
        if self.program == "rank 1":
            ranks.update(ranks=2, faulty_rank=1)
        status = self.sweep.run(**ranks)
        if self.sweep.state() == "POISONED":
            raise faulty_sweep.Failed(f"{fault}: work was given up: {self.sweep.told()}")
        # mpirun has statuses of its own for ranks that are killed.
        if self.program != "rank 1" and not status_is_right(status, fault):
            raise faulty_sweep.Failed(f"{fault}: the sweep ends with {status}: {self.sweep.told()}")
        return status

    def finish(self):
        """The same command without a fault."""
        self.sweep.offer([])
        status = self.sweep.run()
        if status != 0 or self.sweep.state() != "COMPLETE":
            raise faulty_sweep.Failed(f"without the fault: status {status}, {self.sweep.state()}: {self.sweep.told()}")
        self.world.expect_same(self.sweep.out)
        self.sweep.remove()
        self.sweep = None


def trials(world):
    for site, kind, programs in faulty_sweep.sites(ROOT):
        for program in programs:
            yield Trial(world, program, site, kind)
        if "rank" in programs and site.split(".")[0] in ("message", "supervisor", "command", "event", "log"):
            yield Trial(world, "rank 1", site, kind)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = faulty_sweep.World(ROOT, folder)
        world.make_reference()
        chosen = [one for one in trials(world) if re.search(options.only, f"{one.program} {one.site}")][:: options.share]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            problems = list(pool.map(Trial.run, chosen))
    for trial, problem in zip(chosen, problems):
        if problem:
            print(f"FAILED: {trial.program} {trial.site}: {problem}")
    print(f"{sum(one.num_struck for one in chosen)} faults at {len({one.site for one in chosen})} sites, "
          f"{sum(one.num_sweeps for one in chosen)} sweeps compared")
    return 1 if any(problems) or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
