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


def describe(executor, libtorch):
    """As expected.json holds it; `libtorch` is the version that the program's files name."""
    variables = environment()
    return {"libtorch": libtorch, "blas": blas(executor, variables),
            "vectors": variables.get("ATEN_CPU_CAPABILITY", "the processor's")}
