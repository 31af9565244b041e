"""The steps of scripts/gpu-check: build, sweep, tests, benchmarks. Each adds its results as it goes."""

import json
import os
import pathlib
import re
import shutil
import signal
import time

from gpu import steps
from gpu.steps import FAILED, OK, SKIPPED, TIMED_OUT

PROGRAMS = ("lethe", "lethe_executor", "lethe_bench")
BUILD_SECONDS = 420
SWEEP_SECONDS = 150
TEST_SECONDS = 180
ONE_TEST_SECONDS = 120
STOP_SECONDS = 60
# Each holds a context on the device, of some 0.5 GB.
MAX_TEST_JOBS = 8
BENCH_SECONDS = 90
# Not begun with less than this left: it would only be cut.
LEAST_SECONDS = 15

SWEEP_EDITS = 30
CHECKPOINT_EVERY = 10
SWEEP_METHODS = ("ft-c", "mend", "rome", "r-rome", "memit", "memit-seq", "alphaedit")
SWEEP_MODELS = ("small-gpt2", "small-gptj")
SHAPE = ("model", "num_layers", "width", "inner_width", "vocab_size", "block_weights")  # of the benchmarks' context
BENCH_METHODS = ("rome", "memit", "mend", "ft-c", "r-rome", "alphaedit", "memit-seq")


class Check:
    """What the steps share."""

    def __init__(self, root, out, build, runner, results, device, threads, after):
        self.root = root
        self.out = out
        self.build_folder = build
        self.runner = runner
        self.results = results
        self.device = device
        self.threads = threads
        self._after = after  # called after each result

    @property
    def bin(self):
        return self.build_folder / "bin"

    def add(self, step, status, seconds, **values):
        row = self.results.add(step, status, seconds, **values)
        reason = f": {row['why']}" if row.get("why") else ""
        print(f"gpu-check: {step}: {status} ({seconds:.0f} s){reason}", flush=True)
        self._after()

    def is_due(self, step):
        """False, and said, where it was done before or no time is left."""
        if self.results.is_done(step):
            print(f"gpu-check: {step}: done in an earlier call", flush=True)
            return False
        if self.runner.left() < LEAST_SECONDS:
            self.add(step, SKIPPED, 0.0, why="no time was left")
            return False
        return True

    def add_outcome(self, step, outcome, **values):
        why = {} if outcome.status == OK else {"why": _reason(outcome)}
        self.add(step, outcome.status, outcome.seconds, host_gb=round(outcome.peak_host_gb, 2),
                 gpu_gb=outcome.peak_gpu_gb and round(outcome.peak_gpu_gb, 2), **why, **values)  # fmt: skip


def _reason(outcome):
    if outcome.status == TIMED_OUT:
        return "its time limit"
    lines = [line.strip() for line in outcome.output.splitlines() if line.strip() and not line.startswith("==")]
    told = [line for line in lines if re.search(r"\berror\b|Error|failed|exception", line)]
    return (told or lines or [f"exit code {outcome.code}"])[-1][:300]


def build(check):
    """What sweeps and measures; true if it is there. Cheap where nothing changed, so never taken from an earlier call.
    The tests are built later: one that another compiler refuses costs only itself."""
    command = [check.root / "scripts" / "build", "-B", check.build_folder, "-D", "LETHE_BUILD_BENCH=ON", *PROGRAMS]
    outcome = check.runner.run(command, BUILD_SECONDS)
    found = re.findall(r"-- LibTorch (.*), BLAS", outcome.output)
    check.add_outcome("build", outcome, **({"torch": found[-1]} if found else {}))
    return outcome.status == OK


def _build_tests(check):
    """All that compiles; what does not is told and is no entry of ctest."""
    command = ["cmake", "--build", check.build_folder, "--parallel", os.cpu_count() or 1, "--", "-k", "0"]
    check.add_outcome("build/tests", check.runner.run(command, BUILD_SECONDS))


def _first_on_library_path(environment, folders):
    path = [*folders, *environment.get("LD_LIBRARY_PATH", "").split(":")]
    environment["LD_LIBRARY_PATH"] = ":".join(p for p in path if p)


def torch_libraries(located):
    """The folder of the LibTorch that cmake/LocateTorch.cmake names; None where it is the system's or there is none."""
    named = re.search(r"^directory=(.+)$", located, re.MULTILINE)
    folder = pathlib.Path(named[1]).parents[2] / "lib" if named else None
    return folder if folder and (folder / "libtorch.so").exists() else None


def prefer_torch(check):
    """LD_LIBRARY_PATH, which packed dependencies need, outdoes what a program was linked with: a machine that has a
    second LibTorch among its system's libraries would run that one."""
    located = check.runner.run(["cmake", "-P", check.root / "cmake/LocateTorch.cmake"], 60).output
    folder = torch_libraries(located)
    if folder:
        _first_on_library_path(check.runner.environment, [str(folder)])


def libraries_beside(torch_lib, missing):
    """Folders of a Python environment's packages that hold the libraries which a program does not find."""
    site = torch_lib.parent.parent
    folders = {str(path.parent) for name in missing for path in site.glob(f"nvidia/**/{name}")}
    return sorted(folders)


def complete_library_path(check):
    """What the executor's LibTorch does not find by itself is taken from the packages beside it."""
    listed = check.runner.run(["ldd", check.bin / "lethe-executor"], 20).output
    missing = re.findall(r"^\s*(\S+) => not found", listed, re.MULTILINE)
    if not missing:
        return
    torch = re.search(r"=> (\S+)/libtorch_cpu\.so", listed)
    folders = libraries_beside(pathlib.Path(torch[1]), missing) if torch else []
    print(f"gpu-check: not found by the programs themselves: {' '.join(missing)}; added: {' '.join(folders)}", flush=True)
    _first_on_library_path(check.runner.environment, folders)


def sweep_config(root, device, ranks):
    """The quickstart's world, cut to one sample and a few edits."""
    lines = [
        "name: gpu-check",
        f"device: {device}",
        "threads: 1",
        "seed: 37",
        *([f"executors_per_gpu: {ranks}"] if device == "cuda" else []),
        f"dataset: {{format: counterfact, records: {root}/assets/world/counterfact.json, "
        f"samples: {root}/assets/world/samples.json}}",
        "models:",
    ]
    for model in SWEEP_MODELS:
        lines += [f"  {model}:", f"    path: {root}/assets/{model}"]
        lines += [f"    second_moments: {{corpus: {root}/assets/world/corpus.txt}}", "    methods:"]
        lines += [f"      {method}: {root}/configs/methods/{method}/{model}.yaml" for method in SWEEP_METHODS]
    lines += [
        f"grid: {{methods: [{', '.join(SWEEP_METHODS)}], models: [{', '.join(SWEEP_MODELS)}], samples: [0]}}",
        f"edits: {SWEEP_EDITS}",
        f"checkpoint_every: {CHECKPOINT_EVERY}",
        f"forgetting_every: {CHECKPOINT_EVERY}",
        f"tasks_every: {SWEEP_EDITS}",
        f"tasks: [{root}/configs/tasks/small_sentiment.yaml, {root}/configs/tasks/small_inference.yaml]",
    ]
    return "\n".join(lines) + "\n"


def _segments(folder):
    return sum(1 for _ in folder.glob("cells/**/segment-*.h5"))


def _stop_in_the_middle(check, command, folder, limit):
    """Starts a sweep, asks it to stop when a third is committed; why that failed, empty if it did not."""
    wanted = len(SWEEP_METHODS) * len(SWEEP_MODELS) * SWEEP_EDITS // CHECKPOINT_EVERY // 3
    process = check.runner.start(command)
    try:
        end = time.monotonic() + min(limit * check.runner.stretch, check.runner.left())
        while process.poll() is None and _segments(folder) < wanted and time.monotonic() < end:
            time.sleep(0.05)
        if process.poll() is not None:
            return "it ended before it could be stopped"
        process.send_signal(signal.SIGTERM)
        code, _ = steps.wait(process, time.monotonic() + STOP_SECONDS)
    finally:
        if process.returncode is None:
            steps.end_group(process)
    if code is None:
        return f"it did not stop within {STOP_SECONDS} s of SIGTERM"
    state = (folder / "STATE").read_text().strip() if (folder / "STATE").exists() else "no STATE"
    return "" if state == "INCOMPLETE" else f"after SIGTERM its state is {state}"


def sweep(check, ranks):
    """One sweep whole, one stopped and resumed; both replayed and compared."""
    folder = check.out / "sweep"
    if not check.is_due("sweep"):
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = folder / "gpu-check.yaml"
    config.write_text(sweep_config(check.root, check.device, ranks))
    lethe = check.bin / "lethe"

    def command(name):
        return ["mpirun", "-n", ranks, lethe, "sweep", config, "--out", folder / name]

    whole = check.runner.run(command("whole"), SWEEP_SECONDS)
    num_edits = SWEEP_EDITS * len(SWEEP_METHODS) * len(SWEEP_MODELS)
    check.add_outcome("sweep", whole, edits=num_edits, ranks=ranks)
    if whole.status != OK:
        return
    begin = time.monotonic()
    problem = _stop_in_the_middle(check, command("stopped"), folder / "stopped", SWEEP_SECONDS)
    held = _segments(folder / "stopped")
    if problem:
        check.add("sweep/stop", FAILED, time.monotonic() - begin, why=problem)
        return
    check.add("sweep/stop", OK, time.monotonic() - begin, segments=held, of=_segments(folder / "whole"))
    check.add_outcome("sweep/resume", check.runner.run(command("stopped"), SWEEP_SECONDS))
    check.add_outcome("sweep/same-bits",
                      check.runner.run([lethe, "verify", "--same", folder / "whole", folder / "stopped"], 60))  # fmt: skip
    check.add_outcome("sweep/replay", check.runner.run([lethe, "verify", folder / "stopped"], SWEEP_SECONDS))


def tests(check):
    """The Torch suite on the device; those that run on the stand-in for one are not its business."""
    if not check.is_due("tests"):
        return
    _build_tests(check)
    jobs = max(1, min(MAX_TEST_JOBS, check.threads))
    outcome = check.runner.run(
        ["ctest", "--test-dir", check.build_folder, "-L", "torch", "-LE", "foreign", "--parallel", jobs,
         "--timeout", int(ONE_TEST_SECONDS * check.runner.stretch), "--output-on-failure", "--no-tests=error"],
        TEST_SECONDS, LETHE_TEST_DEVICE=check.device,
    )  # fmt: skip
    failed = re.findall(r"\[  FAILED  \] (\w+[./]\w+[\w./]*)(?:,| \()", outcome.output)
    programs = re.findall(r"Test\s+#\d+: (\S+) \.*\s*(?:\*+)?\s*(Passed|Failed|Timeout|Subprocess aborted|Exception|Not Run)",
                          outcome.output)  # fmt: skip
    check.add_outcome("tests", outcome, failed=sorted(set(failed)), programs=[f"{n}: {s}" for n, s in programs])


def read_benchmarks(path):
    """Results of a file of lethe_bench, also of one that was cut."""
    text = path.read_text() if path.exists() else ""
    for ending in ("", "]}"):
        try:
            return json.loads((text if not ending else text[: text.rfind("}") + 1]) + ending)
        except ValueError:
            continue
    return {"context": {}, "benchmarks": []}


def _bench(check, model, step, benchmarks, seconds):
    if not check.is_due(step):
        return
    file = check.out / "benchmarks.json"
    file.unlink(missing_ok=True)
    outcome = check.runner.run(
        [check.bin / "lethe_bench", f"--benchmark_filter={benchmarks}", f"--benchmark_out={file}",
         "--benchmark_out_format=json", f"--benchmark_min_time={seconds}", "--benchmark_min_warmup_time=0.2"],
        BENCH_SECONDS, LETHE_BENCH_MODEL=f"random:{model}", LETHE_BENCH_DEVICE=check.device,
        LETHE_BENCH_THREADS=str(check.threads),
    )  # fmt: skip
    measured = read_benchmarks(file)
    file.unlink(missing_ok=True)
    problems = [m["error_message"] for m in measured["benchmarks"] if m.get("error_occurred")]
    if problems and outcome.status == OK:
        outcome.status, outcome.output = FAILED, problems[-1]
    measured["benchmarks"] = [m for m in measured["benchmarks"] if not m.get("error_occurred")]
    context = {name: value for name, value in measured["context"].items() if name in SHAPE}
    check.add_outcome(step, outcome, context=context, benchmarks=measured["benchmarks"])


def benchmarks(check, model, with_peaks):
    if with_peaks:
        _bench(check, model, "bench/device", "^device/", 0.5)
    for method in BENCH_METHODS:
        _bench(check, model, f"bench/{model}/{method}", f"^edit/{method}/", 2)
    _bench(check, model, f"bench/{model}/scores", "^(score_record|ask_edit_prompts)", 0.5)
    _bench(check, model, f"bench/{model}/tasks", "^task(_again)?/", 0.2)
