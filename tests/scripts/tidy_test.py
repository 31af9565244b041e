"""scripts/tidy checks what changed, sees headers through a unit, and remembers what passed."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Stand-ins: cmake writes the list of all units, clang-tidy writes down what it is given and complains about "bad".
CMAKE = """#!/bin/sh
mkdir -p build-tidy
{ echo '['; for f in $(find . -name '*.cpp'); do echo "{\\"file\\": \\"$PWD/${f#./}\\"},"; done; echo '{"file": "/x.cpp"}]'; } \\
  > build-tidy/compile_commands.json
"""
CLANG_TIDY = """#!/bin/sh
[ "$1" = --version ] && { echo "Debian LLVM version ${VERSION:-14.0.6}"; exit; }
for unit; do :; done
echo "${unit##*/}" >> "$CALLS"
if grep -q bad "$unit"; then echo "$unit:1:1: error: bad"; exit 1; fi
"""


class Tidy(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lethe-tidy-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.tree = self.folder / "tree"
        self.bin = self.folder / "bin"
        for name, text in {"cmake": CMAKE, "clang-tidy-14": CLANG_TIDY, "clang-tidy": CLANG_TIDY}.items():
            self.write(self.bin / name, text)
            (self.bin / name).chmod(0o755)
        (self.tree / "scripts").mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / "tidy", self.tree / "scripts")
        self.write(self.tree / ".clang-tidy", "Checks: '*'\n")
        self.write(self.tree / ".gitignore", "/build*/\n")
        self.write(self.tree / "core/a.h", "#pragma once\n")
        self.write(self.tree / "core/a.cpp", '#include "core/a.h"\n')
        self.write(self.tree / "core/alone.h", '#include "core/a.h"\n')
        self.write(self.tree / "core/b.cpp", '#include "core/alone.h"\n')
        self.write(self.tree / "core/c.cpp", "int c;\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", self.tree, *identity, *arguments], check=True, capture_output=True)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x")

    def tidy(self, *arguments, **environment):
        """(exit status, units that clang-tidy saw, output)"""
        calls = self.folder / "calls"
        calls.write_text("")
        outcome = subprocess.run(
            [self.tree / "scripts" / "tidy", *arguments],
            env={**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "CALLS": str(calls), **environment},
            cwd=self.tree,
            capture_output=True,
            text=True,
            check=False,
        )
        return outcome.returncode, sorted(calls.read_text().split()), outcome.stdout + outcome.stderr

    def test_everything_once(self):
        self.assertEqual(self.tidy("--all")[:2], (0, ["a.cpp", "b.cpp", "c.cpp"]))
        self.assertEqual(self.tidy("--all")[:2], (0, []))

    def test_what_passed_is_checked_again_when_a_header_it_sees_or_the_checks_change(self):
        self.tidy("--all")
        self.write(self.tree / "core/a.h", "#pragma once\nint a;\n")
        self.assertEqual(self.tidy("--all")[:2], (0, ["a.cpp", "b.cpp"]))
        self.write(self.tree / ".clang-tidy", "Checks: 'bugprone-*'\n")
        self.assertEqual(self.tidy("--all")[:2], (0, ["a.cpp", "b.cpp", "c.cpp"]))

    def test_findings_fail_and_are_found_again(self):
        self.write(self.tree / "core/c.cpp", "int bad;\n")
        for _ in range(2):
            status, units, output = self.tidy()
            self.assertEqual((status, units), (1, ["c.cpp"]))
            self.assertIn("core/c.cpp:1:1: error: bad", output)

    def test_a_branch_is_compared_with_where_it_left_main(self):
        self.git("checkout", "--quiet", "-b", "branch")
        self.write(self.tree / "core/c.cpp", "int d;\n")
        self.commit()
        self.write(self.tree / "core/new.cpp", "int n;\n")
        self.assertEqual(self.tidy()[:2], (0, ["c.cpp", "new.cpp"]))

    def test_headers_are_seen_through_a_unit(self):
        self.write(self.tree / "core/alone.h", "int alone;\n")
        self.assertEqual(self.tidy()[:2], (0, ["b.cpp"]))
        self.write(self.tree / "core/a.h", "int a;\n")
        self.assertEqual(self.tidy("core/a.h")[:2], (0, ["a.cpp"]))

    def test_what_no_unit_sees_is_named(self):
        self.write(self.tree / "core/unseen.h", "int unseen;\n")
        self.assertIn("1 more see LibTorch or were not built: core/unseen.h", self.tidy()[2])

    def test_on_main_the_last_commits_are_checked_however_few_a_clone_holds(self):
        for number in range(12):
            self.write(self.tree / f"core/n{number}.cpp", "int n;\n")
            self.commit()
        self.assertEqual(len(self.tidy()[1]), 10)
        shallow = self.folder / "shallow"
        subprocess.run(["git", "clone", "--quiet", "--depth=3", f"file://{self.tree}", shallow], check=True)
        shutil.rmtree(self.tree)
        shallow.rename(self.tree)
        self.assertEqual(self.tidy()[1], ["n10.cpp", "n11.cpp"])

    def test_a_named_base_comes_first(self):
        self.write(self.tree / "core/c.cpp", "int d;\n")
        self.commit()
        self.assertEqual(self.tidy(LETHE_TIDY_BASE="HEAD~1")[1], ["c.cpp"])
        self.assertEqual(self.tidy("--base", "HEAD")[1], [])

    def test_a_base_that_is_not_there_is_an_error(self):
        status, _, output = self.tidy("--base", "nowhere")
        self.assertEqual(status, 1)
        self.assertIn("git knows no commit nowhere", output)

    def test_without_git_everything_is_checked(self):
        shutil.rmtree(self.tree / ".git")
        self.assertEqual(self.tidy(GIT_CEILING_DIRECTORIES=str(self.folder))[1], ["a.cpp", "b.cpp", "c.cpp"])

    def test_what_is_left_out_for_want_of_time_is_named(self):
        status, units, output = self.tidy("--all", "--minutes", "0")
        self.assertEqual((status, units), (0, []))
        self.assertIn("3 units were not checked for want of time: core/a.cpp core/b.cpp core/c.cpp", output)

    def test_another_version_is_none(self):
        status, _, output = self.tidy(VERSION="15.0.1")
        self.assertEqual(status, 69)
        self.assertIn("apt-get install clang-tidy-14", output)


if __name__ == "__main__":
    unittest.main(verbosity=1)
