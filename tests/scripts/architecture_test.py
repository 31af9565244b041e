"""The tree keeps to docs/architecture.md: edges between folders, who may name MPI, HDF5 and Torch, sizes, names."""

import functools
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import cpp_functions  # noqa: E402

from source_tree import (
    ALLOWED,
    PROGRAMS,
    ROOT,
    TORCH_FOLDERS,
    TORCH_NAMES,
    bare_code,
    includes,
    namespace_of,
    place,
    room_of,
    sources,
    string_literals,
    tracked_files,
)

FOLDERS = [*ALLOWED, "app"]
# Gives the progress display its terminal and reports why a sweep could not start.
TERMINAL = {"orchestrator/sweep.cpp"}
# Words of the trade that also begin or end weights' names: what they are joined to tells ("model.layers.", "model.norm").
PLAIN_WORDS = {"model.", "norm"}
METHOD_LIST = "editing/methods/method_list.h"
# The strict reader, and the reader of a header of millions of tensors, which refuses equal keys itself.
READ_JSON = {"core/strict_json.cpp", "model/files/safetensors_header.cpp"}
# What makes a method's own prerequisite reads that method's settings; nobody else asks which method it is.
NAME_A_METHOD = {
    "worker/mend_task.cpp",
    "worker/projectors.cpp",
    "worker/planning/editor_facts.cpp",
    "worker/planning/projector_facts.cpp",
}
# What a verb takes where the user names no method: the paper's three of table 2, and one to try first.
GIVE_A_METHODS_NAME = {"report/disabling_experiment.h", "worker/commands/edit_fact.h"}
MAX_PRODUCTION_FILE_LINES = 350
MAX_FILE_LINES = 500  # of tests and scripts


class Architecture(unittest.TestCase):
    maxDiff = None

    def assert_none(self, problems):
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_tree_is_seen(self):
        """A checker that sees no files finds no problems."""
        for folder in FOLDERS:
            self.assertTrue(sources(folder), f"no C++ files in {folder}/")

    def test_no_arrow_runs_upwards(self):
        """The list is in order: each room comes after all that it may use."""
        seen = set()
        problems = []
        for folder, allowed in ALLOWED.items():
            problems += [f"{folder} may use {other}, which comes after it" for other in sorted(allowed - seen)]
            seen.add(folder)
        self.assert_none(problems)

    def test_includes_follow_the_allowed_edges(self):
        problems = []
        for folder, allowed in ALLOWED.items():
            for path in sources(folder):
                for line, quoted, name in includes(path):
                    other = room_of(name)
                    if quoted and other not in allowed | {folder}:
                        problems.append(f'{place(path, line)}: "{name}": {folder}/ may use only {sorted(allowed)}')
        self.assert_none(problems)

    def test_quoted_includes_name_files_of_the_tree(self):
        problems = []
        for folder in FOLDERS:
            for path in sources(folder):
                for line, quoted, name in includes(path):
                    if quoted and not (ROOT / name).is_file():
                        problems.append(f'{place(path, line)}: "{name}" is no path below the root')
        self.assert_none(problems)

    def test_units_include_their_own_header_first(self):
        """It is then seen to compile alone, at no cost."""
        problems = []
        for folder in FOLDERS:
            for path in sources(folder):
                own = path.with_suffix(".h")
                if path.suffix == ".cpp" and own.is_file():
                    found = includes(path)
                    if not found or found[0][2] != own.relative_to(ROOT).as_posix():
                        problems.append(f"{place(path)}: does not include {own.relative_to(ROOT)} first")
        self.assert_none(problems)

    def test_programs_reach_only_their_side(self):
        problems = []
        for program, allowed in PROGRAMS.items():
            todo = program_sources(program)
            self.assertTrue(todo, f"app/CMakeLists.txt has no add_executable({program} ...)")
            seen = set()
            while todo:
                path = todo.pop()
                if path in seen:
                    continue
                seen.add(path)
                if program == "lethe" and re.search(TORCH_NAMES, bare_code(path)):
                    problems.append(f"{place(path)}: names Torch, which only lethe-executor holds")
                for line, quoted, name in includes(path):
                    other = room_of(name)
                    if quoted and other == "app":
                        todo.append(ROOT / name)
                    elif quoted and other not in allowed:
                        problems.append(f'{place(path, line)}: "{name}": {program} may use only {sorted(allowed)}')
        self.assert_none(problems)

    def test_links_follow_the_allowed_edges(self):
        problems = []
        for folder, allowed in ALLOWED.items():
            text = (ROOT / folder / "CMakeLists.txt").read_text()
            own = set(re.findall(r"lethe_add_library\(([\w/]+)", text))
            if own != {folder}:
                problems.append(f"{folder}/CMakeLists.txt: makes {sorted(own)}: a room is one target of its name")
            targets = {room.replace("/", "_") for room in allowed} | {"build_info"}
            for other in re.findall(r"\blethe::(\w+)", text):
                if other not in targets:
                    problems.append(f"{folder}/CMakeLists.txt: lethe::{other}: allowed are {sorted(allowed)}")
            if re.search(r"\bTORCH\b|lethe_torch|lethe_use_torch", text) and folder not in TORCH_FOLDERS:
                problems.append(f"{folder}/CMakeLists.txt: Torch is for {sorted(TORCH_FOLDERS)}")
            if "MPI::" in text and folder != "comm":
                problems.append(f"{folder}/CMakeLists.txt: MPI is for comm/")
            if "hdf5" in text.lower() and folder != "storage":
                problems.append(f"{folder}/CMakeLists.txt: HDF5 is for storage/")
        self.assert_none(problems)

    def test_libraries_are_named_only_where_they_belong(self):
        rules = [
            (r"\bMPI_[A-Za-z]\w*", {"comm"}),
            (r"\bH5[A-Z]{1,2}[a-z_]\w*|\bH5[A-Z]_\w+|\b(?:hid|herr|hsize)_t\b", {"storage"}),
            (TORCH_NAMES, TORCH_FOLDERS | {"app"}),
        ]
        headers = [
            (r"mpi\.h$|mpi/", {"comm"}),
            (r"hdf5|H5\w*\.h$", {"storage"}),
            (r"(torch|ATen|c10)/", TORCH_FOLDERS | {"app"}),
        ]
        problems = []
        for folder in FOLDERS:
            for path in sources(folder):
                for number, line in enumerate(bare_code(path).splitlines(), 1):
                    for pattern, owners in rules:
                        match = re.search(pattern, line)
                        if match and folder not in owners:
                            problems.append(f"{place(path, number)}: {match[0]} belongs to {sorted(owners)}")
                for number, quoted, name in includes(path):
                    for pattern, owners in headers:
                        if not quoted and re.match(pattern, name) and folder not in owners:
                            problems.append(f"{place(path, number)}: <{name}> belongs to {sorted(owners)}")
        self.assert_none(problems)

    def test_torch_is_included_in_slices(self):
        """<torch/torch.h> takes 17 s to compile."""
        problems = []
        for folder in [*FOLDERS, "tests", "bench"]:
            for path in sources(folder):
                for number, _, name in includes(path):
                    if name in ("torch/torch.h", "torch/all.h", "torch/script.h", "torch/extension.h"):
                        problems.append(f"{place(path, number)}: <{name}>")
        self.assert_none(problems)

    def test_what_sees_torch_takes_no_fmt(self):
        """LibTorch 2 brings headers of its own of {fmt}, whose version is not the linked library's."""
        problems = []
        for folder in TORCH_FOLDERS:
            for path in sources(folder):
                for number, _, name in includes(path):
                    if "fmt" in name.split("/"):
                        problems.append(f"{place(path, number)}: <{name}>")
        self.assert_none(problems)

    def test_editing_and_metrics_are_pure(self):
        """Functions of a model and requests: no clock, no hidden randomness, no streams."""
        forbidden = {"chrono", "ctime", "random", "fstream", "iostream", "thread", "unistd.h", "sys/time.h"}
        problems = []
        for folder in ("editing", "metrics"):
            for path in sources(folder):
                for number, _, name in includes(path):
                    if name in forbidden:
                        problems.append(f"{place(path, number)}: <{name}>")
        self.assert_none(problems)

    def test_libraries_do_not_print(self):
        problems = []
        for folder in ALLOWED:
            for path in sources(folder):
                if place(path) in TERMINAL:
                    continue
                for number, line in enumerate(bare_code(path).splitlines(), 1):
                    if re.search(r"\bstd::(cout|cerr|clog)\b|\bprintf\(", line):
                        problems.append(f"{place(path, number)}: {line.strip()}")
        self.assert_none(problems)

    def test_json_is_read_strictly(self):
        """nlohmann's own parse takes the last of two equal keys without a word."""
        bare = re.compile(r"\b(?:json|Json|ordered_json|BasicJsonType)::(?:parse|accept|sax_parse)\b|>>\s*\w*json\b")
        problems = []
        for folder in FOLDERS:
            for path in sources(folder):
                if place(path) in READ_JSON:
                    continue
                for number, line in enumerate(bare_code(path).splitlines(), 1):
                    if bare.search(line) and "parse_error" not in line:
                        problems.append(f"{place(path, number)}: {line.strip()}: use core/strict_json.h")
        self.assert_none(problems)

    def test_namespace_is_folder(self):
        problems = []
        for folder in FOLDERS:
            for path in sources(folder):
                # A type of another room may be declared without its header.
                code = re.sub(r"^namespace [\w:]+ \{\s*(?:(?:class|struct) \w+;\s*)+\}", "", bare_code(path), flags=re.MULTILINE)
                names = re.findall(r"^\s*(?:inline\s+)?namespace\s+(lethe[\w: ]*?)\s*\{", code, re.MULTILINE)
                own = namespace_of(folder)
                for name in names:
                    if name != own and not name.startswith(own + "::"):
                        problems.append(f"{place(path)}: namespace {name} in {folder}/")
                if not names and code == bare_code(path) and not re.search(r"\bint main\(", code):
                    problems.append(f"{place(path)}: not in namespace {own}")
        self.assert_none(problems)

    def test_headers_are_guarded_and_open_no_namespace(self):
        problems = []
        for folder in FOLDERS:
            for path in sources(folder):
                code = bare_code(path)
                if path.suffix == ".h" and "#pragma once" not in code:
                    problems.append(f"{place(path)}: no #pragma once")
                if path.suffix == ".h" and re.search(r"^using namespace", code, re.MULTILINE):
                    problems.append(f"{place(path)}: `using namespace` in a header")
        self.assert_none(problems)


class Families(unittest.TestCase):
    """An architecture is a room: outside model/families/ and tests nobody names its weights or asks for it."""

    def setUp(self):
        self.sources = [p for room in [*FOLDERS, "bench"] if room != "model/families" for p in sources(room)]
        self.words = family_words()

    def test_families_are_seen(self):
        for kind, words in self.words.items():
            self.assertTrue(words, f"no {kind} found in model/families/*.cpp")

    def test_only_families_name_weights(self):
        whole = "|".join(re.escape(word) for word in self.words["modules"])
        begun = "|".join(re.escape(word) for word in self.words["prefixes"])
        pattern = re.compile(rf"(?<!\w)(?:(?:{whole})(?!\w)|{begun})")
        problems = []
        for path in self.sources:
            for number, text in string_literals(path):
                if pattern.search(text):
                    problems.append(f'{place(path, number)}: "{text}": ask the architecture for a parameter\'s name')
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_nobody_asks_for_the_family(self):
        specs = "|".join(self.words["specs"])
        question = re.compile(rf"\bFamily::|\b(?:{specs})\b|\bfamily(?:->name)?\s*[!=]=(?!\s*nullptr)")
        problems = []
        for path in self.sources:
            for number, line in enumerate(bare_code(path).splitlines(), 1):
                if question.search(line):
                    problems.append(f"{place(path, number)}: {line.strip()}: ask the family's spec for what differs")
            for number, text in string_literals(path):
                if text in self.words["names"]:
                    problems.append(f'{place(path, number)}: "{text}" is a family\'s name')
        self.assertFalse(problems, "\n" + "\n".join(problems))


class Methods(unittest.TestCase):
    """A method is a room: outside editing/, tests and bench nobody names its configuration's type, but for four files."""

    def setUp(self):
        self.types = method_types()
        self.naming = {}  # file -> [(line number, line)] outside editing/
        pattern = re.compile(rf"\b(?:{'|'.join(self.types)})\b") if self.types else None
        self.production = [p for room in FOLDERS if not room.startswith("editing") for p in sources(room)]
        for path in self.production:
            for number, line in enumerate(bare_code(path).splitlines(), 1):
                if pattern and pattern.search(line):
                    self.naming.setdefault(place(path), []).append((number, line.strip()))

    def test_methods_are_seen(self):
        self.assertTrue(self.types, f"no MethodConfigs found in {METHOD_LIST}")

    def test_nobody_else_names_a_method(self):
        problems = [
            f"{name}:{number}: {line}: ask core::MethodSettings a question that every method can answer"
            for name, lines in self.naming.items() if name not in NAME_A_METHOD for number, line in lines
        ]
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_nobody_else_asks_for_a_methods_name(self):
        names = set(method_names())
        self.assertGreaterEqual(len(names), len(self.types), "not every configuration in editing/ has its kNames")
        naming = {(place(path), text) for path in self.production for number, text in string_literals(path) if text in names}
        strangers = sorted(f'{name}: "{text}"' for name, text in naming if name not in GIVE_A_METHODS_NAME)
        self.assertFalse(strangers, f"ask core::MethodSettings a question that every method can answer: {strangers}")
        idle = sorted(GIVE_A_METHODS_NAME - {name for name, _ in naming})
        self.assertFalse(idle, f"take these off the list: they give no method's name: {idle}")

    def test_who_may_name_a_method_does(self):
        idle = sorted(NAME_A_METHOD - set(self.naming))
        self.assertFalse(idle, f"take these off the list: they name no method's configuration: {idle}")


class Sizes(unittest.TestCase):
    def test_no_file_is_too_long(self):
        problems = []
        for path in code_files():
            count = len(path.read_text().splitlines())
            is_production = path.suffix in (".h", ".cpp") and not cpp_functions.is_test(place(path))
            limit = MAX_PRODUCTION_FILE_LINES if is_production else MAX_FILE_LINES
            if count > limit:
                problems.append(f"{place(path)}: {count} lines, {limit} at most")
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_no_function_is_too_long(self):
        problems = []
        for name, function in functions():
            limit = cpp_functions.MAX_TEST_LINES if cpp_functions.is_test(name) else cpp_functions.MAX_PRODUCTION_LINES
            if function.lines > limit:
                problems.append(f"{name}:{function.first}: {function.name}: {function.lines} lines, {limit} at most")
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_functions_are_short_as_a_rule(self):
        lengths = [function.lines for name, function in functions() if not cpp_functions.is_test(name)]
        self.assertLess(cpp_functions.percentile(lengths, 0.9), cpp_functions.PRODUCTION_P90_BELOW)


class Hygiene(unittest.TestCase):
    def test_no_path_of_a_machine(self):
        """Home and working folders of whoever wrote it have no place in the repository."""
        pattern = re.compile(r"(?<![\w.])/(?:home|root|work|Users|opt/\w+213)/")
        problems = []
        for path in tracked_files():
            if path == pathlib.Path(__file__).resolve() or is_binary(path):
                continue
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if pattern.search(line):
                    problems.append(f"{place(path, number)}: {line.strip()[:120]}")
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_names_say_what_a_thing_is(self):
        pattern = re.compile(r"util|manager|helper|misc|common", re.IGNORECASE)
        problems = [place(p) for p in code_files() if pattern.search(p.name)]
        for path in code_files():
            if path.suffix in (".h", ".cpp"):
                for name in re.findall(r"\b(?:class|struct)\s+(\w+)", bare_code(path)):
                    if pattern.search(name):
                        problems.append(f"{place(path)}: {name}")
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_every_to_do_names_its_issue(self):
        problems = []
        for path in code_files():
            if path == pathlib.Path(__file__).resolve():
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(r"\b(TODO|FIXME|XXX)\b(?!\(\w*\d+\))", line):
                    problems.append(f"{place(path, number)}: {line.strip()}")
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_scripts_parse(self):
        scripts = [p for p in tracked_files() if is_shell(p)]
        self.assertGreaterEqual(len(scripts), 4)
        for path in scripts:
            checked = subprocess.run(["bash", "-n", path], capture_output=True, text=True, check=False)
            self.assertEqual(checked.returncode, 0, f"{place(path)}: {checked.stderr}")


def family_words():
    """What the files of model/families/ say of names: their specs, their modules, how names begin, their own names."""
    text = "\n".join(p.read_text() for p in sources("model/families") if p.suffix == ".cpp")

    def field(name):
        return set(re.findall(rf'\.{name} = "([^"]+)"', text))

    modules = set(re.findall(r'\bRole::\w+,\s*"([^"]+)"', text))
    return {
        "specs": set(re.findall(r"\bFamilySpec (k\w+)\s*\{", text)),
        "modules": (modules | {module.rpartition(".")[2] for module in modules}) - PLAIN_WORDS,
        "prefixes": (field("prefix") | field("block_prefix")) - PLAIN_WORDS,
        "names": field("name") | field("config_class"),
    }


def method_types():
    """The configurations' types in the one list of methods."""
    path = ROOT / METHOD_LIST
    match = re.search(r"\bMethodConfigs\s*=\s*ConfigList<([^>]*)>", bare_code(path)) if path.is_file() else None
    return re.findall(r"\w+", match[1]) if match else []


def method_names():
    """The names that configurations give themselves."""
    code = "".join(path.read_text() for path in sorted((ROOT / "editing").rglob("*_config.h")))
    return [name for names in re.findall(r"\bkNames\{([^}]*)\}", code) for name in re.findall(r'"([^"]+)"', names)]


def program_sources(program):
    """The app/ sources that app/CMakeLists.txt lists for a program."""
    text = (ROOT / "app" / "CMakeLists.txt").read_text()
    match = re.search(r"add_executable\(\s*" + re.escape(program) + r"\s([^)]*)\)", text)
    return [ROOT / "app" / name for name in re.findall(r"[\w./]+\.cpp", match[1])] if match else []


def code_files():
    top = {*FOLDERS, "tests", "bench", "scripts", "cmake", "slurm"}
    return [
        p
        for p in tracked_files()
        if p.relative_to(ROOT).parts[0] in top and (p.suffix in (".h", ".cpp", ".py", ".sh", ".cmake") or is_shell(p))
    ]


@functools.cache
def functions():
    """(path below the root, function) of the whole tree."""
    return [
        (place(path), function)
        for path in code_files()
        if path.suffix in (".h", ".cpp")
        for function in cpp_functions.functions_of(path.read_text())
    ]


def is_shell(path):
    if path.suffix == ".sh":
        return True
    with path.open("rb") as file:
        return path.suffix in ("", ".sbatch") and re.match(rb"#!.*\b(ba)?sh\b", file.readline()) is not None


def is_binary(path):
    with path.open("rb") as file:
        return b"\0" in file.read(8192)


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    unittest.main(verbosity=1)
