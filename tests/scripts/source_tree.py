"""What the architecture tests share: the tree as git sees it, and C++ text without comments and strings."""

import functools
import os
import pathlib
import re
import subprocess

# The tree that is checked: this one, or a broken copy that the checks must complain about.
ROOT = pathlib.Path(os.environ.get("LETHE_CHECKED_TREE", pathlib.Path(__file__).resolve().parents[2]))

# The allowed edges, and the whole list of them (docs/architecture.md), each room after all that it may use, so that no
# arrow runs upwards and none in a circle. Every room may use itself. A subfolder is a room of its own only if it is here.
_CORE = {"core", "core/config", "core/contract"}
_MODEL = {"data", "model", "model/tokenizer"}  # model/families and model/files are reached through model alone
_ORCHESTRATOR = {"orchestrator/process", "orchestrator/scheduling", "orchestrator/display"}
ALLOWED = {
    "core": set(),
    "core/config": {"core"},
    "core/contract": {"core", "core/config"},
    "ledger": {"core"},
    "comm": {"core"},
    "storage": {"core", "ledger"},
    "data": {"core", "core/config"},
    "model/families": {"core"},
    "model/files": {"core", "data", "model/families"},
    "model/tokenizer": {"core", "data"},
    "model": {"core", "data", "model/families", "model/files", "model/tokenizer"},
    "editing/methods": {"core", "core/config"},
    "editing": {*_CORE, *_MODEL, "editing/methods"},
    "metrics": {"core", "core/config", *_MODEL},
    "worker/planning": {*_CORE, "ledger", *_MODEL, "editing", "editing/methods", "metrics"},
    "worker": {*_CORE, "ledger", "storage", *_MODEL, "editing", "editing/methods", "metrics", "worker/planning"},
    "worker/commands": {*_CORE, "ledger", "storage", *_MODEL, "editing", "editing/methods", "metrics", "worker/planning", "worker"},
    "orchestrator/process": {*_CORE},
    "orchestrator/scheduling": {*_CORE, "ledger", "comm", "orchestrator/process"},
    "orchestrator/display": {*_CORE, "ledger", "orchestrator/process", "orchestrator/scheduling"},
    "orchestrator": {*_CORE, "ledger", "comm", *_ORCHESTRATOR},
    "report": {*_CORE, "ledger", "storage", "data"},
}
# The two programs of app/, by CMake target: what each may reach.
PROGRAMS = {
    "lethe": {*_CORE, "ledger", "comm", *_ORCHESTRATOR, "orchestrator", "editing/methods"},
    "lethe_executor": {
        *_CORE, "ledger", "storage", *_MODEL, "editing", "editing/methods", "metrics", "worker/planning", "worker",
        "worker/commands",
        "report",
    },
}
TORCH_FOLDERS = {"model", "editing", "metrics", "worker", "worker/planning", "worker/commands"}
# The half of each method's room that sees no Torch lies beside the other half.
CONFIGURATION_HALF = r"editing/(?:\w+/)?\w+_config\.(?:h|cpp)"
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


def room_of(name):
    """The room that a path below ROOT lies in: the nearest folder above it that is in the list, else its top folder."""
    if re.fullmatch(CONFIGURATION_HALF, name):
        return "editing/methods"
    parts = pathlib.PurePosixPath(name).parts
    for length in range(len(parts) - 1, 0, -1):
        folder = "/".join(parts[:length])
        if folder in ALLOWED:
            return folder
    return parts[0]


def namespace_of(room):
    """Of a folder its name, of a room inside it an inline namespace; a method's two halves share that of editing/."""
    return "lethe::editing" if room == "editing/methods" else "lethe::" + room.replace("/", "::inline ")


@functools.cache
def sources(room):
    """C++ files of a room, those of the rooms inside it left out."""
    return [p for p in tracked_files() if p.suffix in (".h", ".cpp") and room_of(p.relative_to(ROOT).as_posix()) == room]


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


@functools.cache
def string_literals(path):
    """[(line number, contents)] of the string literals outside comments and #include lines."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|#include[^\n]*|"((?:\\.|[^"\\\n])*)"', re.DOTALL)
    text = path.read_text()
    return [(text.count("\n", 0, m.start()) + 1, m[1]) for m in pattern.finditer(text) if m[1] is not None]


def place(path, line=None):
    where = path.relative_to(ROOT).as_posix()
    return f"{where}:{line}" if line else where
