"""The C++ is formatted by .clang-format. Skipped where its clang-format is not installed."""

import pathlib
import subprocess
import unittest

FORMAT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "format"


class Format(unittest.TestCase):
    def test_every_file_is_as_clang_format_writes_it(self):
        outcome = subprocess.run([FORMAT, "--check"], capture_output=True, text=True, check=False)
        if outcome.returncode == 69:
            self.skipTest(outcome.stderr.strip())
        self.assertEqual(outcome.stderr, "")
        self.assertEqual(outcome.stdout, "", "scripts/format rewrites these files")
        self.assertEqual(outcome.returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
