"""scripts/check-units compiles each file of a unit on its own, the newest first, and names what it finds no time for."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Stands in for the compiler: writes down the file that it is given, and does not compile one that says "bad".
COMPILER = """#!/bin/sh
for file; do :; done
case " $* " in *" -fsyntax-only "*) ;; *) echo "makes code: $*" >> "$CALLS";; esac
echo "${file##*/}" >> "$CALLS"
if grep -q bad "$file"; then echo "$file:1:1: error: bad" >&2; exit 1; fi
"""
UNIT = "build/core/Unity/unity_0.cpp"


class CheckUnits(unittest.TestCase):
    def setUp(self):
        self.tree = pathlib.Path(tempfile.mkdtemp(prefix="lethe-units-"))
        self.addCleanup(shutil.rmtree, self.tree)
        self.write("bin/c++", COMPILER)
        (self.tree / "bin/c++").chmod(0o755)
        self.write("scripts/.keep", "")
        shutil.copy(ROOT / "scripts/check-units", self.tree / "scripts")
        self.names = ["core/a.cpp", "core/b.cpp", "core/c.cpp"]
        for name in self.names:
            self.write(name, "int x;\n")
        self.write(UNIT, "".join(f'#include "{self.tree / name}"\n' for name in self.names))
        command = f"env A=1 {self.tree}/bin/c++ -Wall -MD -MF x.d -o x.o -c {self.tree / UNIT}"
        entry = {"directory": str(self.tree), "command": command, "file": str(self.tree / UNIT)}
        self.write("build/compile_commands.json", json.dumps([entry]))

    def write(self, name, text):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, *names):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        for words in (["init", "--quiet"], ["add", *names], ["commit", "--quiet", "--message=x"]):
            subprocess.run(["git", *who, "-C", self.tree, *words], check=True, capture_output=True)

    def check(self, *arguments):
        """(exit status, files that were compiled, in order, output)"""
        calls = self.tree / "calls"
        calls.write_text("")
        done = subprocess.run(
            [self.tree / "scripts/check-units", self.tree / "build", "--jobs", "1", *arguments],
            env={**os.environ, "CALLS": str(calls)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, calls.read_text().split("\n")[:-1], done.stdout + done.stderr

    def test_every_file_of_a_unit_is_compiled_up_to_the_code(self):
        status, compiled, _ = self.check()
        self.assertEqual((status, compiled), (0, ["a.cpp", "b.cpp", "c.cpp"]))

    def test_a_file_that_does_not_compile_alone_is_named(self):
        self.write("core/b.cpp", "bad\n")
        status, _, output = self.check()
        self.assertEqual(status, 1)
        self.assertIn("core/b.cpp\n", output)
        self.assertIn("3 files compiled alone, 1 do not", output)

    def test_what_finds_no_time_is_named(self):
        status, compiled, output = self.check("--minutes", "0")
        self.assertEqual((status, compiled), (0, []))
        self.assertIn("3 files were not compiled for want of time: core/a.cpp core/b.cpp core/c.cpp", output)
        self.assertIn("0 files compiled alone", output)

    def test_what_changed_last_is_compiled_first(self):
        self.commit("core/a.cpp", "core/c.cpp")
        self.write("core/c.cpp", "int y;\n")
        self.commit("core/c.cpp")
        self.commit("core/b.cpp")
        self.assertEqual(self.check()[1], ["b.cpp", "c.cpp", "a.cpp"])

    def test_what_git_does_not_know_is_compiled_by_name(self):
        self.assertEqual(self.check()[1], ["a.cpp", "b.cpp", "c.cpp"])

    def test_a_folder_that_is_not_built_is_refused(self):
        (self.tree / "build/compile_commands.json").unlink()
        self.assertEqual(self.check()[0], 2)


if __name__ == "__main__":
    unittest.main()
