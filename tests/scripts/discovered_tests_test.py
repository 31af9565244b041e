"""cmake/DiscoveredTests.cmake makes ctest's entries from what a GoogleTest program lists."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "cmake" / "DiscoveredTests.cmake"
LISTED = """Running main() from gtest_main.cc
Publish.
  OneFile
  TwoFiles
Both/Ranks.  # TypeParam = std::vector<int>
  Agree/0  # GetParam() = [a; b
"""
# Stands for the program: fails in the suite, or the test, of this name.
PROGRAM = '#!/bin/sh\necho "$1 on ${LETHE_TEST_DEVICE:-cpu} with $GIVEN"\n[ "$1" != "--gtest_filter=Publish.%s" ]\n'


class DiscoveredTests(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lethe-discovered-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "list").write_text(LISTED)

    def write(self, by, foreign="", failing="none"):
        program = self.folder / "program"
        program.write_text(PROGRAM % failing)
        program.chmod(0o755)
        settings = {
            "program": program,
            "list": self.folder / "list",
            "name": "test_part",
            "by": by,
            "foreign": foreign,
            "labels": "unit;torch",
            "timeout": "7",
            "environment": "GIVEN=a;OTHER=b",
        }
        lines = [f'set(tests_{key} "{value}")\n' for key, value in settings.items()]
        (self.folder / "CTestTestfile.cmake").write_text("".join(lines) + f'include("{SCRIPT}")\n')

    def ctest(self, *arguments):
        return subprocess.run(["ctest", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)

    def entries(self):
        listed = json.loads(self.ctest("--show-only=json-v1").stdout)["tests"]
        return {
            test["name"]: {each["name"]: each["value"] for each in test["properties"]} | {"command": test["command"]}
            for test in listed
        }

    def test_each_test_is_an_entry(self):
        self.write("TEST")
        entries = self.entries()
        self.assertEqual(list(entries), ["Publish.OneFile", "Publish.TwoFiles", "Both/Ranks.Agree/0"])
        entry = entries["Both/Ranks.Agree/0"]
        self.assertEqual(entry["command"][1:], ["--gtest_filter=Both/Ranks.Agree/0"])
        self.assertEqual(sorted(entry["LABELS"]), ["torch", "unit"])
        self.assertEqual(entry["ENVIRONMENT"], ["GIVEN=a", "OTHER=b"])
        self.assertEqual(entry["TIMEOUT"], 7)

    def test_each_suite_is_an_entry_and_a_second_one_on_the_foreign_device(self):
        self.write("SUITE", foreign="TRUE")
        entries = self.entries()
        self.assertEqual(
            list(entries),
            ["test_part.Publish", "test_part.foreign.Publish", "test_part.Both/Ranks", "test_part.foreign.Both/Ranks"],
        )
        self.assertNotIn("foreign", entries["test_part.Publish"]["LABELS"])
        self.assertIn("foreign", entries["test_part.foreign.Publish"]["LABELS"])
        self.assertIn("LETHE_TEST_DEVICE=privateuseone", entries["test_part.foreign.Publish"]["ENVIRONMENT"])
        self.assertEqual(entries["test_part.Both/Ranks"]["command"][1:], ["--gtest_filter=Both/Ranks.*"])

    def test_a_failure_names_its_suite(self):
        self.write("SUITE", foreign="TRUE", failing="*")
        outcome = self.ctest("--verbose")
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("--gtest_filter=Publish.* on privateuseone with a", outcome.stdout)
        self.assertRegex(outcome.stdout, r"test_part\.Publish \(Failed\)")
        self.assertNotRegex(outcome.stdout, r"Ranks \(Failed\)")

    def test_a_program_that_was_not_built_fails(self):
        (self.folder / "list").unlink()
        self.write("SUITE")
        outcome = self.ctest()
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("test_part_NOT_BUILT", outcome.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=1)
