"""The facts of assets/facts: the committed records are what scripts/facts/make.py makes, and keep the schema's promises."""

import importlib
import json
import pathlib
import random
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "scripts/facts")]
make = importlib.import_module("make")
records_of_users = importlib.import_module("real.records")
table = importlib.import_module("table")


class Facts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.facts = table.facts()
        cls.known = table.known()
        cls.records = json.loads((table.FOLDER / "counterfact.json").read_text(encoding="utf-8"))
        cls.orders = json.loads((table.FOLDER / "samples.json").read_text(encoding="utf-8"))
        cls.relations = {relation.name: relation for relation in table.RELATIONS}

    def test_the_committed_files_come_out_again(self):
        draw = random.Random(make.SEED)
        self.assertEqual(self.records, make.records_of(self.known, draw))
        self.assertEqual(self.orders, make.orders_of(self.records, draw))

    def test_the_table_names_each_fact_once_and_nothing_that_is_not_in_it_is_known(self):
        self.assertEqual(len(self.facts), len(set(self.facts)))
        self.assertEqual(set(self.known) - set(self.facts), set())
        for fact, numbers in self.known.items():
            self.assertEqual(sorted(set(numbers)), numbers, fact)
            self.assertLess(numbers[-1], len(self.relations[fact.relation].templates))

    def test_the_records_keep_the_schema(self):
        self.assertEqual(records_of_users.read(table.FOLDER / "counterfact.json"), self.records)
        self.assertGreaterEqual(len(self.records), 300)
        for record in self.records:
            prompts = [record["requested_rewrite"]["prompt"], *record["paraphrase_prompts"], *record["neighborhood_prompts"]]
            self.assertEqual([text for text in prompts if text != text.strip()], [], "targets begin with the blank")
            self.assertEqual(len(set(prompts)), len(prompts), record["case_id"])

    def test_what_is_edited_was_answered_rightly_and_the_new_target_is_false(self):
        true = {}
        for fact in self.facts:
            true.setdefault((fact.relation, fact.subject), set()).add(fact.object)
        for record in self.records:
            rewrite = record["requested_rewrite"]
            relation, subject = rewrite["relation_id"], rewrite["subject"]
            fact = table.Fact(relation, subject, rewrite["target_true"]["str"])
            self.assertIn(self.relations[relation].templates.index(rewrite["prompt"]), self.known[fact])
            new = rewrite["target_new"]["str"]
            self.assertNotIn(new, true[relation, subject] | set(table.ALSO_TRUE.get(subject, ())))
            self.assertIn(new, {other.object for other in self.facts if other.relation == relation}, "of the same kind")

    def test_neighbours_are_right_answers_about_others(self):
        right = {}
        for fact, numbers in self.known.items():
            for i in numbers:
                right[self.relations[fact.relation].templates[i].format(fact.subject)] = fact
        for record in self.records:
            rewrite = record["requested_rewrite"]
            self.assertGreaterEqual(len(record["neighborhood_prompts"]), make.MIN_NEIGHBOURS)
            for prompt in record["neighborhood_prompts"]:
                self.assertEqual(right[prompt].object, rewrite["target_true"]["str"])
                self.assertNotEqual(right[prompt].subject, rewrite["subject"])

    def test_each_order_has_every_subject_once(self):
        subject_of = {record["case_id"]: record["requested_rewrite"]["subject"].lower() for record in self.records}
        for order in range(make.NUM_ORDERS):
            subjects = [subject_of[case_id] for case_id in self.orders[str(order)]]
            self.assertEqual(sorted(subjects), sorted(set(subject_of.values())))

    def test_the_last_order_has_what_begins_its_prompt_of_the_first(self):
        begins = {record["case_id"]: record["requested_rewrite"]["prompt"].startswith("{}") for record in self.records}
        of_first = [case_id for case_id in self.orders["0"] if begins[case_id]]
        self.assertEqual(self.orders[str(make.NUM_ORDERS)], of_first[-48:])
        self.assertEqual(len(self.orders), make.NUM_ORDERS + 1)

    def test_exceptions_are_of_subjects_in_the_table(self):
        self.assertEqual(set(table.ALSO_TRUE) - {fact.subject for fact in self.facts}, set())


if __name__ == "__main__":
    unittest.main()
