"""scripts/pack-dependencies: which packages it takes, and a folder that works wherever it lies."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Stand-ins: apt-get answers a simulation with what was asked for and some of what comes along, and "downloads" by name;
# dpkg-deb unpacks a small tree whose links point as Debian's do.
APT_GET = """#!/bin/bash
echo "$@" >> "$FAKE/calls"
[ ! -e "$FAKE/no-lists" ] || { echo "E: Unable to locate package"; exit 100; }
case " $* " in
*" --simulate "*)
  while [ $# -gt 0 ] && [ "$1" != install ]; do shift; done
  for name in "${@:2}" libc6 libstdc++6 gfortran-12 perl libcurl4; do echo "Inst $name (1.0 Debian)"; done ;;
*" download "*) for name in "$@"; do case $name in -*|*=*|download) ;; *) : > "${name}_1.0_amd64.deb" ;; esac; done ;;
esac
"""
DPKG_DEB = """#!/bin/sh
name=$(basename "$2" | cut -d_ -f1)
[ "$1" = --extract ] || { printf '%s\\t1.0\\n' "$name"; exit 0; }
lib=$3/usr/lib/x86_64-linux-gnu
mkdir -p "$lib/openmpi/lib" "$3/usr/bin" "$3/usr/share/doc/$name"
: > "$lib/$name.so.1"; : > "$lib/$name.a"; : > "$3/usr/bin/mpirun.openmpi"; : > "$3/usr/share/doc/$name/copyright"
ln -sf "/usr/lib/x86_64-linux-gnu/$name.so.1" "$lib/$name.so"
"""
READELF = """#!/bin/sh
echo ' 0x1 (NEEDED) Shared library: [libc.so.6]'
echo ' 0x1 (NEEDED) Shared library: [libcurl4.so.1]'
echo ' 0x1 (NEEDED) Shared library: [libunheard.so.7]'
"""


class PackDependencies(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lethe-pack-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name, text in {"apt-get": APT_GET, "dpkg-deb": DPKG_DEB, "readelf": READELF}.items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        self.packed = self.folder / "packed"

    def pack(self, *more):
        return subprocess.run(
            [ROOT / "scripts" / "pack-dependencies", self.packed, *more],
            env={"PATH": f"{self.bin}:/usr/bin:/bin", "FAKE": str(self.folder)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def packages(self):
        return [line.split("\t")[0] for line in (self.packed / "packages.txt").read_text().splitlines()]

    def test_libraries_are_packed_and_the_machines_own_are_not(self):
        outcome = self.pack("cmake")
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        packages = self.packages()
        for name in ("libhdf5-dev", "libopenmpi-dev", "libyaml-cpp-dev", "libbenchmark-dev", "libcurl4", "cmake"):
            self.assertIn(name, packages)
        for name in ("g++", "ninja-build", "libtorch-dev", "libopenblas0-pthread", "python3-h5py", "libc6", "libstdc++6",
                     "gfortran-12", "perl"):  # fmt: skip
            self.assertNotIn(name, packages)

    def test_only_what_is_of_use_is_kept(self):
        self.pack()
        root = self.packed / "root"
        self.assertFalse(list(root.rglob("copyright")))
        self.assertFalse((root / "usr/lib/x86_64-linux-gnu/libhdf5-dev.a").exists())
        self.assertTrue((root / "usr/lib/x86_64-linux-gnu/libgtest-dev.a").exists())
        self.assertEqual(os.readlink(root / "usr/bin/mpirun"), "mpirun.openmpi")
        self.assertFalse((self.packed / "archives").exists())

    def test_the_folder_may_be_moved(self):
        self.pack()
        moved = self.folder / "elsewhere"
        self.packed.rename(moved)
        lib = moved / "root/usr/lib/x86_64-linux-gnu"
        self.assertEqual((lib / "libhdf5-dev.so").resolve(), (lib / "libhdf5-dev.so.1").resolve())
        shown = subprocess.run(
            ["bash", "-uc", f'source "{moved}/env.sh"; echo "$LD_LIBRARY_PATH|$OPAL_PREFIX|$PKG_CONFIG_PATH"; command -v mpirun || true'],
            env={"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": "/mine"}, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        libraries, prefix, _ = shown.splitlines()[0].split("|")
        self.assertEqual(prefix, str(moved / "root/usr"))
        order = libraries.split(":")
        self.assertEqual(order[0], "/mine")
        # The machine's own libraries come before the folder's, but for Open MPI's.
        self.assertLess(order.index("/usr/lib/x86_64-linux-gnu"), order.index(str(lib)))
        self.assertLess(order.index(str(lib / "openmpi/lib")), order.index("/usr/lib/x86_64-linux-gnu"))

    def test_what_is_needed_and_not_packed_is_named(self):
        told = self.pack().stdout
        self.assertIn("libunheard.so.7", told)
        self.assertNotIn("libcurl4.so.1", told)
        self.assertNotIn("libc.so.6", told)

    def test_a_second_call_begins_anew(self):
        self.pack("cmake")
        self.assertEqual(self.pack().returncode, 0)
        self.assertNotIn("cmake", self.packages())

    def test_a_folder_of_something_else_is_left_alone(self):
        self.packed.mkdir()
        (self.packed / "thesis.tex").touch()
        outcome = self.pack()
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("holds other files", outcome.stderr)
        self.assertEqual(os.listdir(self.packed), ["thesis.tex"])

    def test_apt_without_lists_is_told(self):
        (self.folder / "no-lists").touch()
        outcome = self.pack()
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("apt-get update", outcome.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
