"""The order in which LibTorch is looked for, and what is passed over (cmake/LocateTorch.cmake)."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CMAKE = shutil.which("cmake")
CUDA_FILES = ["include/ATen/ATen.h", *(f"lib/lib{n}.so" for n in "torch torch_cpu torch_cuda c10 c10_cuda".split())]


def make_torch(folder, cuda=None, hip=None, abi=1, config="set(TORCH_FOUND TRUE)", without=None):
    """A `torch` package as far as the look-up reads it: version.py, TorchConfig.cmake, with CUDA the files' names."""
    config_folder = folder / "share" / "cmake" / "Torch"
    config_folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('the look-up must not import torch')\n")
    (folder / "version.py").write_text(f"__version__ = '9.9.9'\ncuda = {cuda!r}\nhip = {hip!r}\n")
    (config_folder / "TorchConfig.cmake").write_text(f'set(FLAGS "-D_GLIBCXX_USE_CXX11_ABI={abi}")\n{config}\n')
    if cuda:
        for name in CUDA_FILES:
            if name != without:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).touch()
    return config_folder.resolve()


class LocateTorch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lethe-locate-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.site = self.folder / "site"
        self.bin = self.folder / "bin"
        self.site.mkdir()
        self.bin.mkdir()
        # A python3 on PATH whose only extra packages are those of self.site.
        launcher = self.bin / "python3"
        launcher.write_text(f'#!/bin/sh\nexport PYTHONPATH="{self.site}"\nexec "{sys.executable}" -S "$@"\n')
        launcher.chmod(0o755)

    def locate(self, path=None, **environment):
        """(exit status, {"origin": ..., "directory": ..., "note": ...}, stderr)."""
        base = {k: v for k, v in os.environ.items() if k not in ("LIBTORCH", "CMAKE_PREFIX_PATH")}
        base["PATH"] = path or f"{self.bin}:/usr/bin:/bin"
        outcome = subprocess.run(
            [CMAKE, "-P", ROOT / "cmake" / "LocateTorch.cmake"],
            env={**base, **{k: str(v) for k, v in environment.items()}},
            capture_output=True,
            text=True,
            check=False,
        )
        return outcome.returncode, dict(l.split("=", 1) for l in outcome.stdout.splitlines()), outcome.stderr

    def test_named_library_comes_first(self):
        named = make_torch(self.folder / "libtorch")
        make_torch(self.site / "torch")
        status, found, _ = self.locate(LIBTORCH=self.folder / "libtorch")
        self.assertEqual((status, found["origin"], found["directory"]), (0, "LIBTORCH", str(named)))

    def test_prefix_path_comes_before_python(self):
        named = make_torch(self.folder / "libtorch")
        make_torch(self.site / "torch")
        prefixes = f"{self.folder}/elsewhere:{self.folder}/libtorch/share/cmake"
        _, found, _ = self.locate(CMAKE_PREFIX_PATH=prefixes)
        self.assertEqual((found["origin"], found["directory"]), ("CMAKE_PREFIX_PATH", str(named)))

    def test_prefix_path_without_torch_is_for_other_libraries(self):
        torch = make_torch(self.site / "torch")
        _, found, _ = self.locate(CMAKE_PREFIX_PATH=self.folder)
        self.assertEqual(found["directory"], str(torch))

    def test_torch_of_python_is_found_without_importing_it(self):
        torch = make_torch(self.site / "torch")
        status, found, errors = self.locate()
        self.assertEqual((status, found["directory"]), (0, str(torch)), errors)
        self.assertTrue(found["origin"].startswith("torch of "), found)

    def test_no_torch_in_python_leaves_the_system(self):
        status, found, _ = self.locate()
        self.assertEqual((status, found["origin"]), (0, "system"))
        self.assertNotIn("note", found)

    def test_system_can_be_asked_for(self):
        make_torch(self.site / "torch")
        _, found, _ = self.locate(LIBTORCH="system")
        self.assertEqual(found["origin"], "system")

    def test_missing_named_library_is_an_error(self):
        status, _, errors = self.locate(LIBTORCH=self.folder / "gone")
        self.assertNotEqual(status, 0)
        self.assertIn("no TorchConfig.cmake", " ".join(errors.split()))

    def test_cuda_build_needs_no_toolkit(self):
        torch = make_torch(self.site / "torch", cuda="12.9", config='message(FATAL_ERROR "CUDA libraries not found")')
        status, found, _ = self.locate()
        self.assertEqual((status, found["directory"]), (0, str(torch)), found)
        self.assertNotIn("note", found)

    def test_incomplete_cuda_build_is_passed_over_or_refused(self):
        make_torch(self.site / "torch", cuda="12.9", without="lib/libc10_cuda.so")
        status, found, _ = self.locate()
        self.assertEqual((status, found["origin"]), (0, "system"))
        self.assertIn("libc10_cuda.so", found["note"])
        status, _, errors = self.locate(LIBTORCH=self.site / "torch")
        self.assertNotEqual(status, 0)
        self.assertIn("libc10_cuda.so", errors)

    def test_rocm_build_is_passed_over(self):
        make_torch(self.site / "torch", hip="6.2")
        _, found, _ = self.locate()
        self.assertEqual(found["origin"], "system")
        self.assertIn("hip 6.2", found["note"])

    def test_old_abi_is_passed_over_or_refused(self):
        make_torch(self.site / "torch", abi=0)
        _, found, _ = self.locate()
        self.assertEqual(found["origin"], "system")
        self.assertIn("old C++ ABI", found["note"])
        status, _, errors = self.locate(LIBTORCH=self.site / "torch")
        self.assertNotEqual(status, 0)
        self.assertIn("old C++ ABI", " ".join(errors.split()))

    def test_broken_package_is_no_torch(self):
        make_torch(self.site / "torch")
        (self.site / "torch" / "version.py").write_text("this is no python\n")
        status, found, _ = self.locate()
        self.assertEqual((status, found["origin"]), (0, "system"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
