"""The registry of fault sites (core/fault_sites.h) against the calls in the sources and the table of docs/reliability.md:
no site without a call in lethe itself, no call of a site that is not listed, every site in the table with its words."""

import re
import unittest

import source_tree

ROW = re.compile(r'FaultSiteFacts\{"([\w.]+)", FaultKind::k(\w+), "([\w, ]+)", "([^"]+)"\}')
CALL = re.compile(r'\b(?:core::)?(fault_point|fails_at|write_at)\(\s*"([^"]+)"')
KINDS = {"fault_point": "Step", "fails_at": "Call", "write_at": "Write"}
TABLE_ROW = re.compile(r"^\| `([\w.]+)` \| (\w+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
FAKE = "tests/orchestrator/fake_"


def calls():
    """{site: {(place, kind)}} of all sources but the tests of the mechanism itself."""
    found = {}
    for path in source_tree.tracked_files():
        place = source_tree.place(path)
        if path.suffix not in (".h", ".cpp") or (place.startswith("tests/") and not place.startswith(FAKE)):
            continue
        for function, site in CALL.findall(path.read_text()):
            found.setdefault(site, set()).add((place, KINDS[function]))
    return found


class FaultSites(unittest.TestCase):
    def setUp(self):
        text = (source_tree.ROOT / "core/fault_sites.h").read_text()
        self.rows = ROW.findall(text)
        self.assertEqual(len(self.rows), text.count("FaultSiteFacts{"), "a row that this test does not read")
        self.assertGreater(len(self.rows), 40)

    def test_every_site_is_listed_once(self):
        names = [name for name, *_ in self.rows]
        self.assertEqual(sorted(set(names)), sorted(names))

    def test_no_site_is_dead_or_unlisted(self):
        used = calls()
        listed = {name: kind for name, kind, *_ in self.rows}
        self.assertEqual(sorted(set(used) - set(listed)), [], "called and not listed")
        for name, kind in listed.items():
            places = {place for place, _ in used.get(name, set()) if not place.startswith(FAKE)}
            self.assertTrue(places, f"{name}: no source of lethe comes by it")
            self.assertEqual({called for _, called in used[name]}, {kind}, name)

    def test_the_executors_sites_are_those_of_the_fake_one_too(self):
        """What the loop over all sites with the fake executor tries is then what the real one comes by."""
        used = calls()
        for name, _, programs, _ in self.rows:
            if programs != "executor" or any(place.startswith("ledger/") for place, _ in used[name]):
                continue  # both publish through ledger/
            self.assertTrue(any(place.startswith(FAKE) for place, _ in used[name]), name)

    def test_the_table_of_the_documents_is_the_registry(self):
        text = (source_tree.ROOT / "docs/reliability.md").read_text()
        self.assertEqual(TABLE_ROW.findall(text), [(n, kind.lower(), programs, when) for n, kind, programs, when in self.rows])


if __name__ == "__main__":
    unittest.main()
