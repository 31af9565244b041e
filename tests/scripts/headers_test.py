"""Every header compiles on its own, with the flags of its folder and without the precompiled header.

The build shows it already for headers of folders without a precompiled header whose unit includes them first; the others
are compiled here.

usage: headers_test.py COMPILE_COMMANDS.json
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

from source_tree import ALLOWED, ROOT, TORCH_FOLDERS, TORCH_NAMES, bare_code, includes, place, sources

COMMANDS = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else ROOT / "build" / "compile_commands.json"
# LibTorch's own headers take 9 s a unit; units that need them start from this one, precompiled once.
TORCH_BASE = "torch/types.h"
PRECOMPILED = {*TORCH_FOLDERS, "app"}


def folder_flags():
    """The compiler and {folder: flags} of each folder's units."""
    flags = {}
    compiler = None
    for entry in json.loads(COMMANDS.read_text()):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT):
            continue
        words = shlex.split(entry["command"])
        compiler = words[0]
        flags.setdefault(path.relative_to(ROOT).parts[0], kept_flags(words[1:]))
    return compiler, flags


def kept_flags(words):
    kept = []
    skip = 0
    for word in words:
        if skip:
            skip -= 1
        elif word in ("-o", "-include", "-MF", "-MT", "-c"):
            skip = 1
        elif word not in ("-Winvalid-pch", "-fpch-preprocess", "-MD") and not word.startswith("-O"):
            kept.append(word)
    return kept


def is_shown_by_the_build(path):
    unit = path.with_suffix(".cpp")
    has_own_unit = unit.is_file() and includes(unit)[:1] and includes(unit)[0][2] == path.relative_to(ROOT).as_posix()
    return bool(has_own_unit) and path.relative_to(ROOT).parts[0] not in PRECOMPILED


class Headers(unittest.TestCase):
    def test_each_compiles_alone(self):
        compiler, flags = folder_flags()
        headers = [p for folder in [*ALLOWED, "app"] for p in sources(folder) if p.suffix == ".h"]
        self.assertGreater(len(headers), 20)
        headers = [p for p in headers if not is_shown_by_the_build(p)]
        with tempfile.TemporaryDirectory(prefix="lethe-headers-") as scratch:
            base = pathlib.Path(scratch) / "base.h"
            base.write_text(f"#include <{TORCH_BASE}>\n")
            torch_flags = next(f for folder, f in flags.items() if folder in ("model", "editing", "metrics", "worker"))
            subprocess.run([compiler, *torch_flags, "-x", "c++-header", base, "-o", f"{base}.gch"], check=True)
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                errors = list(pool.map(lambda path: self.compile_alone(compiler, flags, base, path), headers))
        problems = [error for error in errors if error]
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def compile_alone(self, compiler, flags, base, path):
        folder = path.relative_to(ROOT).parts[0]
        command = [compiler, *flags[folder], "-fsyntax-only", "-Wno-unused", "-I", ROOT, "-x", "c++", "-"]
        unit = f'#include "{path.relative_to(ROOT)}"\n'
        if self.sees_torch(path):
            if not any(not quoted and re.match("(torch|ATen|c10)/", name) for _, quoted, name in includes(path)):
                if re.search(TORCH_NAMES, bare_code(path)):
                    return f"{place(path)}: names Torch without including any of its headers"
            unit = f'#include "{base}"\n{unit}'
        outcome = subprocess.run(command, input=unit, capture_output=True, text=True, check=False)
        return f"{place(path)}:\n{outcome.stderr}" if outcome.returncode else None

    def sees_torch(self, path, seen=None):
        """Through any of its own includes."""
        seen = seen if seen is not None else set()
        if path in seen or not path.is_file():
            return False
        seen.add(path)
        return any(
            (quoted and self.sees_torch(ROOT / name, seen))
            or (not quoted and re.match("(torch|ATen|c10)/", name) is not None)
            for _, quoted, name in includes(path)
        )


if __name__ == "__main__":
    unittest.main(verbosity=1)
