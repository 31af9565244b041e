"""Commands under a time limit, what they took, and the results as they come."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

TAIL_LINES = 12
GRACE_SECONDS = 10
POLL_SECONDS = 0.05
USUAL_MINUTES = 12
OK, FAILED, TIMED_OUT, SKIPPED = "ok", "failed", "timed out", "skipped"


@dataclasses.dataclass
class Outcome:
    status: str
    seconds: float
    output: str
    code: int | None = None
    peak_host_gb: float = 0.0
    peak_gpu_gb: float | None = None

    @property
    def tail(self):
        return "\n".join(self.output.splitlines()[-TAIL_LINES:])


class GpuMemory:
    """Memory in use on the first visible GPU, asked of nvidia-smi while a command runs: contexts and what LibTorch keeps
    included."""

    def __init__(self, program):
        self._program = program
        self._peak_mb = 0.0
        self._before_mb = 0.0

    def __enter__(self):
        if not self._program:
            return self
        first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
        which = ["-i", first] if first else ["-i", "0"]
        query = [self._program, "--query-gpu=memory.used", "--format=csv,noheader,nounits", *which]
        try:
            self._before_mb = float(subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()[0])
            self._process = subprocess.Popen([*query, "-lms", "100"], stdout=subprocess.PIPE, text=True)
        except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
            self._program = None
            return self
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def _read(self):
        for line in self._process.stdout:
            if line.strip().isdigit():
                self._peak_mb = max(self._peak_mb, float(line))

    def __exit__(self, *_):
        if self._program:
            self._process.terminate()
            self._process.wait()

    @property
    def peak_gb(self):
        """Above what was in use before; None where nobody counted."""
        return (self._peak_mb - self._before_mb) * 1.048576e-3 if self._program and self._peak_mb else None


class Runner:
    """Runs commands until the time is up, each with a limit of its own, for 12 minutes in all and stretched for more; all
    that they print goes to one log."""

    def __init__(self, log, minutes, environment, smi=None):
        self.log = log
        self.deadline = time.monotonic() + 60 * minutes
        self.stretch = max(1.0, minutes / USUAL_MINUTES)
        self.environment = environment
        self.smi = smi

    def left(self):
        return self.deadline - time.monotonic()

    def start(self, command, **environment):
        self._write(f"\n== {' '.join(str(c) for c in command)}\n")
        with self.log.open("a") as log:
            return subprocess.Popen(
                [str(c) for c in command],
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, command, limit, **environment):
        begin = time.monotonic()
        end = begin + max(1.0, min(limit * self.stretch, self.left()))
        offset = self.log.stat().st_size if self.log.exists() else 0
        with GpuMemory(self.smi) as memory:
            process = self.start(command, **environment)
            try:
                code, usage = wait(process, end)
                is_late = code is None
            finally:  # also where this program is told to leave
                if process.returncode is None:
                    code, usage = end_group(process)
        text = self.log.read_bytes()[offset:].decode(errors="replace")
        status = TIMED_OUT if is_late else OK if code == 0 else FAILED
        seconds = time.monotonic() - begin
        self._write(f"== {status}, exit code {code}, {seconds:.1f} s\n")
        return Outcome(status, seconds, text, code, usage.ru_maxrss * 1.024e-6, memory.peak_gb)

    def _write(self, text):
        with self.log.open("a") as log:
            log.write(text)


def _reap(process, flags):
    pid, status, usage = os.wait4(process.pid, flags)
    if pid == 0:
        return None, None
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def wait(process, end):
    while time.monotonic() < end:
        code, usage = _reap(process, os.WNOHANG)
        if usage:
            return code, usage
        time.sleep(POLL_SECONDS)
    return None, None


def end_group(process):
    """The whole group, in order first."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    code, usage = wait(process, time.monotonic() + GRACE_SECONDS)
    if usage is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code, usage = _reap(process, 0)
    return code, usage


class Results:
    """One JSON object a line, written as it comes. A later call with the same key finds what was done."""

    def __init__(self, path: pathlib.Path, key):
        self._path = path
        self._key = key
        self.rows = {}
        if path.exists():
            for line in path.read_text().splitlines():
                self._take(line)

    def _take(self, line):
        try:
            row = json.loads(line)
        except ValueError:
            return  # cut by a kill
        if row.get("key") == self._key:
            self.rows[row["step"]] = row

    def is_done(self, step):
        return self.rows.get(step, {}).get("status") == OK

    def add(self, step, status, seconds, **values):
        row = {"step": step, "status": status, "seconds": round(seconds, 2), **values, "key": self._key}
        self.rows[step] = row
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return row
