"""The documents name what there is: every LETHE_ variable stands in CONTRIBUTING.md, and no other; every file, link, test
and heading that a document or a comment names is there; the map of the paper is whole; exit codes, classes of failures and
messages are the sources'."""

import functools
import pathlib
import re
import subprocess
import unittest

import paper_map
import source_tree

VARIABLE = re.compile(r"LETHE_[A-Z0-9]+(?:_[A-Z0-9]+)*\b")
# Documents speak of variables, they make none.
DOCUMENT = re.compile(r"docs/|CONTRIBUTING\.md|CHANGELOG\.md|README\.md")
# `core/config/experiment_config.{h,cpp}`, `core/reduction_part.h`: in code marks, with a folder and a known extension.
FILE = re.compile(r"`([\w./-]+/[\w.-]+?)\.(h|cpp|py|sh|sbatch|txt|md|yaml|\{h,cpp\})`")
LINK = re.compile(r"\]\(([^)#\s:]*)(?:#([\w-]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# `Suite.Test`, as ctest and GoogleTest write it.
TEST_NAME = re.compile(r"`([A-Z]\w+)\.([A-Z]\w+)`")
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.MULTILINE)
# "design C2", "(design C1, C7)", "design 5", "(C1, C9)"; "algorithms 7", "algorithms.md 0.1".
CONTRACT = re.compile(r"\b[Dd]esign ((?:C?\d+)(?:, C\d+)*)\b|\((C\d+(?:, C\d+)*)\)")
ALGORITHM = re.compile(r"\balgorithms(?:\.md)? (\d+(?:\.\d+)?)")
# Written by a program, or LibTorch's.
ELSEWHERE = {"gpu-check-results/report.md", "torch/torch.h"}
# Their files were there once.
HISTORIES = {"CHANGELOG.md"}
# A map of the paper in which nothing is wrong, and what is said of each change.
WHOLE_MAP = """
| figure | in the paper | file of `lethe report` | what came out here |
|---|---|---|---|
| Figures 1 to 35 | curves | `curve-<model>`, `curve-xl` (above) | **Shown.** As [there](there.md) |
| Figure 36 | curves | `curve-j` | **Not here yet.** No run |

| table | in the paper | file of `lethe report` | what came out here |
|---|---|---|---|
| Tables 1 to 8 | rows | `rows.csv` | **In part.** As [there](there.md) |

| claim | in the paper | file of `lethe report` | what came out here |
|---|---|---|---|
| Models forget | 1 | – | **Otherwise here.** As [there](there.md) |
"""
FAULTS = (
    ("Figures 1 to 35", "Figures 1 to 34", "Figure 35 has 0 rows"),
    ("Figure 36", "Figure 35", "Figure 35 has 2 rows"),
    ("Tables 1 to 8", "Tables 1 to 9", "there is no Table 9"),
    ("Tables 1 to 8", "Tables", "Table 8 has 0 rows"),
    ("`curve-xl`", "`curve-xxl`", "no report writes curve-xxl"),
    ("`rows.csv`", "`row.csv`", "no report writes row.csv"),
    ("`curve-j`", "curve-j", "names no file"),
    ("**Shown.** As [there](there.md)", "**Shown.** As there", "a result without a link"),
    ("**Otherwise here.** ", "", "says neither a result"),
    ("**Not here yet.** No run", "**Not here yet.**", "says neither a result"),
)
# Who writes the texts beside a sweep's files, and how the keys of these and the names of HDF5's stand in code.
TEXT_WRITERS = ("core/contract/inspection.cpp", "orchestrator/display/status_file.cpp", "orchestrator/display/sweep_status.cpp",
                "orchestrator/scheduling/coordinator.cpp", "orchestrator/scheduling/coordinator_failures.cpp",
                "orchestrator/scheduling/cancellations.cpp", "ledger/cancelled_cells.cpp", "worker/planning/input_digests.cpp")
TEXT_KEY = re.compile(r'(?:\{|\brecord\()"([a-z_]+)",')
HDF5_NAME = re.compile(r'\.(?:dataset|attribute\w*|group)\("([a-z_]+)"')
# Of docs/operations.md: a message in quotes, `...` for what varies; a row of exit codes; a row of failure classes.
MESSAGE = re.compile(r'"`([^`]+)`"')
EXIT_CODE = re.compile(r"\bexit code (\d+)")
ENDING = re.compile(r"^\| (\d+) \| ([^|]*) \|", re.MULTILINE)
CLASSES = re.compile(r"^\| ((?:`[a-z]+`(?:, )?)+) \| ([a-z ]+) \|", re.MULTILINE)
HEALS = {"Never": "never", "AnotherTry": "with another try", "Time": "with time", "SomeoneActs": "when someone acts"}
# A string of C++ with those that follow it directly, which are one.
LITERAL = re.compile(r'//[^\n]*|#include[^\n]*|((?:"(?:\\.|[^"\\\n])*"\s*)+)')


def text_of(name):
    return (source_tree.ROOT / name).read_text(encoding="utf-8", errors="replace")


def documents():
    return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(
        path.relative_to(source_tree.ROOT).as_posix() for path in sorted((source_tree.ROOT / "docs").rglob("*.md")))]


def anchors_of(name):
    """As GitHub makes them of headings."""
    headings = HEADING.findall(FENCED.sub("", text_of(name)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def numbers_of(name):
    """What a page's headings begin with: "C2", "5", "0.1"."""
    return {heading.split()[0].rstrip(".") for heading in HEADING.findall(text_of(name))}


def cited(pattern):
    """(place, number) of every citation in code and its comments."""
    for path in source_tree.tracked_files():
        if path.suffix not in (".h", ".cpp"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for match in pattern.finditer(line):
                for one in next(group for group in match.groups() if group).split(", "):
                    yield source_tree.place(path, number), one


def tests_of_sources():
    """(suite, test) of every test of a C++ file."""
    return {
        case for path in source_tree.tracked_files() if path.suffix == ".cpp"
        for case in TEST.findall(path.read_text(encoding="utf-8"))
    }


def black_boxes():
    """Names of the scripts that are tests: all in the folder but those that its CMakeLists.txt takes out."""
    helpers = re.search(r"list\(REMOVE_ITEM scripts ([^)]*)\)", text_of("tests/blackbox/CMakeLists.txt"))[1].split()
    names = {path.name for path in source_tree.tracked_files() if path.parent.name == "blackbox"}
    return names - {"CMakeLists.txt", *helpers}


def strings_of(path):
    """The contents of a source's strings, a line each."""
    matches = LITERAL.finditer(path.read_text(encoding="utf-8"))
    return "\n".join(re.sub(r'"\s*"', "", match[1].strip())[1:-1] for match in matches if match[1])


@functools.cache
def strings_of_sources():
    paths = [path for path in source_tree.tracked_files() if path.suffix in (".h", ".cpp")]
    return [strings_of(path) for path in paths if not source_tree.place(path).startswith(("tests/", "bench/"))]


def is_said(message, strings):
    """True if the fixed parts of a message follow each other in one source's strings."""
    position = 0
    for part in filter(None, (part.strip() for part in message.split("..."))):
        position = strings.find(part, position)
        if position < 0:
            return False
    return True


def wrong_messages(page):
    """Messages of a page that no source says."""
    messages = [" ".join(message.split()) for message in MESSAGE.findall(page)]
    return [message for message in messages if not any(is_said(message, one) for one in strings_of_sources())]


def unnamed(page):
    """Keys of texts, and names of datasets and attributes, that a source writes or reads and a page does not name."""
    keys = [(name, key) for name in TEXT_WRITERS for key in TEXT_KEY.findall(text_of(name))]
    keys += [(source_tree.place(path), key) for path in source_tree.sources("storage")
             for key in HDF5_NAME.findall(path.read_text(encoding="utf-8"))]
    return keys, sorted({f"{name}: {key}" for name, key in keys if not re.search(rf"(?<![a-z_]){key}(?![a-z_])", page)})


def wrong_endings(page):
    """Where the exit codes and words of STATE differ from the sources'."""
    codes = set(re.findall(r"int kExit\w+ = (\d+);", text_of("core/exit_code.h")))
    words = set(re.findall(r'return "([A-Z]+)";', text_of("orchestrator/scheduling/outcome.cpp")))
    words |= set(re.findall(r'kConfigErrorState = "(\w+)"', text_of("orchestrator/display/status_file.h")))
    rows = ENDING.findall(page)
    told = {word for _, state in rows for word in re.findall(r"`(\w+)`", state)}
    return [
        *(f"exit code {code}: in the table or in core/exit_code.h, not in both" for code in {row[0] for row in rows} ^ codes),
        *(f"exit code {code} is none" for code in set(EXIT_CODE.findall(page)) - codes),
        *(f"STATE {word}: in the table or in the sources, not in both" for word in told ^ words),
    ]


def wrong_classes(page):
    """Where the classes of failures and what heals them differ from core/error.cpp."""
    rows = re.findall(r'FailureClass::\w+, "(\w+)", Healing::k(\w+)', text_of("core/error.cpp"))
    there = {(name, HEALS[healing]) for name, healing in rows}
    told = {(name, heals) for names, heals in CLASSES.findall(page) for name in re.findall(r"`(\w+)`", names)}
    return [f"class {name} heals {heals}: in the table or in core/error.cpp, not in both" for name, heals in told ^ there]


class Operations(unittest.TestCase):
    """docs/operations.md is what somebody looks up at night: it says what the programs say."""

    def setUp(self):
        self.page = text_of("docs/operations.md")

    def test_messages_are_said_by_a_source(self):
        self.assertGreater(len(MESSAGE.findall(self.page)), 40)
        self.assertEqual(wrong_messages(self.page), [])

    def test_exit_codes_and_states_are_those_of_the_programs(self):
        self.assertEqual(wrong_endings(self.page), [])

    def test_classes_of_failures_are_those_of_the_programs(self):
        self.assertEqual(wrong_classes(self.page), [])

    def test_a_wrong_page_is_seen(self):
        for check, right, wrong in (
            (wrong_messages, "no rank can write in the sweep's", "nobody can write in the sweep's"),
            (wrong_messages, "which may be alive: watching", "which may live: watching"),
            (wrong_messages, "its name says ...`", "its name tells ...`"),
            (wrong_endings, "| 75 | `INCOMPLETE`", "| 76 | `INCOMPLETE`"),
            (wrong_endings, "exit code 69", "exit code 70"),
            (wrong_endings, "`POISONED` | some", "`PARTIAL` | some"),
            (wrong_classes, "`oom`, `hang` | with another try", "`oom` | with another try"),
            (wrong_classes, "| `infrastructure` | with time", "| `infrastructure` | never"),
        ):
            with self.subTest(wrong=wrong):
                # Wherever the page breaks its lines.
                broken, count = re.subn(r"\s+".join(map(re.escape, right.split())), wrong, self.page)
                self.assertGreater(count, 0, right)
                self.assertNotEqual(check(broken), [])


class Installation(unittest.TestCase):
    """docs/install.md and packaging/ speak of what the build asks for, and say what nobody has run."""

    def setUp(self):
        self.page = text_of("docs/install.md")
        self.table = self.page[self.page.index("## What it needs"):self.page.index("## Building")]
        self.names = set(re.findall(r"`([\w+.-]+)`", self.table))

    def test_every_package_of_setup_stands_in_the_table(self):
        packages = subprocess.run([source_tree.ROOT / "scripts/setup", "--list"], capture_output=True, text=True, check=True)
        self.assertGreater(len(packages.stdout.split()), 15)
        self.assertEqual(set(packages.stdout.split()) - self.names, set())

    def test_the_conda_environment_is_the_table(self):
        told = set(re.findall(r"^  - ([\w-]+)", text_of("packaging/environment.yaml"), re.MULTILINE))
        rows = [row.split("|") for row in self.table.splitlines() if row.startswith("| ") and row.count("|") == 7]
        self.assertGreater(len(rows), 15)
        self.assertEqual({name for row in rows for name in re.findall(r"`([\w-]+)`", row[3])}, told)

    def test_versions_asked_for_are_the_builds(self):
        for what, file, pattern in (
            ("CMake", "CMakeLists.txt", r"cmake_minimum_required\(VERSION ([\d.]+)"),
            ("LibTorch", "cmake/FindLetheTorch.cmake", r"find_package\(Torch ([\d.]+)"),
        ):
            asked = re.search(pattern, text_of(file))[1]
            self.assertRegex(self.table, rf"(?m)^\| {what} \|[^|]*\|[^|]*\| {re.escape(asked)} \|")

    def test_what_a_row_is_derived_from_is_there(self):
        derived = re.findall(r"\| `(\w+)` \(`([\w./-]+)`\)", self.table)
        self.assertGreater(len(derived), 5)
        self.assertEqual([name for name, file in derived if name not in text_of(file)], [])

    def test_what_nobody_has_run_says_so_first(self):
        _, *sections = re.split(r"^### .*\n", self.page[self.page.index("## What has not run"):], flags=re.MULTILINE)
        self.assertGreaterEqual(len(sections), 5)
        self.assertEqual([text[:80] for text in sections if not text.startswith("\n**Nobody has run this here")], [])


class Documents(unittest.TestCase):
    def assert_none(self, problems):
        self.assertFalse(problems, "\n" + "\n".join(problems))

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
        named = [
            (document, f"{stem}.{one}")
            for document in documents()
            if document not in HISTORIES
            for stem, extension in FILE.findall(text_of(document))
            for one in (("h", "cpp") if extension.startswith("{") else (extension,))
        ]
        self.assertGreater(len(named), 150)
        self.assert_none(
            [f"{document} names {name}, which is not in the tree" for document, name in named
             if name not in ELSEWHERE and not (source_tree.ROOT / name).is_file()])

    def test_links_lead_somewhere(self):
        problems = []
        for document in documents():
            folder = (source_tree.ROOT / document).parent
            for target, anchor in LINK.findall(FENCED.sub("", text_of(document))):
                path = (folder / target).resolve() if target else source_tree.ROOT / document
                if not path.exists():
                    problems.append(f"{document}: {target} is not there")
                elif anchor and anchor not in anchors_of(path.relative_to(source_tree.ROOT)):
                    problems.append(f"{document}: {target}#{anchor}: no such heading")
        self.assert_none(problems)

    def test_the_index_lists_every_document(self):
        """docs/README.md what lies beside it and the README of each folder, that README what lies in its folder."""
        pages = [pathlib.PurePosixPath(name) for name in documents() if name.startswith("docs/") and name != "docs/README.md"]
        self.assertIn(pathlib.PurePosixPath("docs/small_paper/summary.md"), pages)
        for page in pages:
            index = (page.parent.parent if page.name == "README.md" else page.parent) / "README.md"
            listed = {target for target, _ in LINK.findall(text_of(index))}
            self.assertIn(page.relative_to(index.parent).as_posix(), listed, f"{index} does not list {page}")

    def test_tests_that_documents_name_are_there(self):
        there = tests_of_sources()
        named = [(document, case) for document in documents() for case in TEST_NAME.findall(text_of(document))]
        self.assertGreater(len(named), 30)
        suites_of_ctest = {"Slurm", "MpiEnvironment"}
        self.assert_none(
            [f"{document} names {suite}.{test}, which is no test" for document, (suite, test) in named
             if suite not in suites_of_ctest and (suite, test) not in there])

    def test_long_tests_are_there(self):
        there = tests_of_sources()
        words = {suite for suite, _ in there} | {f"{suite}.{test}" for suite, test in there}
        words |= {f"blackbox_{pathlib.PurePath(name).stem}" for name in black_boxes()}
        words |= set(re.findall(r"add_test\(NAME (\S+)", text_of("tests/slurm/CMakeLists.txt")))
        names = [line for line in text_of("tests/long_tests.txt").splitlines() if not line.startswith("#")]
        self.assertGreater(len(names), 10)
        program = re.compile(r"^test_\w+\.(foreign\.)?|^\w+/")
        self.assert_none([f"tests/long_tests.txt names {name}, which is no test" for name in names
                          if program.sub("", program.sub("", name)) not in words])

    def test_every_black_box_holds_a_promise(self):
        listed = {target for target, _ in LINK.findall(text_of("docs/reliability.md"))}
        scripts = black_boxes()
        self.assertGreater(len(scripts), 30)
        self.assert_none([f"docs/reliability.md does not list {name}" for name in sorted(scripts)
                          if f"../tests/blackbox/{name}" not in listed])

    def test_the_map_of_the_paper_is_whole(self):
        names = paper_map.ReportNames(paper_map.figure_names(), paper_map.report_files(), paper_map.words_of_cells())
        self.assert_none(paper_map.problems_of(text_of("docs/paper_map.md"), names))

    def test_a_map_with_a_fault_is_not_whole(self):
        names = paper_map.ReportNames({"curve-<model>"}, {"rows.csv"}, {"<model>": ["xl", "j"]})
        self.assert_none(paper_map.problems_of(WHOLE_MAP, names))
        for whole, broken, complaint in FAULTS:
            self.assertEqual(WHOLE_MAP.count(whole), 1, whole)
            problems = "\n".join(paper_map.problems_of(WHOLE_MAP.replace(whole, broken), names))
            self.assertIn(complaint, problems, broken)

    def test_formats_names_the_figures_that_are_drawn(self):
        names = paper_map.figure_names()
        self.assertGreater(len(names), 6)
        formats = text_of("docs/formats.md")
        self.assert_none([f"docs/formats.md does not name the figure {name}" for name in sorted(names)
                          if f"`{name}`" not in formats])

    def test_formats_names_what_is_written(self):
        page = text_of("docs/formats.md")
        keys, missing = unnamed(page)
        self.assertGreater(len(set(keys)), 120)
        self.assert_none(missing)
        for key in ("notes", "next_iteration", "unreadable", "edits_uncommitted"):
            self.assertIn(key, page)
            self.assertNotEqual(unnamed(page.replace(key, "-"))[1], [], key)

    def test_contracts_that_comments_cite_are_written(self):
        for pattern, page in ((CONTRACT, "docs/design.md"), (ALGORITHM, "docs/algorithms.md")):
            there = numbers_of(page)
            citations = list(cited(pattern))
            self.assertGreater(len(citations), 10)
            self.assert_none([f"{place} cites {number}: {page} has no such heading"
                              for place, number in citations if number not in there])


if __name__ == "__main__":
    unittest.main()
