"""What decides the last bits of a program's floating-point numbers, beside lethe itself."""

import os
import re
import subprocess
import sys

# Asked for so that processors of different makes run the same kernels: OpenBLAS chooses its own by the processor's
# model, LibTorch by its widest vectors.
BLAS_KERNEL, VECTORS = "Haswell", "avx2"

ASK_OPENBLAS = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.openblas_get_config.restype = ctypes.c_char_p
print(library.openblas_get_config().decode())
"""


def has_vectors():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = set(re.findall(r"\w+", file.read()))
    except OSError:
        return False
    return {"avx2", "fma"} <= flags


def environment():
    """This process's environment with the kernels asked for, where the processor can run them."""
    if not has_vectors():
        return dict(os.environ)
    return dict(os.environ, OPENBLAS_CORETYPE=BLAS_KERNEL, ATEN_CPU_CAPABILITY=VECTORS)


def blas(executor, variables):
    """Version and kernel of the OpenBLAS that a program runs with, as that library tells them."""
    listed = subprocess.run(["ldd", executor], capture_output=True, text=True, check=True).stdout
    for path in re.findall(r"lib(?:open)?blas\S* => (\S+)", listed):
        asked = subprocess.run([sys.executable, "-c", ASK_OPENBLAS, path], env=variables, capture_output=True,
                               text=True, check=False)
        if asked.returncode == 0:
            return asked.stdout.strip()
    return "not OpenBLAS"


def can_run_the_kernels():
    """As another program than this one reads the processor."""
    listed = subprocess.run(["lscpu"], env=dict(os.environ, LC_ALL="C"), capture_output=True, text=True, check=True).stdout
    return {"avx2", "fma"} <= set(listed.split())


def kernel(blas_text):
    """The kernel that an OpenBLAS names; None of another BLAS."""
    named = re.search(r"OpenBLAS .*?(\w+) MAX_THREADS=\d+", blas_text)
    return named and named[1]


def doubts(fixture, here, told, can_run):
    """Why `here` may have been taken for another arithmetic than `fixture` though it is none, or for the same though it is
    another; empty if it was told apart for certain. `told` is what the executor wrote into the segments it made."""
    both = f"the fixture's kernel is {kernel(fixture['blas'])}, this one's {kernel(here['blas'])}"
    found = []
    if not told.startswith(f"LibTorch {here['libtorch']}, {here['blas']}, "):
        found.append(f"asked, the libraries are LibTorch {here['libtorch']} and {here['blas']}, and the sweep's new segments "
                     f"name \"{told}\": {both}")
    if here == fixture:
        return found
    if kernel(here["blas"]) is None:
        found.append(f"\"{here['blas']}\" names no kernel: {both}")

    def numbers(arithmetic):
        return [re.findall(r"\d+\.\d+\.\d+", arithmetic[library]) for library in ("libtorch", "blas")]
    if numbers(here) == numbers(fixture) and "DYNAMIC_ARCH" in here["blas"] and can_run:
        found.append(f"LibTorch and OpenBLAS are the fixture's, and this processor can run its kernels, AVX2: {both}; "
                     f"here {here}, there {fixture}")
    return found


def describe(executor, libtorch):
    """As expected.json holds it; `libtorch` is the version that the program's files name."""
    variables = environment()
    return {"libtorch": libtorch, "blas": blas(executor, variables),
            "vectors": variables.get("ATEN_CPU_CAPABILITY", "the processor's")}
