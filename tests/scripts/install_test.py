"""An installed lethe works away from its build: the programs plan the installed quickstart, and a foreign CMake project
finds, links and runs the libraries.

usage: install_test.py BUILD-FOLDER
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else pathlib.Path("build").resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="lethe-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.prefix = cls.folder / "prefix"
        installed = cls.run_program("cmake", "--install", BUILD, "--prefix", cls.prefix)
        assert installed.returncode == 0, installed.stdout + installed.stderr

    @classmethod
    def run_program(cls, *command):
        return subprocess.run(command, cwd=cls.folder, capture_output=True, text=True, check=False)

    def run_well(self, *command):
        outcome = self.run_program(*command)
        self.assertEqual(outcome.returncode, 0, f"{command}:\n{outcome.stdout}{outcome.stderr}")
        return outcome.stdout

    def test_programs_say_their_version(self):
        version = re.search(r"project\(lethe VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertIn(version, self.run_well(self.prefix / "bin" / "lethe", "--version"))

    def test_installed_quickstart_is_planned(self):
        config = self.prefix / "share" / "lethe" / "configs" / "quickstart.yaml"
        plan = self.run_well(self.prefix / "bin" / "lethe", "plan", config)
        self.assertIn("small-gptj", plan)

    def test_installed_settings_are_found_by_the_models_shape(self):
        shipped = self.prefix / "share" / "lethe"
        fact = ("--prompt", "{} wears a ring of", "--subject", "Tamfas", "--target", "agate", "--method", "ft-c")
        told = self.run_well(self.prefix / "bin" / "lethe", "edit", shipped / "assets/small-gpt2", *fact, "--to", "edited")
        self.assertIn(str(shipped.resolve() / "configs/methods/ft-c/small-gpt2.yaml"), told)

    def test_package_names_no_path_of_the_build(self):
        files = list(self.prefix.glob("lib/**/cmake/lethe/*.cmake"))
        self.assertGreaterEqual(len(files), 3)
        for path in files:
            for forbidden in (str(ROOT), str(BUILD)):
                self.assertNotIn(forbidden, path.read_text(), path.name)

    def test_foreign_project_builds_and_runs(self):
        consumer = self.folder / "consumer"
        package = f"-DCMAKE_PREFIX_PATH={self.prefix}"
        self.run_well("cmake", "-G", "Ninja", "-S", ROOT / "tests" / "install", "-B", consumer, package)
        self.run_well("cmake", "--build", consumer)
        listed = self.run_well(consumer / "list_committed", self.folder / "committed")
        name, digest = listed.split()
        self.assertEqual(name, "curves")
        self.assertTrue((self.folder / "committed" / f"curves-{digest}.h5").is_file())


if __name__ == "__main__":
    unittest.main(verbosity=1)
