"""scripts/real/mend_training.py: the paper's orders, and records that their first edits leave."""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
mend_training = importlib.import_module("real.mend_training")
SCRIPT = ROOT / "scripts/real/mend_training.py"
REFERENCE = pathlib.Path(os.environ.get("LETHE_REFERENCE_DATA", ROOT / "../shared/reference/data"))


def record(case_id, subject):
    rewrite = {"prompt": "{} is", "subject": subject, "target_new": {"str": "a"}, "target_true": {"str": "b"}}
    return {"case_id": case_id, "requested_rewrite": rewrite}


class MendTraining(unittest.TestCase):
    def setUp(self):
        # Two records a subject, told apart by case alone.
        self.records = [record(i, f"Name {i % 20}" if i < 20 else f"NAME {i % 20}") for i in range(40)]

    def test_no_subject_that_is_edited_is_left(self):
        orders = mend_training.published_orders(self.records)
        kept = mend_training.unused(self.records, [0, 3], 5)
        edited = {self.records[case_id]["requested_rewrite"]["subject"].lower()
                  for order in (0, 3) for case_id in orders[order][:5]}  # fmt: skip
        left = {entry["requested_rewrite"]["subject"].lower() for entry in kept}
        self.assertEqual(left & edited, set())
        self.assertEqual(len(left), 20 - len(edited))
        self.assertEqual(len(kept), 2 * len(left))

    def run_script(self, *arguments):
        return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)

    def test_the_script_writes_records_or_says_why_not(self):
        with tempfile.TemporaryDirectory() as folder:
            source, out = pathlib.Path(folder, "in.json"), pathlib.Path(folder, "out.json")
            source.write_text(json.dumps(self.records))
            result = self.run_script(source, out, "--orders", "0", "--edits", "5")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(json.loads(out.read_text()), mend_training.unused(self.records, [0], 5))
            out.unlink()
            result = self.run_script(source, out, "--edits", "20")
            self.assertEqual(result.returncode, 1)
            self.assertIn("these edits use every subject", result.stderr)
            self.assertFalse(out.exists())

    @unittest.skipUnless(REFERENCE.is_dir(), f"no reference data at {REFERENCE}")
    def test_the_orders_are_the_published_ones(self):
        lines = (REFERENCE / "counterfact/counterfact_rebuilt.jsonl").read_text(encoding="utf-8").split("\n")
        published = (REFERENCE / "samples/counterfact_sampled_unique_10_20391.json").read_text(encoding="utf-8")
        orders = mend_training.published_orders([json.loads(line) for line in lines if line])
        self.assertEqual({str(i): order for i, order in enumerate(orders)}, json.loads(published))


if __name__ == "__main__":
    unittest.main()
