"""scripts/fetch-real counterfact --from FILE: what is taken, how it is written, and what is refused."""

import copy
import importlib
import json
import os
import sys
import unittest

from local_server import ROOT, LocalServer, sha256

sys.path.insert(0, str(ROOT / "scripts"))
catalogue = importlib.import_module("real.catalogue")
records = importlib.import_module("real.records")
transfer = importlib.import_module("real.transfer")

RECORD = {
    "case_id": 7,
    "requested_rewrite": {
        "prompt": "{} lies in", "subject": "Zürich\u2028", "target_new": {"str": "Peru", "id": "Q1"}, "target_true": {"str": "Europe"},
    },
    "paraphrase_prompts": ["Where is Zürich?"],
    "neighborhood_prompts": [],
    "of_ours": {"kept": True},
}  # fmt: skip


def numbered(count):
    return [{**copy.deepcopy(RECORD), "case_id": i} for i in range(count)]


class From(LocalServer):
    def take(self, content, *arguments):
        source = self.folder / "mine.json"
        source.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self.fetch("counterfact", "--from", source, *arguments)

    def taken(self):
        return json.loads((self.folder / "counterfact.json").read_text(encoding="utf-8"))

    def assert_taken(self, result, expected):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.taken(), expected)
        digest = transfer.sha256_of(self.folder / "counterfact.json")
        self.assertEqual(transfer.Ledger(self.folder).digests, {"counterfact.json": digest})
        self.assertEqual(self.site.requests + self.site.questions, [], "no server is asked")

    def test_a_list_is_taken(self):
        result = self.take("\ufeff" + json.dumps(numbered(3), indent=1))
        self.assert_taken(result, numbered(3))
        self.assertIn("3 records (the published file has 21,919: `samples: published` needs them all)", result.stdout)

    def test_lines_are_taken_in_their_order(self):
        there = numbered(3)[::-1]
        lines = "\r\n\n".join(json.dumps(record, ensure_ascii=False) for record in there)
        self.assert_taken(self.take(lines), there)

    def test_as_many_records_as_published_are_no_remark(self):
        result = self.take(json.dumps(numbered(21_919)))
        self.assertIn("counterfact.json: 21,919 records, sha256 ", result.stdout)

    def test_the_published_file_is_taken_to_the_letter(self):
        content = b" [ ]  "
        source = self.folder / "mine"
        source.write_bytes(content)
        file = catalogue.File("", "counterfact.json", sha256(content))
        records.take(file, source, self.folder, transfer.Ledger(self.folder), lambda text: None)
        self.assertEqual((self.folder / "counterfact.json").read_bytes(), content)

    def test_what_was_taken_is_what_is_there(self):
        self.take(json.dumps(numbered(2)))
        self.assertIn("counterfact.json: there", self.fetch("counterfact").stdout)
        self.assertEqual(self.fetch("--verify").returncode, 0)
        self.assert_taken(self.take(json.dumps(numbered(1))), numbered(1))

    def test_a_file_that_others_put_there_is_kept(self):
        (self.folder / "counterfact.json").write_text("mine")
        result = self.take(json.dumps(numbered(2)))
        self.assertEqual(result.returncode, 1)
        self.assertIn("move it away first", result.stderr)
        self.assertEqual((self.folder / "counterfact.json").read_text(), "mine")

    def assert_refused(self, content, *reasons):
        result = self.take(content)
        self.assertEqual(result.returncode, 1, result.stdout)
        for reason in reasons:
            self.assertIn(reason, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        self.assertEqual(list(self.folder.glob("counterfact*")), [])

    def test_what_is_no_json_is_refused_with_its_place(self):
        self.assert_refused(b"\xff\xfe", "mine.json: ")
        self.assert_refused("", "holds no record")
        self.assert_refused("[]", "holds no record")
        self.assert_refused("[" * 100_000, "mine.json: ")
        self.assert_refused(json.dumps(RECORD) + "\n{", "mine.json: line 2: ")
        self.assert_refused(json.dumps(numbered(2))[:-5], "mine.json: ")
        self.assert_refused(json.dumps([{**RECORD, "of_ours": float("nan")}]), "NaN is no JSON")

    def test_every_key_of_the_schema_is_held_to_it(self):
        rewrite = ("requested_rewrite",)
        for path, value in (
            (("case_id",), "7"), (("case_id",), True), (("case_id",), -1), (rewrite, None), ((*rewrite, "prompt"), "no slot"),
            ((*rewrite, "prompt"), "{} and {}"), ((*rewrite, "subject"), ""), ((*rewrite, "target_new"), "Peru"),
            ((*rewrite, "target_true", "str"), 1), (("paraphrase_prompts",), "one"), (("neighborhood_prompts",), [""]),
            (("generation_prompts",), {}),
        ):  # fmt: skip
            record = copy.deepcopy(RECORD)
            place = record
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            self.assert_refused(json.dumps([RECORD | {"case_id": 1}, record]), f'mine.json: entry 1, key "{".".join(path)}')

    def test_records_that_are_none_repeated_or_no_unicode(self):
        self.assert_refused(json.dumps([1]), 'entry 0, key "": an object expected')
        self.assert_refused(json.dumps([RECORD, RECORD]), "entry 1, key \"case_id\": 7 was used before, by ", ": entry 0")
        self.assert_refused(json.dumps([{**RECORD, "of_ours": "\ud800"}]), 'entry 0, key "": Unicode expected')

    def test_many_problems_are_counted(self):
        self.assert_refused(json.dumps([{**RECORD, "case_id": None}] * 30), "entry 9, ", "and 20 more")

    @unittest.skipUnless(hasattr(os, "mkfifo"), "no pipes here")
    def test_what_is_no_file_is_refused(self):
        os.mkfifo(self.folder / "pipe")
        for name in ("pipe", "nothing", "."):
            result = self.fetch("counterfact", "--from", self.folder / name)
            self.assertEqual(result.returncode, 1)
            self.assertIn("is no file", result.stderr)

    def test_it_goes_with_counterfact_alone(self):
        for groups in (["zsre"], ["counterfact", "zsre"], []):
            result = self.fetch(*groups, "--from", self.folder / "x")
            self.assertEqual(result.returncode, 2)


if __name__ == "__main__":
    unittest.main()
