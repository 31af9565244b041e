"""The documents name what there is: every LETHE_ variable stands in CONTRIBUTING.md, and no other; every file that a
recipe or the glossary names is in the tree."""

import re
import unittest

import source_tree

VARIABLE = re.compile(r"LETHE_[A-Z0-9]+(?:_[A-Z0-9]+)*\b")
# Documents speak of variables, they make none.
DOCUMENT = re.compile(r"docs/|CONTRIBUTING\.md|CHANGELOG\.md|README\.md")
# `core/config/experiment_config.{h,cpp}`, `core/reduction_part.h`: in code marks, with a folder and a known extension.
FILE = re.compile(r"`([\w./-]+/[\w.-]+?)\.(h|cpp|py|sh|txt|md|\{h,cpp\})`")


def text_of(name):
    return (source_tree.ROOT / name).read_text(encoding="utf-8", errors="replace")


class Documents(unittest.TestCase):
    def test_contributing_lists_every_variable(self):
        used = {
            variable
            for path in source_tree.tracked_files()
            if not DOCUMENT.match(name := str(path.relative_to(source_tree.ROOT)))
            and not name.startswith(("assets/", "tests/fixtures/"))
            for variable in VARIABLE.findall(text_of(name))
        }
        self.assertGreater(len(used), 40)
        self.assertEqual(set(VARIABLE.findall(text_of("CONTRIBUTING.md"))), used)

    def test_files_that_documents_name_are_there(self):
        num_named = 0
        for document in ("CONTRIBUTING.md", "docs/config.md", "docs/glossary.md", "docs/recipes.md"):
            for stem, extension in FILE.findall(text_of(document)):
                for one in ("h", "cpp") if extension.startswith("{") else (extension,):
                    num_named += 1
                    path = source_tree.ROOT / f"{stem}.{one}"
                    self.assertTrue(path.is_file(), f"{document} names {stem}.{one}, which is not in the tree")
        self.assertGreater(num_named, 60)


if __name__ == "__main__":
    unittest.main()
