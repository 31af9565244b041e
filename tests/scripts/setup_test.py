"""scripts/setup installs exactly what is missing, once, and says what to do where it cannot."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASH = shutil.which("bash")

# Stand-ins: dpkg-query lists what the file `installed` lists, apt-get writes its call down and "installs".
DPKG_QUERY = """#!/bin/sh
while read -r name; do echo "ii  $name"; done < "$FAKE/installed"
"""
APT_GET = """#!/bin/sh
echo "$@" >> "$FAKE/calls"
[ ! -e "$FAKE/offline" ] || { echo "E: no network"; exit 100; }
case "$*" in *" install "*)
  for word in "$@"; do case $word in -*|install|Acquire*|Dpkg*) ;; *) echo "$word" >> "$FAKE/installed" ;; esac; done ;;
esac
"""
LOCATE = """#!/bin/sh
echo "origin=${FAKE_ORIGIN:-system}"
echo "directory="
"""


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lethe-setup-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        (self.folder / "calls").touch()
        for name, text in {"dpkg-query": DPKG_QUERY, "apt-get": APT_GET, "cmake": LOCATE}.items():
            self.program(name, text)
        # Only what the script itself runs: neither the real apt-get nor sudo can be reached.
        for name in "awk cat dirname env mktemp readlink rm sed sh tail uname grep".split():
            (self.bin / name).symlink_to(shutil.which(name))
        self.packages = self.run_setup("--list").stdout.split()
        self.torch = {"libtorch-dev", "libopenblas0-pthread"}
        self.install(*self.packages)

    def program(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def install(self, *names):
        (self.folder / "installed").write_text("".join(f"{n}\n" for n in names))

    def run_setup(self, *arguments, prefix=(), **environment):
        base = {"PATH": str(self.bin), "FAKE": str(self.folder), "HOME": str(self.folder)}
        return subprocess.run(
            [*prefix, BASH, ROOT / "scripts" / "setup", *arguments],
            env={**base, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self):
        return (self.folder / "calls").read_text()

    def as_root(self):
        if os.geteuid() != 0:
            self.program("sudo", '#!/bin/sh\nexec "$@"\n')

    def test_list_names_both_halves(self):
        self.assertTrue(self.torch < set(self.packages))
        self.assertIn("libopenmpi-dev", self.packages)

    def test_nothing_missing_means_no_network(self):
        outcome = self.run_setup()
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertIn("everything is installed", outcome.stdout)
        self.assertEqual(self.calls(), "")

    def test_only_what_is_missing_is_installed(self):
        self.as_root()
        self.install(*(p for p in self.packages if p not in ("ccache", "libutf8proc-dev")))
        outcome = self.run_setup()
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        update, install = self.calls().splitlines()
        self.assertIn("update", update)
        self.assertTrue(install.endswith("--no-install-recommends install ccache libutf8proc-dev"), install)
        self.run_setup()
        self.assertEqual(len(self.calls().splitlines()), 2, "a second call used apt-get again")

    def test_bare_machine_takes_one_install(self):
        self.as_root()
        self.install()
        outcome = self.run_setup()
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        installs = [line for line in self.calls().splitlines() if " install " in line]
        self.assertEqual(len(installs), 1)
        self.assertTrue(set(self.packages) <= set(installs[0].split()))

    def test_given_torch_keeps_debians_out(self):
        self.as_root()
        self.install(*(p for p in self.packages if p not in self.torch))
        outcome = self.run_setup(LIBTORCH="/some/libtorch", FAKE_ORIGIN="LIBTORCH")
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertEqual(self.calls(), "")

    def test_systems_torch_on_demand(self):
        self.as_root()
        self.install(*(p for p in self.packages if p not in self.torch))
        outcome = self.run_setup(LIBTORCH="system", FAKE_ORIGIN="torch of python3")
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertIn("libtorch-dev libopenblas0-pthread", self.calls())

    def test_failing_apt_is_shown(self):
        self.as_root()
        self.install(*(p for p in self.packages if p != "ccache"))
        (self.folder / "offline").touch()
        outcome = self.run_setup()
        self.assertNotEqual(outcome.returncode, 0)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "gives up root to show what a user sees")
    def test_neither_root_nor_sudo(self):
        self.install(*(p for p in self.packages if p != "ccache"))
        self.folder.chmod(0o755)
        outcome = self.run_setup(prefix=[shutil.which("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"])
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("neither root nor sudo", outcome.stderr)
        self.assertIn("apt-get install --no-install-recommends ccache", outcome.stderr)

    def test_other_systems_get_the_list(self):
        (self.bin / "dpkg-query").unlink()
        outcome = self.run_setup()
        self.assertIn("libopenmpi-dev", outcome.stdout)
        self.assertNotEqual(outcome.returncode, 0, "there is no compiler on this PATH")
        self.assertIn("is not on PATH", outcome.stderr)
        for name in "c++ ninja pkg-config mpirun python3".split():
            self.program(name, "#!/bin/sh\n")
        self.assertEqual(self.run_setup().returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
