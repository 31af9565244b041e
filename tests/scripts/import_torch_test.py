"""LibTorch taken from its folders (cmake/ImportTorch.cmake): a stand-in for a CUDA wheel is linked and run.

The stand-in has a wheel's layout. Its CUDA kernels register themselves in a constructor, and need a library of the
package beside it, found by the run path that wheels carry; its TorchConfig.cmake fails, as that of a CUDA build does
where there is no toolkit.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = os.environ.get("CXX") or shutil.which("c++")
READELF = shutil.which("readelf")

LIBRARIES = {  # name: (code, libraries it needs)
    "c10": ("int kernels = 0; int registered_kernels() { return kernels; }", []),
    "torch_cpu": ("int registered_kernels(); int cpu_answer() { return registered_kernels(); }", ["c10"]),
    "c10_cuda": ("int stream() { return 1; }", ["c10"]),
    "torch_cuda": (
        "extern int kernels; int gemm(); int stream(); __attribute__((constructor)) static void add() { kernels = gemm() + stream(); }",
        ["c10", "c10_cuda", "cublas"],
    ),
    "torch": ("int nothing_of_its_own() { return 0; }", ["torch_cpu", "torch_cuda"]),
}
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(trial LANGUAGES CXX)
include({root}/cmake/ImportTorch.cmake)
add_library(lethe_torch INTERFACE)
lethe_import_torch(lethe_torch {directory} version)
message(STATUS "imported ${{version}}")
add_executable(program program.cpp)
target_link_libraries(program PRIVATE lethe_torch)
"""
PROGRAM = """#include <ATen/ATen.h>
#include <torch/types.h>
#include <cstdio>
int cpu_answer();
int main() { std::printf("%d kernels, ABI %d", cpu_answer(), _GLIBCXX_USE_CXX11_ABI); }
"""


def run(*command, **options):
    outcome = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **options)
    return outcome.returncode, outcome.stdout + outcome.stderr


@unittest.skipUnless(COMPILER and READELF, "builds programs")
class ImportTorch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lethe-import-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.torch = self.folder / "site" / "torch"
        self.lib = self.torch / "lib"
        self.cuda = self.folder / "site" / "nvidia" / "cublas" / "lib"
        self.config = self.torch / "share" / "cmake" / "Torch"
        for folder in (self.lib, self.cuda, self.config):
            folder.mkdir(parents=True)
        self.make_library(self.cuda, "cublas", "int gemm() { return 6; }", [])
        for header in ("ATen/ATen.h", "torch/csrc/api/include/torch/types.h"):
            (self.torch / "include" / header).parent.mkdir(parents=True, exist_ok=True)
            (self.torch / "include" / header).touch()
        (self.config / "TorchConfigVersion.cmake").write_text('set(PACKAGE_VERSION "9.8.7")\n')
        (self.config / "TorchConfig.cmake").write_text('message(FATAL_ERROR "no CUDA toolkit")\n')

    def make_library(self, folder, name, code, needs):
        source = self.folder / f"{name}.cpp"
        source.write_text(code + "\n")
        status, output = run(
            COMPILER, "-shared", "-fPIC", source, "-o", folder / f"lib{name}.so", f"-Wl,-soname,lib{name}.so",
            f"-L{self.lib}", f"-L{self.cuda}", "-Wl,--no-as-needed", *(f"-l{n}" for n in needs),
            "-Wl,--disable-new-dtags,-rpath,$ORIGIN:$ORIGIN/../../nvidia/cublas/lib", "-Wl,--allow-shlib-undefined",
        )  # fmt: skip
        self.assertEqual(status, 0, output)

    def make_torch(self, *names):
        for name in names:
            code, needs = LIBRARIES[name]
            self.make_library(self.lib, name, code, [n for n in needs if n == "cublas" or n in names])

    def build(self):
        trial = self.folder / "trial"
        trial.mkdir()
        (trial / "CMakeLists.txt").write_text(PROJECT.format(root=ROOT, directory=self.config))
        (trial / "program.cpp").write_text(PROGRAM)
        generator = ["-G", "Ninja"] if shutil.which("ninja") else []
        # As on Ubuntu, where the linker drops what no symbol asks for.
        status, output = run("cmake", "-S", trial, "-B", trial / "build", *generator,
                             "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--as-needed")  # fmt: skip
        if status == 0:
            status, built = run("cmake", "--build", trial / "build")
            output += built
        return status, output, trial / "build" / "program"

    def test_kernels_of_cuda_register_themselves(self):
        self.make_torch("c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch")
        status, output, program = self.build()
        self.assertEqual(status, 0, output)
        self.assertIn("imported 9.8.7", output)
        environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
        self.assertEqual(run(program, env=environment), (0, "7 kernels, ABI 1"))

    def test_machine_without_cuda_libraries_links_all_the_same(self):
        """A login node builds for compute nodes."""
        self.make_torch("c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch")
        shutil.rmtree(self.cuda)
        status, output, _ = self.build()
        self.assertEqual(status, 0, output)

    def test_build_without_cuda(self):
        self.make_torch("c10", "torch_cpu", "torch")
        status, output, program = self.build()
        self.assertEqual(status, 0, output)
        self.assertEqual(run(program), (0, "0 kernels, ABI 1"))
        self.assertNotIn("cuda", run(READELF, "-d", program)[1])

    def test_abi_is_the_librarys(self):
        self.make_torch("c10", "torch_cpu", "torch")
        with (self.config / "TorchConfig.cmake").open("a") as config:
            config.write('set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=0")\n')
        status, output, program = self.build()
        self.assertEqual(status, 0, output)
        self.assertEqual(run(program), (0, "0 kernels, ABI 0"))

    def test_missing_library_is_named(self):
        self.make_torch("c10", "torch")
        status, output, _ = self.build()
        self.assertNotEqual(status, 0)
        self.assertIn("libtorch_cpu.so", output)


if __name__ == "__main__":
    unittest.main(verbosity=1)
