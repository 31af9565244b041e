"""What the architecture tests share: the tree as git sees it, and C++ text without comments and strings."""

import functools
import os
import pathlib
import re
import subprocess

# The tree that is checked: this one, or a broken copy that the checks must complain about.
ROOT = pathlib.Path(os.environ.get("LETHE_CHECKED_TREE", pathlib.Path(__file__).resolve().parents[2]))

# The allowed edges, and the whole list of them (docs/architecture.md). Every folder may use itself.
ALLOWED = {
    "core": set(),
    "ledger": {"core"},
    "comm": {"core"},
    "storage": {"core", "ledger"},
    "data": {"core"},
    "model": {"core", "data"},
    "editing": {"core", "data", "model"},
    "metrics": {"core", "data", "model"},
    "worker": {"core", "ledger", "storage", "data", "model", "editing", "metrics"},
    "orchestrator": {"core", "ledger", "comm"},
    "report": {"core", "ledger", "storage"},
}
# The two programs of app/, by CMake target: what each may reach.
PROGRAMS = {
    "lethe": {"core", "ledger", "comm", "orchestrator"},
    "lethe_executor": {"core", "ledger", "storage", "data", "model", "editing", "metrics", "worker", "report"},
}
TORCH_FOLDERS = {"model", "editing", "metrics", "worker"}
TORCH_NAMES = r"\b(?:torch|at|c10)::"


@functools.cache
def tracked_files():
    """Paths below ROOT that git tracks or would track; all files where there is no git (an unpacked archive)."""
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", ROOT]
    listed = subprocess.run(
        [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True, check=False
    )
    if listed.returncode == 0 and (ROOT / ".git").exists():
        names = listed.stdout.decode().split("\0")
        return sorted({ROOT / name for name in names if name and (ROOT / name).is_file()})
    ignored = {".git", "runs", "__pycache__"}
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not any(part in ignored or part.startswith("build") for part in path.relative_to(ROOT).parts)
    )


def sources(folder):
    """C++ files of a top-level folder."""
    return [p for p in tracked_files() if p.relative_to(ROOT).parts[0] == folder and p.suffix in (".h", ".cpp")]


@functools.cache
def includes(path):
    """[(line number, quoted?, name)] of a file's #include lines."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if match:
            found.append((number, match[1] == '"', match[2]))
    return found


@functools.cache
def bare_code(path):
    """The text with comments and string contents blanked out, line numbers kept."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL
    )
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), path.read_text())


def place(path, line=None):
    where = path.relative_to(ROOT).as_posix()
    return f"{where}:{line}" if line else where
