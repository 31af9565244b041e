"""The architecture checks complain about what they are there for: each is shown a tree broken in one place."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from architecture_test import GIVE_A_METHODS_NAME, NAME_A_METHOD
from source_tree import ALLOWED, namespace_of

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

FAMILY = """namespace lethe::model::inline families {
constexpr std::array kBlock{ModuleSpec{Role::kDownProjection, "mlp.shrink"}, ModuleSpec{Role::kHead, "oracle", false}};
constinit const FamilySpec kTiny{.name = "tiny", .config_class = "t.TinyConfig", .prefix = "net.",
                                 .block_prefix = "net.b."};
}
"""

METHODS = """namespace lethe::editing {
using MethodConfigs =
    ConfigList<TinyConfig, HugeConfig>;
}
"""

NAMES = 'struct %sConfig {\n  static constexpr std::array kNames{"%s"};\n};'


def function_of(lines):
    return "int slow(\n    int x) {\n" + "  x += 1;\n" * (lines - 4) + "  return x;\n}\n"


def header_of(folder, body="int part();", before=""):
    return f"#pragma once\n{before}\nnamespace {namespace_of(folder)} {{\n{body}\n}}\n"


class BrokenTrees(unittest.TestCase):
    """A small tree that passes every check, then one change at a time."""

    def setUp(self):
        self.tree = pathlib.Path(tempfile.mkdtemp(prefix="lethe-tree-"))
        self.addCleanup(shutil.rmtree, self.tree)
        for folder in [*ALLOWED, "app"]:
            self.write(f"{folder}/part.h", header_of(folder))
            self.write(f"{folder}/CMakeLists.txt", f"lethe_add_library({folder} SOURCES part.cpp)\n")
        self.write("model/families/tiny.cpp", FAMILY)
        self.write("editing/methods/method_list.h", "#pragma once\n" + METHODS)
        for method in ("Tiny", "Huge"):
            names = NAMES % (method, f"{method.lower()}-edit")
            self.write(f"editing/{method.lower()}_config.h", header_of("editing", names))
        for name in GIVE_A_METHODS_NAME:
            self.write(name, header_of(name.rpartition("/")[0], 'inline constexpr const char* kFirst = "tiny-edit";'))
        for name in NAME_A_METHOD:
            self.write(name, header_of(name.rpartition("/")[0], "using Read = editing::HugeConfig;"))
        for program in ("lethe", "lethe_executor"):
            self.write(f"app/{program}.cpp", "int main() { return 0; }\n")
        self.write(
            "app/CMakeLists.txt",
            "add_executable(lethe lethe.cpp)\nadd_executable(lethe_executor lethe_executor.cpp)\n",
        )
        for name in "abcd":
            self.write(f"scripts/{name}", "#!/bin/bash\ntrue\n")

    def write(self, name, text):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self):
        return subprocess.run(
            [sys.executable, HERE / "architecture_test.py"],
            env={**os.environ, "LETHE_CHECKED_TREE": str(self.tree)},
            capture_output=True,
            text=True,
            check=False,
        )

    def assert_caught(self, check, name, text):
        self.write(name, text)
        outcome = self.check()
        self.assertNotEqual(outcome.returncode, 0, f"{check} did not see: {text[:200]}")
        self.assertIn(check, outcome.stderr)

    def assert_header_caught(self, check, folder, body, before=""):
        self.assert_caught(check, f"{folder}/part.h", header_of(folder, body, before))

    def test_whole_tree_passes(self):
        outcome = self.check()
        self.assertEqual(outcome.returncode, 0, outcome.stderr)

    def test_forbidden_edge(self):
        self.assert_header_caught("test_includes_follow", "core", "", '#include "model/part.h"')

    def test_forbidden_edge_between_rooms_of_a_folder(self):
        self.assert_header_caught("test_includes_follow", "worker/planning", "", '#include "worker/part.h"')

    def test_room_that_is_another_target(self):
        self.assert_caught(
            "test_links_follow", "core/config/CMakeLists.txt", "lethe_add_library(core SOURCES part.cpp)\n"
        )

    def test_missing_include(self):
        self.assert_header_caught("test_quoted_includes", "core", "", '#include "core/gone.h"')

    def test_own_header_late(self):
        self.assert_caught(
            "test_units_include", "data/part.cpp", '#include <map>\n#include "data/part.h"\nnamespace lethe::data {\n}\n'
        )

    def test_program_on_the_wrong_side(self):
        self.assert_caught("test_programs_reach", "app/lethe.cpp", '#include "model/part.h"\nint main() {}\n')

    def test_torch_in_the_program_without_it(self):
        self.assert_caught("test_programs_reach", "app/lethe.cpp", "int main() { return at::kFloat; }\n")

    def test_forbidden_link(self):
        self.assert_caught(
            "test_links_follow", "data/CMakeLists.txt", "lethe_add_library(data SOURCES x.cpp PUBLIC lethe::model)\n"
        )

    def test_mpi_outside_comm(self):
        self.assert_header_caught("test_libraries_are_named", "orchestrator", "int rank() { return MPI_Comm_rank(); }")

    def test_hdf5_outside_storage(self):
        self.assert_header_caught("test_libraries_are_named", "report", "int open() { return H5Fopen(); }")

    def test_torch_outside_its_folders(self):
        self.assert_header_caught("test_libraries_are_named", "storage", "", "#include <ATen/ATen.h>")

    def test_whole_torch(self):
        self.assert_header_caught("test_torch_is_included", "model", "", "#include <torch/torch.h>")

    def test_fmt_beside_torch(self):
        self.assert_header_caught("test_what_sees_torch", "worker", "", "#include <spdlog/fmt/fmt.h>")

    def test_clock_in_editing(self):
        self.assert_header_caught("test_editing_and_metrics", "editing", "", "#include <chrono>")

    def test_printing_library(self):
        self.assert_header_caught("test_libraries_do_not_print", "data", "void f() { std::cout << 1; }")

    def test_json_without_its_strict_reader(self):
        for call in ("nlohmann::json::parse(text)", "Json::parse(text)", "nlohmann::ordered_json::parse(in)", "in >> json"):
            self.assert_header_caught("test_json_is_read_strictly", "data", f"int f() {{ {call}; }}")

    def test_foreign_namespace(self):
        self.assert_caught("test_namespace_is_folder", "data/part.h", "#pragma once\nnamespace lethe::core {\n}\n")

    def test_header_without_guard(self):
        self.assert_caught("test_headers_are_guarded", "data/part.h", "namespace lethe::data {\n}\n")

    def test_no_family(self):
        self.assert_caught(
            "test_families_are_seen", "model/families/tiny.cpp", "namespace lethe::model::inline families {\n}\n"
        )

    def test_weight_named_outside_its_family(self):
        names = ("net.b.0.mlp.shrink.weight", "shrink", "oracle.weight", "net.", "net.b.")
        self.write("editing/part.h", header_of("editing", "".join(f'f("{name}");\n' for name in names)))
        outcome = self.check()
        self.assertIn("test_only_families_name", outcome.stderr)
        for name in names:
            self.assertIn(f'"{name}": ask the architecture', outcome.stderr)

    def test_question_for_the_family(self):
        questions = ("is(Family::kSmall)", "&a == &model::kTiny", "a.family == b", "a.family->name != b")
        self.write("worker/part.h", header_of("worker", "".join(f"g({question});\n" for question in questions)))
        self.write("metrics/part.h", header_of("metrics", 'bool f() { return name == "tiny"; }'))
        outcome = self.check()
        self.assertIn("test_nobody_asks", outcome.stderr)
        for found in (*questions, '"tiny" is a family'):
            self.assertIn(found, outcome.stderr)

    def test_family_reached_past_the_model(self):
        for folder in ("editing", "metrics", "worker/planning", "worker", "worker/commands"):
            with self.subTest(folder=folder):
                self.assert_header_caught("test_includes_follow", folder, "", '#include "model/families/part.h"')
                self.write(f"{folder}/part.h", header_of(folder))

    def test_family_reached_by_the_program(self):
        self.assert_caught(
            "test_programs_reach", "app/lethe_executor.cpp", '#include "model/families/part.h"\nint main() {}\n'
        )

    def test_no_methods(self):
        self.assert_caught("test_methods_are_seen", "editing/methods/method_list.h", header_of("editing/methods"))

    def test_fifth_file_that_names_a_method(self):
        for folder in ("worker/commands", "core/config", "report"):
            with self.subTest(folder=folder):
                body = "bool f() { return find_config<TinyConfig>(method); }"
                self.assert_header_caught("test_nobody_else_names_a_method", folder, body)
                self.write(f"{folder}/part.h", header_of(folder))

    def test_file_that_no_longer_names_a_method(self):
        name = sorted(NAME_A_METHOD)[0]
        self.assert_caught("test_who_may_name_a_method_does", name, header_of(name.rpartition("/")[0], "// HugeConfig"))

    def test_method_asked_for_by_its_name(self):
        body = 'bool f() { return method.name() == "huge-edit"; }'
        self.assert_header_caught("test_nobody_else_asks_for_a_methods_name", "orchestrator/display", body)

    def test_file_that_no_longer_gives_a_methods_name(self):
        name = sorted(GIVE_A_METHODS_NAME)[0]
        text = header_of(name.rpartition("/")[0], "// \"tiny-edit\"")
        self.assert_caught("test_nobody_else_asks_for_a_methods_name", name, text)

    def test_configuration_without_names(self):
        text = header_of("editing", "struct HugeConfig {};")
        self.assert_caught("test_nobody_else_asks_for_a_methods_name", "editing/huge_config.h", text)

    def test_method_named_where_it_may_be(self):
        for name in ("editing/part.h", "tests/worker/a_test.cpp", "bench/part.h"):
            self.write(name, header_of("editing", "TinyConfig config();\nconst char* kText = \"HugeConfig\";"))
        self.write("data/part.h", header_of("data", "// TinyConfig\nclass TinyConfigs;"))
        outcome = self.check()
        self.assertEqual(outcome.returncode, 0, outcome.stderr)

    def test_words_that_only_look_like_a_family(self):
        self.write(
            "editing/part.h",
            header_of(
                "editing",
                '// "net.b.0.mlp.shrink.weight", kTiny\n'
                'inline const char* kText = "shrinks, tiny steps, internet., oracles";\n'
                "bool g() { return a.family == nullptr || kTinyStep; }",
            ),
        )
        outcome = self.check()
        self.assertEqual(outcome.returncode, 0, outcome.stderr)

    def test_long_file(self):
        self.assert_header_caught("test_no_file_is_too_long", "data", "int x();\n" * 347)

    def test_long_test_file(self):
        self.assert_caught("test_no_file_is_too_long", "tests/data/a_test.cpp", "int x();\n" * 501)

    def test_long_function(self):
        self.assert_header_caught("test_no_function_is_too_long", "data", function_of(lines=61))

    def test_long_member_of_a_class_in_an_anonymous_namespace(self):
        body = "namespace {\nclass Walker {\n" + function_of(lines=61) + "};\n}\n"
        self.assert_header_caught("test_no_function_is_too_long", "data", body)

    def test_long_test(self):
        self.assert_caught("test_no_function_is_too_long", "tests/data/a_test.cpp", function_of(lines=81))

    def test_many_middling_functions(self):
        self.assert_header_caught("test_functions_are_short", "data", function_of(lines=20) * 5)

    def test_functions_within_their_limits(self):
        short = "int part();\n" + "int f() { return 1; }\n" * 20
        self.write("data/part.h", header_of("data", short + function_of(lines=60)))
        self.write("tests/data/a_test.cpp", function_of(lines=80))
        outcome = self.check()
        self.assertEqual(outcome.returncode, 0, outcome.stderr)

    def test_path_of_a_machine(self):
        self.assert_caught("test_no_path_of_a_machine", "docs/a.md", "see /" + "home/someone/lethe\n")

    def test_empty_name(self):
        self.assert_header_caught("test_names_say", "data", "struct File" + "Manager {};")

    def test_to_do_without_issue(self):
        self.assert_header_caught("test_every_to_do", "data", "// TO" + "DO: later")

    def test_broken_script(self):
        self.assert_caught("test_scripts_parse", "scripts/a", "#!/bin/bash\nif true; then\n")

    def test_words_in_comments_and_strings_are_no_code(self):
        self.write(
            "data/part.h",
            '#pragma once\nnamespace lethe::data {\n// MPI_Init, H5Fopen, torch::Tensor\n'
            'inline const char* kText = "MPI_Init \\" H5Fopen at::Tensor";\n}\n',
        )
        outcome = self.check()
        self.assertEqual(outcome.returncode, 0, outcome.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
