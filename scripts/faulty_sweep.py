"""Small sweeps that are disturbed on purpose, for tests/blackbox/ and scripts/soak: how they are started, watched, ended
and compared with an undisturbed one. Programs are those of a build; what a test asks of them is in the environment
(LETHE_FAULT, see core/fault.h)."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

FAKE_CONFIG = """\
dataset: {records: records.json, samples: samples.json}
models:
  small:
    path: model
    second_moments: {corpus: corpus.txt, documents_per_slice: 400}
    methods: {rome: {layer: 0}, ft-c: {layer: 0, linf_bound: 0.01}}
grid: {methods: [rome, ft-c], samples: [0, 1]}
edits: EDITS
checkpoint_every: 4
forgetting_every: 4
keep_snapshots: newest
"""
REAL_CONFIG = """\
name: faulty
device: cpu
threads: 1
seed: 37
dataset: {format: counterfact, records: ASSETS/world/counterfact.json, samples: ASSETS/world/samples.json}
models:
  m:
    path: ASSETS/small-gpt2
    second_moments: {corpus: ASSETS/world/corpus.txt, max_documents: 300, documents_per_slice: 100}
    methods: {rome: CONFIGS/rome/small-gpt2.yaml, ft-c: CONFIGS/ft-c/small-gpt2.yaml}
grid: {methods: [rome, ft-c], samples: [0, 1]}
edits: EDITS
checkpoint_every: 2
forgetting_every: 2
keep_snapshots: newest
"""
# Each executor takes the next of the faults that lie in $FAULTS; what the rank was given is none of its own.
WRAPPER = """\
#!/bin/sh
unset LETHE_FAULT
if [ "$1" = serve ]; then
  for fault in "$FAULTS"/*.fault; do
    mv "$fault" "$fault.taken" 2>/dev/null || continue
    export LETHE_FAULT=$(cat "$fault.taken")
    break
  done
fi
exec "$EXECUTOR" "$@"
"""
STRIKES = re.compile(r"LETHE_FAULT: (\S+) strikes in process (\d+)")
SITE = re.compile(r'FaultSiteFacts\{"([\w.]+)", FaultKind::k(\w+), "([\w, ]+)", "([^"]+)"\}')
SECONDS = 120  # that a run may take, by far
OUTLIVING_SECONDS = 10  # that what is left of a run may take to end


def sites(root):
    """[(name, kind, programs)] of the registry."""
    rows = SITE.findall((root / "core/fault_sites.h").read_text())
    return [(name, kind, programs.split(", ")) for name, kind, programs, _ in rows]


class Failed(Exception):
    """A promise is broken; the text says which, and what was told."""


class World:
    """A config, the programs, and the undisturbed sweep that others are compared with."""

    def __init__(self, root, folder, is_real=False, edits=12):
        programs = pathlib.Path(os.environ.get("PROGRAMS", root / "build/bin"))
        self.lethe = str(programs / "lethe")
        self.executor = str(programs / ("lethe-executor" if is_real else "fake_executor"))
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "c.yaml"
        text = REAL_CONFIG if is_real else FAKE_CONFIG
        text = text.replace("ASSETS", str(root / "assets")).replace("CONFIGS", str(root / "configs/methods"))
        self.config.write_text(text.replace("EDITS", str(edits)))
        self.wrapper = self.folder / "executor"
        self.wrapper.write_text(WRAPPER)
        self.wrapper.chmod(0o755)
        self.hang_seconds = "1" if is_real else "0.3"

    def make_reference(self):
        """The sweep that nobody disturbs; returns how long it took."""
        begin = time.monotonic()
        sweep = Sweep(self, self.folder / "undisturbed")
        if sweep.run() != 0:
            raise Failed("the undisturbed sweep: " + sweep.told())
        return time.monotonic() - begin

    def verify(self, *arguments):
        """Exit status and output of `lethe verify`, by the program that reads HDF5."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        environment.pop("LETHE_FAULT", None)
        done = subprocess.run([self.lethe, "verify", *map(str, arguments)], env=environment, cwd=self.folder, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
        return done.returncode, done.stdout.decode(errors="replace")

    def expect_same(self, out):
        """Bit for bit the results of the undisturbed sweep, all of them there, and every file whole."""
        for arguments in (("--same", self.folder / "undisturbed", out), ("--digests", out)):
            status, told = self.verify(*arguments)
            if status != 0:
                raise Failed(f"verify {' '.join(map(str, arguments))} ends with {status}:\n{told}")


class Sweep:
    """One folder, and the runs of a sweep in it."""

    def __init__(self, world, out):
        self.world = world
        self.out = pathlib.Path(out)
        self.faults = self.out.with_name(self.out.name + ".faults")
        self.output = self.out.with_name(self.out.name + ".output")
        self.faults.mkdir(parents=True, exist_ok=True)
        self.process = None
        self.processes = set()

    def start(self, *, fault="", ranks=0, faulty_rank=None, is_patient=True):
        """Begins a run; `fault` is for the rank, or for one of the `ranks` under mpirun. An impatient run takes what is
        silent for a moment for a hang."""
        environment = {**os.environ, "LETHE_EXECUTOR": str(self.world.wrapper), "EXECUTOR": self.world.executor,
                       "FAULTS": str(self.faults), "LETHE_RETRY_SECONDS": "0.02", "LETHE_KILL_GRACE_SECONDS": "0.1",
                       "LETHE_PROGRESS": "lines", "LETHE_FAKE_MEMORY": str(self.faults), "OMPI_ALLOW_RUN_AS_ROOT": "1",
                       "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1"}
        environment.pop("LETHE_FAULT", None)
        if not is_patient:
            environment["LETHE_HANG_SECONDS"] = self.world.hang_seconds
        command = [self.world.lethe, "sweep", str(self.world.config), "--out", str(self.out)]
        if ranks and faulty_rank is None:
            command = ["mpirun", "-n", str(ranks), *command]
        elif ranks:
            chosen = f'[ "$OMPI_COMM_WORLD_RANK" != {faulty_rank} ] || export LETHE_FAULT={fault}; exec "$@"'
            command = ["mpirun", "-n", str(ranks), "sh", "-c", chosen, "sh", *command]
        elif fault:
            environment["LETHE_FAULT"] = fault
        self.processes = set()
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(command, env=environment, cwd=self.world.folder, stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, start_new_session=True)

    def wait(self, seconds=SECONDS, wakes=frozenset()):
        """Exit status of the run; a process that a fault of `wakes` has stopped is told to go on. None: it still runs."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() >= end:
                return None
            for fault, process in self.strikes() if wakes else ():
                if fault in wakes and state_of(process) == "T":
                    time.sleep(0.1)
                    os.kill(process, signal.SIGCONT)
            time.sleep(0.02)
        return self.process.returncode

    def run(self, *, wakes=frozenset(), **options):
        """start and wait; no process of the run is left when it returns."""
        self.start(**options)
        try:
            status = self.wait(wakes=wakes)
        finally:
            self.end()
        if status is None:
            raise Failed(f"{self.out.name}: a run did not end within {SECONDS} s: {self.told()}")
        return status

    def remember_processes(self):
        """Whoever belongs to the run now is to be gone when it ends, though its parent may end first."""
        self.processes.update(descendants(self.process.pid))

    def end(self):
        """Kills what is left of the run. What is there OUTLIVING_SECONDS later, with its parents gone, has outlived them."""
        self.remember_processes()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        end = time.monotonic() + OUTLIVING_SECONDS
        while left := [process for process in self.processes if state_of(process) not in ("", "Z")]:
            if time.monotonic() > end:
                words = [pathlib.Path(f"/proc/{process}/cmdline").read_text() for process in left]
                for process in left:
                    kill(process, signal.SIGKILL)
                raise Failed(f"{self.out.name}: processes outlive the sweep: {words}")
            time.sleep(0.01)

    def offer(self, faults):
        """Faults for the next executors, one each."""
        for path in self.faults.iterdir():
            path.unlink()
        for number, fault in enumerate(faults):
            (self.faults / f"{number:03}.fault").write_text(fault + "\n")

    def strikes(self):
        """[(fault, process)] that have struck in this folder."""
        return [(fault, int(process)) for fault, process in STRIKES.findall(self.told())]

    def told(self):
        """Everything said by the sweep and its executors."""
        paths = [self.output, *sorted((self.out / "logs").glob("rank-*.log"))]
        return "".join(path.read_text(errors="replace") for path in paths if path.is_file())

    def state(self):
        path = self.out / "STATE"
        return path.read_text().strip() if path.is_file() else ""

    def remove(self):
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.rmtree(self.faults, ignore_errors=True)
        self.output.unlink(missing_ok=True)


def state_of(process):
    """The letter of a process's state, "" where there is none."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def parent_of(process):
    """The number of its parent; 0 where there is no such process."""
    try:
        return int(pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def descendants(process):
    """Its children, theirs, and so on, by the parents that /proc names."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            children.setdefault(parent_of(entry.name), []).append(int(entry.name))
    found, todo = [], [process]
    while todo:
        more = children.get(todo.pop(), [])
        found += more
        todo += more
    return found


def kill(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass
