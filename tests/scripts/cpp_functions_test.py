"""scripts/cpp_functions.py finds functions in every form, takes nothing else for one, and measures them to the line."""

import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from cpp_functions import functions_of, percentile  # noqa: E402


class Functions(unittest.TestCase):
    maxDiff = None

    def assert_found(self, text, *expected):
        """`expected`: (name, lines) of each function, in order."""
        found = [(function.name, function.lines) for function in functions_of(textwrap.dedent(text))]
        self.assertEqual(found, list(expected))

    def test_free_functions_of_every_shape(self):
        self.assert_found(
            """
            int one() { return 1; }
            template <typename T, typename = std::enable_if_t<(sizeof(T) > 1)>>
            [[nodiscard]] auto two(T value)
                -> std::vector<T> {
              return {value};
            }
            namespace a::inline b {
            inline constexpr bool three(std::function<void(int)> f = {}, std::array<int, 2> x = {1, 2}) noexcept(true) {
              return true;
            }
            }  // namespace
            extern "C" {
            void four(void) {}
            }
            extern "C" void five() {
            }
            struct Row* six() { return nullptr; }
            decltype(auto) seven() { return 1; }
            """,
            ("one", 1), ("two", 5), ("three", 3), ("four", 1), ("five", 2), ("six", 1), ("seven", 1),
        )

    def test_members_of_classes_in_anonymous_namespaces(self):
        self.assert_found(
            """
            namespace lethe {
            namespace {
            class Walker final : public Base<int(int)>, private Other {
             public:
              explicit Walker(int x)
                  : Base<int(int)>{x}, x_{x}, more_(make({1, 2})) {
                walk();
              }
              ~Walker() override { end(); }
              [[nodiscard]] int walk() const override {
                return x_;
              }
              Walker& operator=(const Walker&) = delete;
              bool operator()(int a, int b) const { return a < b; }
              operator bool() const { return true; }
              friend bool operator<(const Walker& a, const Walker& b) {
                return a.x_ < b.x_;
              }

             private:
              struct Inner {
                void deep() {
                }
              } inner_;
              int x_ = 0;
              std::vector<int> more_{1, 2, 3};
              unsigned flag_ : 1 {0};
            };
            }  // namespace
            }  // namespace lethe
            """,
            ("Walker", 4), ("~Walker", 1), ("walk", 3), ("operator()", 1), ("operatorbool", 1), ("operator<", 3), ("deep", 2),
        )

    def test_constructors_with_initialisers_that_look_like_bodies(self):
        self.assert_found(
            """
            Machine::Machine(Options options) : a_{1}, b_(2), c_{[] { return 3; }()}, rest_{}... {
              run();
            }
            template <typename T>
            Box<T>::Box(T t) : Base<T>{t} {}
            Machine::~Machine() = default;
            Guard::Guard() try : file_(open()) {
              use();
            } catch (const Error& error) {
              log(error);
            } catch (...) {
            }
            """,
            ("Machine::Machine", 3), ("Box::Box", 2), ("Guard::Guard", 6),
        )

    def test_lambdas_that_a_namespace_holds(self):
        self.assert_found(
            """
            const auto kSquare = [](int x) {
              return x * x;
            };
            std::function<void()> hook([] {
              act();
            });
            const std::map<std::string, Reader> kReaders = {
                {"a", [](const Node& node) -> int {
                   return 1;
                 }},
                {"b", [&]<typename T>(T x) mutable noexcept { return 2; }},
            };
            const Table kTable{{"c", [] { return 3; }}};
            """,
            ("kSquare", 3), ("hook", 3), ("kReaders", 3), ("kReaders", 1), ("kTable", 1),
        )

    def test_lambdas_and_classes_inside_a_function_are_part_of_it(self):
        self.assert_found(
            """
            void outer() {
              struct Local { int f() { return 1; } };
              auto g = [&] { return 2; };
              for (const auto& [key, value] : map) { use(key); }
            }
            """,
            ("outer", 5),
        )

    def test_test_cases_are_named_with_their_arguments(self):
        self.assert_found(
            """
            TEST(LowRankUpdate, MatchesDenseProduct) {
              EXPECT_EQ(1, 1);
            }
            INSTANTIATE_TEST_SUITE_P(Both, Ranks, testing::Values(1, 2), [](const auto& info) { return name(info); });
            """,
            ("TEST(LowRankUpdate, MatchesDenseProduct)", 3), ("INSTANTIATE_TEST_SUITE_P", 1),
        )

    def test_what_is_no_function(self):
        self.assert_found(
            """
            enum class Kind : unsigned { kA = '{', kB = '}' };
            constexpr std::array<std::string_view, 2> kNames{"a {", "b }"};
            constexpr int kTable[2][1] = {{1}, {2}};
            alignas(16) int aligned{3};
            struct __attribute__((packed)) Packed { int x; };
            class alignas(8) Aligned { int y[2]{1, 2}; };
            using Callback = std::function<void(int)>;
            template <typename T>
            concept Sized = requires(T t) {
              { t.size() } -> std::same_as<std::size_t>;
            };
            struct { int x; } rows[] = {{1}, {2}};
            static_assert(sizeof(int) == 4, "{");
            """
        )

    def test_requirements_of_templates(self):
        self.assert_found(
            """
            template <typename T>
              requires Sized<T> && requires(T t) { t.f(); }
            void constrained(T t) {
              use(t);
            }
            template <typename T>
            void trailing(T t) requires(sizeof(T) > 2) {
            }
            template <typename T>
              requires requires(T t) { t.f(); }
            void twice(T t) {}
            """,
            ("constrained", 5), ("trailing", 3), ("twice", 3),
        )

    def test_text_that_is_no_code(self):
        self.assert_found(
            '''
            // void commented() {
            /* int also() { */
            const char* kText = "void quoted() { \\" }";
            const char* kRaw = R"x(
            void raw() {
            )" )x";
            constexpr char kBrace = '{';
            constexpr auto kMillion = 1'000'000;
            #define MACRO(x) \\
              void made_of_##x() {
            void after() {
            }
            ''',
            ("after", 2),
        )

    def test_of_two_branches_of_the_preprocessor_one_counts(self):
        self.assert_found(
            """
            #if VERSION >= 2
            void f(int x) {
            #else
            void f() {
            #endif
              act();
            }
            #if 0
            void off() {
            #elif 1
            void on() {
            #endif
            }
            """,
            ("f", 6), ("on", 3),
        )

    def test_percentiles_are_nearest_ranks(self):
        lengths = list(range(1, 11))
        self.assertEqual((percentile(lengths, 0.5), percentile(lengths, 0.9), percentile(lengths, 1)), (5, 9, 10))
        self.assertEqual((percentile([7], 0.9), percentile([], 0.9)), (7, 0))


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lethe-functions-")
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)
        subprocess.run(["git", "init", "--quiet", self.tree], check=True)

    def measure(self, *arguments):
        program = [sys.executable, SCRIPTS / "measure-functions", "--of", self.tree, *arguments]
        return subprocess.run(program, capture_output=True, text=True, check=False)

    def write(self, name, num_lines):
        path = self.tree / name
        path.parent.mkdir(exist_ok=True)
        body = "  act();\n" * (num_lines - 2)
        path.write_text("namespace {\nstruct S {\nvoid slow() {\n" + body + "}\n};\n}\n" + "void f() {}\n" * 20)

    def test_limits_differ_between_production_and_tests(self):
        self.write("core/a.cpp", 60)
        self.write("tests/b.cpp", 80)
        outcome = self.measure("--longest", "1")
        self.assertEqual((outcome.returncode, outcome.stderr), (0, ""), outcome.stderr)
        self.assertRegex(outcome.stdout, r"production +21 +1 +1 +60\n")
        self.assertIn("tests/b.cpp:3: slow", outcome.stdout)
        self.write("core/a.cpp", 61)
        self.write("tests/b.cpp", 81)
        outcome = self.measure()
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("core/a.cpp:3: slow: 61 lines, 60 at most", outcome.stderr)
        self.assertIn("tests/b.cpp:3: slow: 81 lines, 80 at most", outcome.stderr)

    def test_many_long_functions_break_the_percentile(self):
        for number in range(40):
            (self.tree / "core").mkdir(exist_ok=True)
            (self.tree / f"core/{number}.cpp").write_text("void f() {\n" + "  act();\n" * 18 + "}\n")
        outcome = self.measure()
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("p90 of the production code is 20", outcome.stderr)
        self.assertEqual(self.measure(self.tree / "core").returncode, 0, "a part has no percentile to keep")


if __name__ == "__main__":
    unittest.main(verbosity=1)
