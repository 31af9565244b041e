"""scripts/fetch-real against a server of its own on loopback: whole, interrupted, wrong, missing, no space."""

import importlib
import json
import os
import pathlib
import random
import sys
import unittest

from local_server import ROOT, LocalServer, sha256

sys.path.insert(0, str(ROOT / "scripts"))
catalogue = importlib.import_module("real.catalogue")
glue = importlib.import_module("real.glue")
transfer = importlib.import_module("real.transfer")

HUB = "huggingface.co/openai-community/gpt2-medium/resolve/main"
FILES = ("config.json", "vocab.json", "merges.txt", "model.safetensors")


class Medium(LocalServer):
    """A server that has gpt2-medium."""

    def setUp(self):
        super().setUp()
        self.weights = random.Random(1).randbytes(3_000_000)
        for name in FILES:
            self.site.files[f"/{HUB}/{name}"] = name.encode()
        self.weights_path = f"/{HUB}/model.safetensors"
        self.site.files[self.weights_path] = self.weights

    def path(self, name):
        return self.folder / "models/gpt2-medium" / name

    def ranges(self):
        return [headers.get("Range") for path, headers in self.site.requests if path == self.weights_path]

    def assert_whole(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.path("model.safetensors").read_bytes(), self.weights)
        self.assertEqual(sorted(p.name for p in self.path("").iterdir()), sorted(FILES), "no parts are left")


class FetchReal(Medium):
    def test_fetches_a_group_and_writes_its_checksums_down(self):
        result = self.fetch("gpt2-medium")
        self.assert_whole(result)
        self.assertIn("MIT", result.stdout)
        recorded = (self.folder / "fetched.sha256").read_text()
        self.assertIn(f"{sha256(self.weights)}  models/gpt2-medium/model.safetensors\n", recorded)
        self.assertIn("recorded at first use", result.stdout)

    def test_asks_for_nothing_that_is_there(self):
        self.fetch("gpt2-medium")
        self.site.requests.clear()
        self.assertEqual(self.fetch("gpt2-medium").returncode, 0)
        self.assertEqual(self.site.requests, [])

    def test_goes_on_where_a_connection_broke(self):
        self.site.cuts[self.weights_path] = [1_200_000, 700_000]
        result = self.fetch("gpt2-medium")
        self.assert_whole(result)
        self.assertEqual(self.ranges(), [None, "bytes=1200000-", "bytes=1900000-"])

    def test_goes_on_in_another_run(self):
        self.site.cuts[self.weights_path] = [100_000] * transfer.TRIES
        result = self.fetch("gpt2-medium")
        self.assertEqual(result.returncode, 1)
        self.assertIn("run the same command again", result.stderr)
        self.assertFalse(self.path("model.safetensors").exists())
        self.assertEqual(self.path("model.safetensors.part").stat().st_size, 100_000 * transfer.TRIES)
        self.site.requests.clear()
        self.assert_whole(self.fetch("gpt2-medium"))
        self.assertEqual(self.ranges(), [f"bytes={100_000 * transfer.TRIES}-"])

    def test_starts_anew_where_the_file_changed_in_between(self):
        self.site.cuts[self.weights_path] = [100_000] * transfer.TRIES
        self.fetch("gpt2-medium")
        self.weights = self.weights[::-1]
        self.site.files[self.weights_path] = self.weights
        self.assert_whole(self.fetch("gpt2-medium"))

    def test_starts_anew_where_the_server_knows_no_ranges(self):
        self.site.knows_ranges = False
        self.site.cuts[self.weights_path] = [1_200_000]
        self.assert_whole(self.fetch("gpt2-medium"))

    def test_tries_again_where_the_server_is_busy(self):
        self.site.failures[self.weights_path] = [503, 429]
        self.assert_whole(self.fetch("gpt2-medium"))

    def test_a_finished_part_is_taken(self):
        # Killed between the last byte and the rename: the server has nothing more to give.
        self.site.cuts[self.weights_path] = [100_000] * transfer.TRIES
        self.fetch("gpt2-medium")
        self.path("model.safetensors.part").write_bytes(self.weights)
        self.assert_whole(self.fetch("gpt2-medium"))

    def test_says_which_file_is_missing_and_fetches_the_other_groups(self):
        del self.site.files[self.weights_path]
        self.site.files["/rome.baulab.info/data/stats/gpt2-medium/wikipedia_stats/"
                        "transformer.h.8.mlp.c_proj_float32_mom2_100000.npz"] = b"moments"  # fmt: skip
        result = self.fetch("gpt2-medium", "stats-gpt2-medium")
        self.assertEqual(result.returncode, 1)
        self.assertIn("404", result.stderr)
        self.assertIn("model.safetensors", result.stderr)
        self.assertIn("not complete: gpt2-medium\n", result.stderr)
        self.assertEqual(
            (self.folder / "stats/gpt2-medium/transformer.h.8.mlp.c_proj_float32_mom2_100000.npz").read_bytes(),
            b"moments",
        )

    def test_holds_a_file_to_its_published_checksum(self):
        url = "/rome.baulab.info/data/dsets/counterfact.json"
        self.site.files[url] = b"[]" + b" " * (45_108_470 - 2)
        result = self.fetch("counterfact")
        self.assertEqual(result.returncode, 1)
        self.assertIn("d017056125178a13728594e66a801357a8db9ed7973a7425554bb4271de9fc6f expected", result.stderr)
        self.assertEqual(list(self.folder.glob("counterfact*")), [], "neither the file nor its part is kept")
        self.site.files[url] = b"[]"
        self.assertIn("45,108,470 expected", self.fetch("counterfact").stderr)

    def test_holds_a_file_to_the_checksum_that_the_server_declares(self):
        self.site.redirects[self.weights_path] = (f"{self.base}/storage/blob", sha256(self.weights))
        self.site.files["/storage/blob"] = self.weights
        result = self.fetch("gpt2-medium")
        self.assert_whole(result)
        self.assertIn("as the server declares", result.stdout)

    def test_refuses_what_differs_from_the_declared_checksum(self):
        self.site.redirects[self.weights_path] = (f"{self.base}/storage/blob", "0" * 64)
        self.site.files["/storage/blob"] = self.weights
        result = self.fetch("gpt2-medium")
        self.assertEqual(result.returncode, 1)
        self.assertIn("0" * 64 + " expected (as the server declares)", result.stderr)
        self.assertFalse(self.path("model.safetensors").exists())

    def test_refuses_what_differs_from_the_first_download(self):
        self.fetch("gpt2-medium")
        self.path("model.safetensors").unlink()
        self.site.files[self.weights_path] = b"something else"
        result = self.fetch("gpt2-medium")
        self.assertEqual(result.returncode, 1)
        self.assertIn("as at first use", result.stderr)
        self.assertFalse(self.path("model.safetensors").exists())

    def test_verifies_what_was_fetched(self):
        self.fetch("gpt2-medium")
        self.assertEqual(self.fetch("--verify").returncode, 0)
        self.path("vocab.json").write_text("changed")
        self.path("merges.txt").unlink()
        result = self.fetch("--verify")
        self.assertEqual(result.returncode, 1)
        self.assertIn("CHANGED models/gpt2-medium/vocab.json", result.stdout)
        self.assertIn("missing models/gpt2-medium/merges.txt", result.stdout)

    def test_says_how_much_space_is_missing_before_it_begins(self):
        self.site.claimed_bytes[self.weights_path] = 10**18
        result = self.fetch("gpt2-medium")
        self.assertEqual(result.returncode, 1)
        self.assertIn("needs 1,000,000,000,000,000,", result.stderr)
        self.assertIn(" are free; make space: nothing was fetched", result.stderr)
        self.assertEqual(self.site.requests, [])

    def test_says_sizes_and_room_first(self):
        result = self.fetch("gpt2-medium")
        total = len(self.weights) + sum(len(name) for name in FILES[:-1])
        self.assertIn(f"to fetch: 4 files, {total:,} bytes; ", result.stdout.splitlines()[0])
        self.assertIn(f" bytes are free in {self.folder}", result.stdout.splitlines()[0])

    def test_counts_what_is_there(self):
        self.fetch("gpt2-medium")
        self.path("vocab.json").unlink()
        self.assertIn("to fetch: 1 files, 10 bytes; ", self.fetch("gpt2-medium").stdout)
        self.site.questions.clear()
        self.assertNotIn("to fetch", self.fetch("gpt2-medium").stdout)
        self.assertEqual(self.site.questions, [])

    def test_says_at_once_that_there_is_no_network(self):
        self.assertIn("nothing was fetched", self.fetch_without_a_network("paper").stderr)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_says_where_the_disk_is_full(self):
        self.path("").mkdir(parents=True)
        self.path("model.safetensors.part").symlink_to("/dev/full")
        result = self.fetch("gpt2-medium")
        self.assertEqual(result.returncode, 1)
        self.assertIn("No space left on device; make space", result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def test_lists_everything_with_its_licence(self):
        result = self.fetch("--list")
        self.assertEqual(result.returncode, 0)
        for group in catalogue.GROUPS:
            self.assertIn(group.name, result.stdout)
        self.assertEqual(result.stdout.count("licence: "), len(catalogue.GROUPS))
        self.assertEqual(self.site.requests, [])

    def test_asks_each_programs_own_server_for_what_that_program_reads(self):
        hosts = {group.name: {file.url.split("/")[2] for file in group.files} for group in catalogue.GROUPS}
        for name in ("stats-gpt2-medium", "stats-gpt2-large", "counterfact", "counterfact-references"):
            self.assertEqual(hosts[name], {"rome.baulab.info"}, name)
        for name in ("stats-gpt2-xl", "stats-gpt-j-6b", "mend-gpt2-xl", "mend-gpt-j-6b"):
            self.assertEqual(hosts[name], {"memit.baulab.info"}, name)

    def test_fetches_the_reference_texts_into_the_folder_that_a_report_is_given(self):
        for name in catalogue.REFERENCES:
            self.site.files[f"/rome.baulab.info/data/dsets/{name}"] = name.encode() * 1000
        self.site.cuts["/rome.baulab.info/data/dsets/attribute_snippets.json"] = [5000]
        result = self.fetch("counterfact-references")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Wikipedia", result.stdout)
        for name in ("attribute_snippets.json", "tfidf_vocab.json", "idf.npy"):
            self.assertEqual((self.folder / "references" / name).read_bytes(), name.encode() * 1000)
        self.assertEqual(len(list((self.folder / "references").iterdir())), 3, "no parts are left")

    def test_says_which_groups_there_are(self):
        result = self.fetch("gpt3")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no such group: gpt3; there are: paper gpt2-medium", result.stderr)

    def test_the_papers_groups_are_there(self):
        names = {group.name for group in catalogue.GROUPS}
        self.assertEqual(set(catalogue.PAPER) - names, set())


def split_of(num_ones, num_zeros):
    """Rows whose labels are counted as GLUE's are; the first has label 1, as in all four validation splits."""
    labels = [1] * num_ones + [0] * num_zeros
    random.Random(2).shuffle(labels)
    labels.remove(1)
    return [{"sentence": f"row {i}", "label": label, "idx": i} for i, label in enumerate([1, *labels])]


SIZES = {"sst2": (444, 428), "mrpc": (279, 129), "cola": (721, 322), "rte": (131, 146)}


class Glue(LocalServer):
    """The rebuilt sets; the server's rows are stand-ins of the real sizes."""

    def setUp(self):
        super().setUp()
        self.site.splits = {task: split_of(*sizes) for task, sizes in SIZES.items()}
        self.into = self.folder / "glue"

    def test_pages_are_put_together_and_drawn(self):
        drawn = glue.draw({task: list(rows) for task, rows in self.site.splits.items()})
        digests = {task: glue.digest_of(examples) for task, examples in drawn.items()}
        glue.fetch_glue(self.folder, self.base, lambda text: None, digests)
        for task, examples in drawn.items():
            self.assertEqual(json.loads((self.into / f"{task}.json").read_text()), examples)
            self.assertEqual(sorted(e["label"] for e in examples), [0] * 100 + [1] * 100)

    def test_sets_that_are_not_the_published_ones_are_refused(self):
        result = self.fetch("glue")
        self.assertEqual(result.returncode, 1)
        self.assertIn("GLUE sst2: the 200 examples drawn", result.stderr)
        self.assertFalse(self.into.exists())


REFERENCE = pathlib.Path(os.environ.get("LETHE_REFERENCE_DATA", ROOT / "../shared/reference/data"))


@unittest.skipUnless(REFERENCE.is_dir(), f"no reference data at {REFERENCE}")
class PublishedSets(unittest.TestCase):
    """The draw is the published one: RTE to the letter, the others by their labels and the order of their rows."""

    def setUp(self):
        lines = (REFERENCE / "glue/full/RTE_dev.tsv").read_text(encoding="utf-8").splitlines()[1:]
        rte = []
        for line in lines:
            index, first, second, label = line.split("\t")
            rte.append(
                {"sentence1": first, "sentence2": second, "label": int(label != "entailment"), "idx": int(index)}
            )
        splits = {task: split_of(*sizes) for task, sizes in SIZES.items()} | {"rte": rte}
        ranks = {task: {0: [], 1: []} for task in splits}
        for task, rows in splits.items():
            for row in rows:
                ranks[task][row["label"]].append(row["idx"])
        self.ranks = ranks
        self.drawn = glue.draw(splits)
        self.published = {
            task: json.loads((REFERENCE / f"glue/paper/{task}.json").read_text(encoding="utf-8")) for task in glue.TASKS
        }

    def test_the_digests_are_those_of_the_published_sets(self):
        for task, examples in self.published.items():
            self.assertEqual(glue.digest_of(examples), glue.TASKS[task], task)

    def test_rte_is_rebuilt_to_the_letter(self):
        self.assertEqual(self.drawn["rte"], self.published["rte"])

    def test_the_other_draws_agree_in_label_and_rank(self):
        for task in ("sst2", "mrpc", "cola"):
            drawn, published = self.drawn[task], self.published[task]
            self.assertEqual([e["label"] for e in drawn], [e["label"] for e in published], task)
            for label in (0, 1):
                # Which of a label's rows was drawn is its rank; published row numbers must rise with it.
                rank = {idx: i for i, idx in enumerate(self.ranks[task][label])}
                pairs = sorted((rank[a["idx"]], b["idx"]) for a, b in zip(drawn, published) if b["label"] == label)
                rows = [row for _, row in pairs]
                self.assertEqual(rows, sorted(set(rows)), f"{task}, label {label}")


if __name__ == "__main__":
    unittest.main()
