#!/usr/bin/env python3
"""A sample of tests/blackbox/every_fault_at_every_site.py with the executor that holds a model: small-gpt2, ROME and FT-C.
Each executor of a sweep meets one fault more, at another step; the same command without faults ends with the bits of an
undisturbed sweep, every file whole, and so does a sweep whose rank is killed at each of some steps."""

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
MAX_RUNS = 8


def disturb(world):
    """One sweep, run until all faults that can strike have; returns those that have."""
    sweep = faulty_sweep.Sweep(world, world.folder / "disturbed")
    struck, ranks = set(), list(RANK)
    left = list(EXECUTOR)
    for _ in range(MAX_RUNS):
        sweep.offer(left)
        status = sweep.run(fault=ranks[0] if ranks else "", is_patient=False)
        if status not in (0, 1, 17, 75, -9, -11):
            raise faulty_sweep.Failed(f"the sweep ends with {status}: {sweep.told()}")
        struck = {fault for fault, _ in sweep.strikes()}
        left = [fault for fault in left if not struck.issuperset(fault.split(","))]
        ranks = [fault for fault in ranks if fault not in struck]
        if status == 0:
            break
    sweep.offer([])
    status = sweep.run()
    if status != 0 or sweep.state() != "COMPLETE":
        raise faulty_sweep.Failed(f"without faults: status {status}, {sweep.state()}: {sweep.told()}")
    world.expect_same(sweep.out)
    return struck


def main():
    asked = {one for faults in [*EXECUTOR, *RANK] for one in faults.split(",")}
    with tempfile.TemporaryDirectory() as folder:
        world = faulty_sweep.World(ROOT, folder, is_real=True, edits=6)
        try:
            world.make_reference()
            struck = disturb(world)
        except faulty_sweep.Failed as failure:
            print(f"FAILED: {failure}")
            return 1
    print(f"{len(struck)} of {len(asked)} faults struck; not: {', '.join(sorted(asked - struck)) or 'none'}")
    if len(struck) < 0.7 * len(asked):
        print("FAILED: too few")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
