"""What the two programs link: `lethe` knows neither Torch nor HDF5, `lethe-executor` no MPI. What both say of their verbs.

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


def verbs_of(program):
    """The verbs of a program's help with their descriptions, on however many lines these stand."""
    told = subprocess.run([PROGRAMS / program, "--help"], capture_output=True, text=True, check=True).stdout
    verbs = {}
    for line in re.split(r"^subcommands:$", told, flags=re.IGNORECASE | re.MULTILINE)[1].splitlines():
        if begun := re.match(r"  (\S+) +(.*)", line):
            name, verbs[begun[1]] = begun[1], begun[2].strip()
        elif line.strip():
            verbs[name] += " " + line.strip()
    return verbs


class Programs(unittest.TestCase):
    maxDiff = None

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

    def test_both_say_the_same_of_their_verbs(self):
        """What `lethe` hands over is described by the program that does it, in the same words."""
        light, executor = verbs_of("lethe"), verbs_of("lethe-executor")
        own, internal = {"plan", "sweep", "status", "cancel"}, {"inspect", "serve"}
        self.assertLessEqual(own, set(light))
        self.assertLessEqual(internal, set(executor))
        handed_over = {name: text for name, text in light.items() if name not in own}
        self.assertGreater(len(handed_over), 8)
        self.assertNotIn("", handed_over.values())
        self.assertEqual(handed_over, {name: text for name, text in executor.items() if name not in internal})

    def test_executor_starts(self):
        started = subprocess.run([PROGRAMS / "lethe-executor", "--help"], capture_output=True, text=True, check=False)
        self.assertEqual(started.returncode, 0, started.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
