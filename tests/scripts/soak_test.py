"""scripts/soak: what it counts, in what it keeps the counts, and that a run which breaks a promise is counted and told.

The programs are shell scripts; what they do to a real sweep is tried by tests/blackbox/killed_at_random_nothing_is_lost.sh."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
LOADER = importlib.machinery.SourceFileLoader("soak", str(ROOT / "scripts/soak"))
soak = importlib.util.module_from_spec(importlib.util.spec_from_loader("soak", LOADER))
LOADER.exec_module(soak)

# lethe: the undisturbed sweep is complete, every file whole; what the others do is the case's.
LETHE = """\
#!/bin/sh
[ "$1" = sweep ] || exit 0
mkdir -p "$4" && echo COMPLETE >"$4/STATE"
case "$4" in *undisturbed) exit 0 ;; esac
"""
MPIRUN = '#!/bin/sh\nshift 2\nexec "$@"\n'  # one rank
OLD_COLUMNS = "seconds,sweeps,kills,stops,sweep_restarts,executor_restarts,edits_redone,edits_lost,results_differing,longest_recovery_seconds"


def write_program(path, text):
    path.write_text(text)
    path.chmod(0o755)


class Soak(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.sums = self.folder / "sums.csv"
        write_program(self.folder / "mpirun", MPIRUN)

    def run_soak(self, what_lethe_does, *arguments):
        """Status, standard output and standard error of a run of one sweep that is not disturbed."""
        write_program(self.folder / "lethe", LETHE + what_lethe_does + "\n")
        programs = {"PROGRAMS": str(self.folder), "PATH": f"{self.folder}:{os.environ['PATH']}"}
        out, errors = io.StringIO(), io.StringIO()
        with (mock.patch.dict(os.environ, programs), mock.patch.object(sys, "argv", ["soak", "0", *map(str, arguments)]),
              mock.patch.object(soak.faulty_sweep, "SECONDS", 2), mock.patch.object(soak.faulty_sweep, "OUTLIVING_SECONDS", 0.2),
              contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors)):
            try:
                status = soak.main()
            except SystemExit as end:
                status = end.code
        return status, out.getvalue(), errors.getvalue()

    def assert_failed(self, what_lethe_does, reason):
        status, out, errors = self.run_soak(what_lethe_does, "--append", self.sums)
        self.assertEqual(status, 1, errors)
        self.assertIn(reason, errors)
        told, summed = out.splitlines()
        self.assertIn("sweeps 0, ", told)
        self.assertIn("results differing 0, runs failed 1, ", told)
        self.assertIn("sums.csv: 1 run(s): ", summed)
        self.assertIn("runs failed 1, ", summed)
        self.assertEqual([run["runs_failed"] for run in soak.read_runs(self.sums)[1]], [1])

    def test_a_sweep_that_keeps_its_promises_is_counted(self):
        status, out, errors = self.run_soak("exit 0", "--append", self.sums)
        self.assertEqual((status, errors), (0, ""))
        self.assertIn("sweeps 1, ", out)
        self.assertIn("runs failed 0, ", out)

    def test_a_run_that_fails_undisturbed_is_counted(self):
        self.assert_failed("exit 3", "an undisturbed run ends with 3: ")

    def test_a_run_that_does_not_end_is_counted(self):
        self.assert_failed("exec sleep 100", "a run does not end: ")

    def test_a_run_whose_processes_outlive_it_is_counted(self):
        self.assert_failed("sleep 100 & sleep 1; exit 0", "soak0: processes outlive the sweep: ['sleep\\x00100\\x00']")

    def test_a_file_without_the_column_goes_on_with_it(self):
        self.sums.write_text(f"{OLD_COLUMNS}\n10,2,3,4,5,6,7,0,0,8.5\n20,1,1,1,1,1,1,0,0,0\n")
        status, out, errors = self.run_soak("exit 3", "--append", self.sums)
        self.assertEqual(status, 1, errors)
        self.assertIn("3 run(s): seconds 30, sweeps 3, kills 4, ", out)
        self.assertIn("runs failed 1, longest recovery seconds 8.5", out)
        columns, runs = soak.read_runs(self.sums)
        self.assertEqual(columns, soak.COLUMNS)
        self.assertEqual([run["runs_failed"] for run in runs], [0, 0, 1])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["lethe", "mpirun", "sums.csv"])

    def test_a_file_of_something_else_is_refused_before_anything_runs(self):
        for text, reason in (("name,kills\nx,1\n", "column 'name' is none of soak's"),
                             (f"{OLD_COLUMNS}\n1,2\n", "a row is damaged"), (f"{OLD_COLUMNS}\nmany\n", "a row is damaged")):
            self.sums.write_text(text)
            status, out, errors = self.run_soak("exit 0", "--append", self.sums)
            self.assertEqual((status, out), (2, ""))
            self.assertIn(reason, errors)
            self.assertEqual(self.sums.read_text(), text)


if __name__ == "__main__":
    unittest.main()
