"""scripts/gpu-check: its floors, its time limits, and what it keeps of a run that was cut."""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))

from gpu import checks, floor, steps, table  # noqa: E402

XL = floor.Shape(48, 1600, 6400, 50257, block=12 * 1600**2)
GPTJ = floor.Shape(28, 4096, 16384, 50400, block=12 * 4096**2)
# CounterFact's means: 21 contexts of 18 tokens and the KL row, 4.1 positions of each from the subject's last token on.
ROME = {"rows": 22, "row_tokens": 396, "step_positions": 87, "losses": 20, "moments": 1, "edited_layers": 1}
MEMIT = {"rows": 7, "row_tokens": 133, "step_positions": 25.7}


def is_gone(pid):
    """Within a moment: nobody may have waited yet for a process that was ended."""
    stat = pathlib.Path("/proc") / pid / "stat"
    for _ in range(100):
        try:
            if stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


class Floors(unittest.TestCase):
    def test_a_shape_has_its_published_size(self):
        self.assertAlmostEqual(XL.block * 48 / 1e9, 1.47, places=2)
        self.assertAlmostEqual((GPTJ.block * 28 + 2 * GPTJ.head) / 1e9, 6.05, places=2)

    def test_passes_of_one_block_by_hand(self):
        tiny = floor.Shape(layers=2, width=2, inner=8, vocab=10, block=48)  # and 20 weights of the head
        self.assertEqual(floor.passes(tiny, 3, 1, 5, 0), floor.Work(3 * 2 * 48 * 5, 3 * 4 * 48))
        self.assertEqual(floor.passes(tiny, 1, 2, 5, 4), floor.Work(2 * (96 * 5 + 20 * 4), 4 * (96 + 20)))

    def check(self, work, tera_flops, gigabytes):
        """Within 8 % of what was counted by hand, term by term."""
        self.assertLess(abs(work.flops / 1e12 / tera_flops - 1), 0.08, work)
        self.assertLess(abs(work.bytes / 1e9 / gigabytes - 1), 0.08, work)

    def test_edits_of_published_shapes(self):
        self.check(floor.value_edit(XL, {**ROME, "lowest_layer": 17}), 7.4, 162)
        self.check(floor.value_edit(GPTJ, {**ROME, "lowest_layer": 5}), 34, 746)
        self.check(floor.value_edit(XL, {**MEMIT, "losses": 20, "moments": 5, "edited_layers": 5, "lowest_layer": 13}), 2.4, 167)
        self.check(floor.value_edit(GPTJ, {**MEMIT, "losses": 25, "moments": 6, "edited_layers": 6, "lowest_layer": 3}), 12.2, 845)
        steps_of_25 = {"losses": 25, "row_tokens": 8, "lowest_layer": 0}
        self.check(floor.fine_tune_edit(XL, steps_of_25), 1.2, 318)
        self.check(floor.fine_tune_edit(GPTJ, steps_of_25), 4.6, 1200)
        editor = {"row_tokens": 9, "editor_weights": 123e6, "lowest_layer": 45}
        self.check(floor.mend_edit(XL, editor), 0.035, 7.4)

    def test_the_slower_of_arithmetic_and_traffic_counts(self):
        peaks = floor.Peaks(flops=10.0, bytes=2.0)
        self.assertEqual(peaks.seconds(floor.Work(100.0, 2.0)), 10.0)
        self.assertEqual(peaks.seconds(floor.Work(1.0, 6.0)), 3.0)

    def test_tasks_of_an_edited_model_start_at_its_layer(self):
        counts = {"tokens": 100, "rows": 10, "new_tokens": 3}
        whole = floor.of_benchmark("task/x", XL, counts)
        again = floor.of_benchmark("task_again/x/layer24", XL, counts)
        head = floor.Work(2.0 * XL.head * 10, 4.0 * XL.head)
        self.assertAlmostEqual((again.flops - head.flops) * 2, whole.flops - head.flops, delta=1)
        self.assertAlmostEqual((again.bytes - head.bytes) * 2, whole.bytes - head.bytes, delta=1)
        self.assertEqual(whole.bytes - head.bytes, 4 * 4.0 * 48 * XL.block)  # prefix, prompts, two further tokens


class Running(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lethe-gpu-check-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def runner(self, minutes=1.0):
        return steps.Runner(self.folder / "log.txt", minutes, {"PATH": "/usr/bin:/bin"})

    def test_outcome_and_output_of_a_command(self):
        runner = self.runner()
        good = runner.run(["sh", "-c", "echo $WHAT"], 10, WHAT="seen")
        bad = runner.run(["sh", "-c", "echo later; exit 3"], 10)
        self.assertEqual((good.status, bad.status, bad.code), (steps.OK, steps.FAILED, 3))
        self.assertIn("seen", good.output)
        self.assertNotIn("seen", bad.output)
        self.assertIn("later", (self.folder / "log.txt").read_text())

    def test_a_limit_ends_a_command_and_what_it_started(self):
        begin = time.monotonic()
        outcome = self.runner().run(["sh", "-c", "sleep 300 & echo child $!; wait"], 1)
        self.assertEqual(outcome.status, steps.TIMED_OUT)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertTrue(is_gone(outcome.output.split("child ")[1].split()[0]))

    def test_the_time_of_all_steps_ends_a_command(self):
        outcome = self.runner(minutes=1 / 60).run(["sleep", "300"], 200)
        self.assertEqual(outcome.status, steps.TIMED_OUT)

    def test_more_time_stretches_limits(self):
        self.assertEqual((self.runner(3).stretch, self.runner(24).stretch), (1.0, 2.0))

    def test_results_outlive_a_cut_line_and_another_commit(self):
        path = self.folder / "results.jsonl"
        results = steps.Results(path, "one")
        results.add("sweep", steps.OK, 1.0)
        results.add("tests", steps.FAILED, 1.0)
        with path.open("a") as file:
            file.write('{"step": "bench", "stat')
        again = steps.Results(path, "one")
        self.assertTrue(again.is_done("sweep"))
        self.assertFalse(again.is_done("tests") or again.is_done("bench"))
        self.assertFalse(steps.Results(path, "two").is_done("sweep"))

    def test_benchmarks_of_a_cut_file_are_read(self):
        whole = {"context": {"width": "8"}, "benchmarks": [{"name": "a", "real_time": 1.0}, {"name": "b"}]}
        text = json.dumps(whole, indent=2)
        path = self.folder / "benchmarks.json"
        path.write_text(text)
        self.assertEqual(checks.read_benchmarks(path), whole)
        path.write_text(text[: text.index('"b"')])
        cut = checks.read_benchmarks(path)
        self.assertEqual((cut["context"], cut["benchmarks"]), (whole["context"], whole["benchmarks"][:1]))
        path.write_text("")
        self.assertEqual(checks.read_benchmarks(path)["benchmarks"], [])

    def test_report_states_share_of_the_floor(self):
        results = steps.Results(self.folder / "results.jsonl", "one")
        rate = {"real_time": 1.0, "time_unit": "ms"}
        results.add("bench/device", steps.OK, 1.0, benchmarks=[
            {"name": "device/multiply_fp32/real_time", "flops": 50e12, **rate},
            {"name": "device/copy/real_time", "bytes": 3e12, **rate},
        ])  # fmt: skip
        context = {"num_layers": "48", "width": "1600", "inner_width": "6400", "vocab_size": "50257",
                   "block_weights": "30720000"}  # fmt: skip
        edit = {"name": "edit/rome/real_time", "real_time": 300.0, "time_unit": "ms", **ROME, "lowest_layer": 17}
        results.add("bench/gpt2-xl/rome", steps.OK, 9.0, gpu_gb=8.5, context=context, benchmarks=[edit])
        results.add("tests", steps.FAILED, 4.0, why="a | b", failed=["Memit.Solves"])
        text = table.report(results, {"commit": "abc"}, ["gpt2-xl", "gpt-j-6b"])
        self.assertIn("| `edit/rome` | 0.3 | 7.56 | 163 | 0.151 | 50 % | 8.5 |", text)  # 7.56 TFLOP at 50 TFLOP/s
        self.assertIn("| tests | failed | 4 | - | a \\| b; failed: Memit.Solves |", text)
        self.assertNotIn("`gpt-j-6b`", text)


class Programs(unittest.TestCase):
    def test_the_library_that_was_located_is_the_one_that_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            torch = pathlib.Path(folder) / "torch"
            (torch / "lib").mkdir(parents=True)
            located = f"note=x\norigin=torch of python3\ndirectory={torch}/share/cmake/Torch\n"
            self.assertIsNone(checks.torch_libraries(located))
            (torch / "lib/libtorch.so").touch()
            self.assertEqual(checks.torch_libraries(located), torch / "lib")
            self.assertIsNone(checks.torch_libraries("origin=system\ndirectory=\n"))

    def test_missing_libraries_are_found_beside_torch(self):
        with tempfile.TemporaryDirectory() as folder:
            site = pathlib.Path(folder)
            for name in ("nvidia/cublas/lib/libcublas.so.13", "nvidia/cu13/lib/libcudart.so.13", "torch/lib/libc10.so"):
                (site / name).parent.mkdir(parents=True, exist_ok=True)
                (site / name).touch()
            found = checks.libraries_beside(site / "torch" / "lib", ["libcublas.so.13", "libcudart.so.13", "libother.so"])
            self.assertEqual(found, [str(site / "nvidia/cu13/lib"), str(site / "nvidia/cublas/lib")])

    def test_a_folder_without_env_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            outcome = subprocess.run(
                [sys.executable, ROOT / "scripts" / "gpu-check", "--out", f"{folder}/out", "--deps", folder],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            self.assertEqual(outcome.returncode, 64)
            self.assertIn("pack-dependencies", outcome.stderr)

    def test_told_to_leave_it_leaves_nothing_behind(self):
        """Its build runs in a session of its own, which nobody else would end."""
        with tempfile.TemporaryDirectory() as folder:
            fake = pathlib.Path(folder)
            for name in ("cmake", "nvidia-smi"):
                (fake / name).write_text(f'#!/bin/sh\necho $$ > "{fake}/{name}.pid"\nexec sleep 300\n')
                (fake / name).chmod(0o755)
            program = subprocess.Popen(
                [sys.executable, ROOT / "scripts" / "gpu-check", "--device", "cpu", "--out", fake / "out"],
                env={"PATH": f"{fake}:/usr/bin:/bin"}, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            end = time.monotonic() + 60
            while not (fake / "cmake.pid").exists() and time.monotonic() < end:
                time.sleep(0.05)
            time.sleep(0.2)
            program.send_signal(signal.SIGTERM)
            self.assertEqual(program.wait(60), 143)
            self.assertTrue(is_gone((fake / "cmake.pid").read_text().strip()))


if __name__ == "__main__":
    unittest.main(verbosity=1)
