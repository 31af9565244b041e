"""What the two programs link: `lethe` knows neither Torch nor HDF5, `lethe-executor` no MPI.

usage: programs_test.py FOLDER-OF-THE-PROGRAMS
"""

import pathlib
import re
import subprocess
import sys
import unittest

PROGRAMS = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else pathlib.Path("build/bin")


def needed(program):
    """Libraries that the program itself asks for. Our own are static, so this is all of them."""
    listed = subprocess.run(["readelf", "-d", PROGRAMS / program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", listed)


def loaded(program):
    """Everything that comes with them."""
    listed = subprocess.run(["ldd", PROGRAMS / program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^\s*(\S+) =>", listed, re.MULTILINE), "not found" in listed


class Programs(unittest.TestCase):
    def test_lethe_is_light(self):
        self.assertTrue([name for name in needed("lethe") if name.startswith("libmpi")], needed("lethe"))
        names, _ = loaded("lethe")
        heavy = [name for name in names if re.match(r"lib(torch|c10|hdf5|openblas|cudart)", name)]
        self.assertEqual(heavy, [])

    def test_executor_has_no_mpi(self):
        names = needed("lethe-executor")
        self.assertTrue([name for name in names if name.startswith("libtorch")], names)
        self.assertTrue([name for name in names if name.startswith("libhdf5")], names)
        self.assertEqual([name for name in names if name.startswith(("libmpi", "libopen-"))], [])

    def test_every_library_is_found_without_help(self):
        """The paths are in the programs: no LD_LIBRARY_PATH."""
        for program in ("lethe", "lethe-executor"):
            _, is_incomplete = loaded(program)
            self.assertFalse(is_incomplete, program)

    def test_executor_starts(self):
        started = subprocess.run([PROGRAMS / "lethe-executor", "--help"], capture_output=True, text=True, check=False)
        self.assertEqual(started.returncode, 0, started.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
