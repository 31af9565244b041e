#!/usr/bin/env python3
"""A sample of tests/blackbox/every_fault_at_every_site.py with the executor that holds a model: small-gpt2, ROME and FT-C.
Each executor of a sweep meets one fault more, at another step, and its rank is killed at each of some steps; the same command
without faults ends with the bits of an undisturbed sweep, every file whole. What has not struck when a sweep is complete is
asked for in another one; a fault that does not strike at all fails the test."""

import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import faulty_sweep  # noqa: E402

ROOT = pathlib.Path(os.environ["LETHE_ROOT"]).resolve()
EXECUTOR = [
    "moments.clear:kill:1",
    "file.write:short:2,file.write:kill:3",  # half a file
    "edit.done:segv:2",
    "edit.step:stop:1",
    "commit.named:kill:1",
    "file.sync:eio:1,file.sync:enospc:3,edit.committed:exit:1",
    "edit.resume:kill:1",
    "edit.snapshot:kill:1",
    "event.send:short:4,event.send:eio:7",
    "edit.prune:kill:1",
    "reduce.measure:kill:2",
    "reduce.committed:segv:1",
]
RANK = ["coordinator.commit:kill:2", "supervisor.event:segv:9", "executor.fork:kill:2", "outcome.write:exit:1"]
NEEDED = ["task.begin:exit:1"]  # where no fault is left for executors: one that ends, so that a second is forked
MAX_RUNS = 8
MAX_SWEEPS = 4


class Faults:
    """Those that have not struck yet, by who is to meet them."""

    def __init__(self):
        self.executors = list(EXECUTOR)
        self.ranks = list(RANK)
        self.num = sum(len(faults.split(",")) for faults in EXECUTOR + RANK)

    def left(self):
        return [fault for faults in self.executors + self.ranks for fault in faults.split(",")]

    def strike_off(self, sweep):
        struck = {fault for fault, _ in sweep.strikes()}
        for faults in (self.executors, self.ranks):
            faults[:] = [one for one in faults if not struck.issuperset(one.split(","))]


def disturb(sweep, faults):
    """Runs a sweep with the faults that are left until it is complete or none is left, and compares what comes of it."""
    for _ in range(MAX_RUNS):
        sweep.offer(faults.executors or NEEDED)
        status = sweep.run(fault=faults.ranks[0] if faults.ranks else "", is_patient=False)
        if status not in (0, 1, 17, 75, -9, -11):
            raise faulty_sweep.Failed(f"the sweep ends with {status}: {sweep.told()}")
        faults.strike_off(sweep)
        if status == 0 or not faults.left():
            break
    sweep.offer([])
    status = sweep.run()
    if status != 0 or sweep.state() != "COMPLETE":
        raise faulty_sweep.Failed(f"without faults: status {status}, {sweep.state()}: {sweep.told()}")
    sweep.world.expect_same(sweep.out)
    sweep.remove()


def main():
    faults = Faults()
    num_sweeps = 0
    with tempfile.TemporaryDirectory() as folder:
        world = faulty_sweep.World(ROOT, folder, is_real=True, edits=6)
        try:
            world.make_reference()
            while faults.left() and num_sweeps < MAX_SWEEPS:
                num_sweeps += 1
                disturb(faulty_sweep.Sweep(world, world.folder / f"disturbed{num_sweeps}"), faults)
        except faulty_sweep.Failed as failure:
            print(f"FAILED: {failure}")
            return 1
    left = faults.left()
    print(f"{faults.num - len(left)} of {faults.num} faults struck in {num_sweeps} sweep(s)")
    if left:
        print(f"FAILED: in {MAX_SWEEPS} sweeps did not strike: {', '.join(left)}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
