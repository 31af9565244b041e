"""A sweep that an earlier commit left half done is accepted, replayed and ended by this build.

usage: old_sweep_test.py PROGRAMS

The fixture, and how it was made, is described in tests/fixtures/sweep-ea0276a/README.md. Edits that follow have exactly
the recorded bits where LibTorch and the BLAS's kernel are those of the fixture, and nearly the same scores elsewhere;
the test says which case it was. With LETHE_REQUIRE_OLD_SWEEP_BITS=1 it fails where that case is not certain, and where it
would be skipped.
"""

import csv
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

REQUIRED = os.environ.get("LETHE_REQUIRE_OLD_SWEEP_BITS") == "1"
try:
    import arithmetic
    import sweep_contents
except ImportError as error:
    if REQUIRED:
        sys.exit(f"LETHE_REQUIRE_OLD_SWEEP_BITS=1, and {sys.executable}: {error}; install python3-h5py, or name a Python that "
                 f"has h5py in LETHE_PYTHON and configure the build anew")
    print(f"skipped: {error}; install python3-h5py")
    sys.exit(77)

FIXTURE = pathlib.Path(__file__).resolve().parents[1] / "fixtures/sweep-ea0276a"
ASSETS = FIXTURE.parents[2] / "assets"
PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else pathlib.Path("build/bin").resolve()
EXPECTED = json.loads((FIXTURE / "expected.json").read_text(encoding="utf-8"))
NLL_TOLERANCE = 1e-4
# What a run may do away with: partial sums once they are added, states of a training once it ends.
PASSING = re.compile(r"/slices/|/training-")


def digests(sweep):
    """Of all files that are never changed once they are there."""
    paths = [path for top in ("cells", "prerequisites") for path in (sweep / top).rglob("*") if path.is_file()]
    return {str(path.relative_to(sweep)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def unpack(folder):
    """The fixture as it lay when it was made, moved to `folder`: in its texts, paths of the old place are replaced."""
    with tarfile.open(FIXTURE / "sweep.tar.xz") as archive:
        archive.extractall(folder)
    shutil.copytree(FIXTURE / "world", folder / "world")
    shutil.copy(FIXTURE / "experiment.yaml", folder)
    (folder / "assets").symlink_to(ASSETS)
    for path in (folder / "sweep").glob("*.json"):
        path.write_text(path.read_text(encoding="utf-8").replace(EXPECTED["made_at"], str(folder)), encoding="utf-8")


class OldSweep(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="lethe-old-sweep-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name).resolve()
        unpack(self.folder)
        self.sweep, self.config = self.folder / "sweep", self.folder / "experiment.yaml"

    def lethe(self, *arguments, status=0):
        done = subprocess.run([PROGRAMS / "lethe", *arguments], env=arithmetic.environment(), text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        self.assertEqual(done.returncode, status, f"lethe {arguments[0]}:\n{done.stdout[-6000:]}")
        return done.stdout

    def expect_counts(self, edits, cells):
        status = self.lethe("status", self.sweep)
        for name, cell in EXPECTED["cells"].items():
            self.assertRegex(status, rf"(?m)^{re.escape(name)} +{edits(cell)}/20 ")
        self.assertRegex(status, rf"(?m)^all .* {cells} of {len(EXPECTED['cells'])} cells done$")
        return status

    def expect_recorded_edits(self):
        done = {name: cell["edits"] for name, cell in EXPECTED["cells"].items()}
        versions = sweep_contents.libtorch(self.sweep, done)
        self.assertEqual(len(versions), 1, versions)
        made_with = arithmetic.describe(PROGRAMS / "lethe-executor", versions.pop())
        is_same = made_with == EXPECTED["made_with"]
        print(f"\nfixture: {EXPECTED['made_with']}\nhere:    {made_with}")
        told = sweep_contents.arithmetics(self.sweep, done)
        self.assertEqual(len(told), 1, told)
        if REQUIRED:
            found = arithmetic.doubts(EXPECTED["made_with"], made_with, told.pop(), arithmetic.can_run_the_kernels())
            if found:
                self.fail("LETHE_REQUIRE_OLD_SWEEP_BITS=1, and the bits may go unchecked (tests/app/arithmetic.py asks for the "
                          "kernels and reads what ran):\n" + "\n".join(found))
        folders = sweep_contents.cells(self.sweep)
        self.assertEqual(set(folders), set(EXPECTED["cells"]))
        worst = (0.0, "")
        for name, expected in EXPECTED["cells"].items():
            with self.subTest(cell=name):
                contents = sweep_contents.read_cell(folders[name], done[name])
                for part in ("fingerprints", "nlls", "reductions"):
                    self.assertEqual(contents[part].keys(), expected[part].keys())
                    self.assertTrue(expected[part], f"the fixture records no {part}")
                    if is_same:
                        self.assertEqual(contents[part], expected[part])
                worst = max(worst, (self.nll_distance(contents["nlls"], expected["nlls"]), name))
        print(f"{'the same' if is_same else 'another'} LibTorch and BLAS: edits "
              f"{'have the recorded bits' if is_same else f'differ by at most {worst[0]:.1e} nats ({worst[1]})'}")
        self.assertLessEqual(worst[0], NLL_TOLERANCE, worst[1])

    def expect_edits_in_the_report(self):
        """edits.csv beside the segments: as many edits, each with its NLLs and its diagnostics, and with no other's."""
        rows = {}
        with open(self.sweep / "report/edits.csv", newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                rows[row["cell"], int(row["edit"])] = row
        stored = {(name, edit): values for name, folder in sweep_contents.cells(self.sweep).items()
                  for edit, values in sweep_contents.edit_values(folder).items()}
        self.assertEqual(rows.keys(), stored.keys())
        self.assertGreater(len({frozenset(values) for values in stored.values()}), 2, "methods have different diagnostics")
        names = set.union(*map(set, stored.values()))
        for key, values in stored.items():
            for name in names:
                told = rows[key][name]
                self.assertEqual(float(told) if told else None, values.get(name), f"{name} of {key}")

    def nll_distance(self, nlls, expected):
        distance = 0.0
        for edit, rows in expected.items():
            self.assertEqual(len(nlls[edit]), len(rows))
            for ours, theirs in zip(nlls[edit], rows):
                distance = max(distance, *(abs(a - b) for a, b in zip(ours, theirs)))
        return distance

    def test_is_accepted_replayed_and_ended(self):
        before = digests(self.sweep)
        verified = self.lethe("verify", self.sweep)
        self.assertIn("all sound", verified)
        told = re.findall(r"mixed arithmetic cell=(\S+)", verified)
        self.assertEqual(len(told), len(set(told)), "said once a cell")
        status = self.expect_counts(lambda cell: cell["edits"], 0)
        # Facts of another version are told from files alone, and planned anew.
        self.assertRegex(status, r"passed over: .*inspection\.json: was written by another version of lethe")
        edits = sum(cell["edits"] for cell in EXPECTED["cells"].values())
        plan = self.lethe("plan", self.config, "--out", self.sweep)
        self.assertIn(f"done: 0 of {len(EXPECTED['cells'])} cells, {edits} of 320 edits", plan)
        slices = len(list(self.sweep.glob("prerequisites/moments/tiny-late/*/slices/*.h5")))
        self.assertRegex(plan, rf"second moments of tiny-late.*\n(?:.*\n)?.*in 20 slices \({slices} done\)")

        self.lethe("sweep", self.config, "--out", self.sweep)
        self.assertEqual((self.sweep / "STATE").read_text(encoding="utf-8").strip(), "COMPLETE")
        self.expect_counts(lambda cell: 20, len(EXPECTED["cells"]))
        self.expect_recorded_edits()
        self.assertEqual(sweep_contents.mixed(self.sweep), set(told))
        self.assertIn("all sound", self.lethe("verify", self.sweep))
        self.assertFalse(list(self.sweep.rglob("quarantine")))
        after = digests(self.sweep)
        for path, digest in before.items():
            if not PASSING.search(path):
                self.assertEqual(after.get(path), digest, f"{path} was rewritten or removed")

        self.lethe("report", self.sweep, "--no-figures")
        curves = (self.sweep / "report/curves.csv").read_text(encoding="utf-8")
        for name in EXPECTED["cells"]:
            self.assertIn(name, curves)
        self.expect_edits_in_the_report()

    def test_models_at_its_edits_come_out(self):
        before = digests(self.sweep)
        for name, cell in EXPECTED["cells"].items():
            if cell["edits"] == 0:
                continue
            with self.subTest(cell=name):
                chosen = ("--cell", name, "--edits", str(cell["edits"]))
                self.lethe("export", self.sweep, *chosen, "--to", self.folder / "exported" / name)
                self.assertTrue(list((self.folder / "exported" / name).glob("*.safetensors")))
                text = self.lethe("generate", self.sweep, *chosen, "--prompt", "The mother tongue of", "--tokens", "3")
                self.assertIn("The mother tongue of", text)
        self.assertEqual(digests(self.sweep), before)

    def test_is_refused_side_by_side_where_an_input_has_changed(self):
        before = digests(self.sweep)
        records = self.folder / "world/records.json"
        text = records.read_text(encoding="utf-8")
        subject = json.loads(text)[3]["requested_rewrite"]["subject"]
        records.write_text(text.replace(subject, subject + "o"), encoding="utf-8")
        told = self.lethe("sweep", self.config, "--out", self.sweep, status=2)
        self.assertRegex(told, r"requests: \w+ in the folder, \w+ in the config")
        self.assertEqual(digests(self.sweep), before)


class Doubts(unittest.TestCase):
    """When LETHE_REQUIRE_OLD_SWEEP_BITS fails the test above."""
    HERE = EXPECTED["made_with"]
    BLAS = HERE["blas"]

    def found(self, here=None, told=None, can_run=True):
        here = self.HERE | (here or {})
        told = told or f"LibTorch {here['libtorch']}, {here['blas']}, AMD EPYC"
        return "\n".join(arithmetic.doubts(self.HERE, here, told, can_run))

    def test_there_are_none_where_the_bits_are_checked(self):
        self.assertEqual(self.found(), "")

    def test_there_are_none_where_the_kernels_really_differ(self):
        older = {"blas": self.BLAS.replace("Haswell", "Sandybridge"), "vectors": "the processor's"}
        self.assertEqual(self.found(older, can_run=False), "")
        self.assertEqual(self.found({"blas": self.BLAS.replace("0.3.21", "0.3.26")}), "")
        self.assertEqual(self.found({"libtorch": "2.13.0"}), "")
        fixed = self.BLAS.replace("DYNAMIC_ARCH ", "").replace("Haswell", "SkylakeX")
        self.assertEqual(self.found({"blas": fixed}), "")

    def test_the_executor_ran_the_fixtures_kernel_and_the_question_did_not_see_it(self):
        told = f"LibTorch {self.HERE['libtorch']}, {self.BLAS}, AMD EPYC"
        self.assertRegex(self.found({"blas": "not OpenBLAS"}, told), "fixture's kernel is Haswell, this one's None")
        other = self.BLAS.replace("Haswell", "SkylakeX")
        self.assertRegex(self.found({"blas": other}, told), "fixture's kernel is Haswell, this one's SkylakeX")

    def test_the_executor_ran_another_kernel_than_the_question_saw(self):
        told = f"LibTorch {self.HERE['libtorch']}, {self.BLAS.replace('Haswell', 'Zen')}, AMD EPYC"
        self.assertRegex(self.found(told=told), "new segments name .*Zen")

    def test_the_kernel_was_not_asked_for_though_it_could_be(self):
        asked_for_none = {"blas": self.BLAS.replace("Haswell", "SkylakeX"), "vectors": "the processor's"}
        self.assertRegex(self.found(asked_for_none), "can run its kernels.*Haswell, this one's SkylakeX")
        self.assertRegex(self.found({"vectors": "the processor's"}), "can run its kernels")

    def test_the_same_version_is_told_in_other_words(self):
        self.assertRegex(self.found({"libtorch": "v1.13.0"}), "LibTorch and OpenBLAS are the fixture's")
        self.assertRegex(self.found({"blas": "OpenBLAS of no kernel"}), "names no kernel")


if __name__ == "__main__":
    unittest.main(verbosity=2)
