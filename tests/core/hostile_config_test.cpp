// Files that nobody should be able to bring the program down with: each gives a ConfigError or loads.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/config/experiment_config.h"
#include "core/error.h"
#include "core/random_stream.h"
#include "editing/methods/catalogue.h"
#include "tests/core/minimal_config.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using test::message_of;
using test::minimal_config;
using test::TemporaryFolder;

std::string refusal_of(const std::string& text) {
  const TemporaryFolder folder;
  const auto path = folder.write("x.yaml", text);
  return message_of<ConfigError>([&] { load_experiment_config(path, editing::catalogue()); });
}

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(HostileConfig, MissingFilesAndFoldersAreSaid) {
  const TemporaryFolder folder;
  const auto missing =
      message_of<ConfigError>([&] { load_experiment_config(folder.path() / "no.yaml", editing::catalogue()); });
  EXPECT_NE(missing.find("no.yaml: no such file"), std::string::npos) << missing;
  const auto directory = message_of<ConfigError>([&] { load_experiment_config(folder.path(), editing::catalogue()); });
  EXPECT_NE(directory.find("is no regular file"), std::string::npos) << directory;
  EXPECT_THROW(load_experiment_config("/dev/zero", editing::catalogue()), ConfigError);
}

TEST(HostileConfig, EmptyFilesAreNoMaps) {
  for (const auto* text : {"", "\n", "# only a comment\n", "---\n", "~\n", "word\n"}) {
    EXPECT_NE(refusal_of(text).find("expected a map of an experiment's settings"), std::string::npos) << text;
  }
}

TEST(HostileConfig, HugeFilesAreNotRead) {
  EXPECT_NE(refusal_of(std::string((std::size_t{1} << 20U) + 1, '#')).find("larger than 1 MiB"), std::string::npos);
}

TEST(HostileConfig, DeepNestingIsStopped) {
  for (const auto& text : {repeated("[", 50'000), repeated("{a: ", 50'000), repeated("- ", 50'000),
                           repeated("? ", 50'000), "a: " + repeated("[", 40) + repeated("]", 40)}) {
    const auto refusal = refusal_of(text);
    EXPECT_NE(refusal.find("malformed YAML"), std::string::npos) << refusal.substr(0, 200);
  }
}

TEST(HostileConfig, AliasBombsAreStopped) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 60; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
  }
  EXPECT_NE(refusal_of(bomb).find("more than 100 aliases"), std::string::npos);
  EXPECT_NE(refusal_of("a: *nothing\n").find("malformed YAML"), std::string::npos);
  // A list that holds itself.
  EXPECT_FALSE(refusal_of(minimal_config() + "tasks: &t [*t]\n").empty());
}

TEST(HostileConfig, AGridThatNoMemoryHoldsIsRefused) {
  std::string samples = "0";
  for (int i = 1; i < 20'000; ++i) samples += "," + std::to_string(i);
  std::string models;
  for (int i = 0; i < 1'000; ++i) models += "  m" + std::to_string(i) + ": {path: p, methods: {rome: {layer: 0}}}\n";
  const auto grid = [&](const std::string& rest) {
    auto text = minimal_config("rome: {layer: 0}", "grid: {methods: [rome], samples: [" + samples + "]" + rest + "}\n");
    return text.insert(text.find("  a:\n"), models);
  };
  EXPECT_NE(refusal_of(grid("")).find("grid: names 20020000 cells; expected at most 1000000 in all"),
            std::string::npos);
  const auto included = refusal_of(minimal_config(
      "rome: {layer: 0}", "grid: {methods: [rome], samples: [" + samples + "], include: [" + [] {
        std::string entries = "{method: ft}";
        for (const auto* method : {"r-rome", "memit", "memit-seq", "alphaedit", "ft-c", "mend"}) {
          entries += std::string(", {method: ") + method + "}";
        }
        return entries;
      }() + "]}\n"));
  EXPECT_EQ(included.find("in all"), std::string::npos) << "140,000 cells are not too many";
}

TEST(HostileConfig, AliasesThatHelpAreFine) {
  const TemporaryFolder folder;
  const auto path = folder.write("x.yaml", "threads: &n 2\nexecutors_per_gpu: *n\n" + minimal_config());
  EXPECT_EQ(load_experiment_config(path, editing::catalogue()).executors_per_gpu, 2);
}

TEST(HostileConfig, NothingIsIgnoredSilently) {
  EXPECT_NE(refusal_of(minimal_config() + "---\nthreads: 7\n").find("several documents"), std::string::npos);
  // yaml-cpp takes \x04 for the end of the file.
  EXPECT_NE(refusal_of(minimal_config() + "\x04\nthreads: 7\n").find("x.yaml:9:1: malformed YAML: a control character"),
            std::string::npos);
  EXPECT_NE(refusal_of(std::string("a\0b", 3)).find("a control character"), std::string::npos);
}

TEST(HostileConfig, OtherEncodingsThanUtf8AreRefusedByTheirPlace) {
  EXPECT_NE(
      refusal_of(minimal_config() + "name: caf\xE9\n").find("x.yaml:9:10: malformed YAML: a byte that is not UTF-8"),
      std::string::npos);
  EXPECT_EQ(refusal_of(minimal_config() + "name: caf\u00E9\n").find("not UTF-8"), std::string::npos);
}

// yaml-cpp finds empty documents without end after these.
TEST(HostileConfig, EndlessDocumentsEnd) {
  for (const auto* text : {",", "]", "}", "a: 1\n---\n,\n"}) {
    EXPECT_NE(refusal_of(text).find("malformed YAML"), std::string::npos) << text;
  }
}

TEST(HostileConfig, MalformedYamlHasAPlace) {
  const auto refusal = refusal_of("name: x\nmodels: {a: [}\n");
  EXPECT_NE(refusal.find("x.yaml:2:"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("malformed YAML"), std::string::npos) << refusal;
}

TEST(HostileConfig, LongWordsDoNotFloodTheMessage) {
  const auto refusal = refusal_of(minimal_config() + "fidelity: " + std::string(500'000, 'p') + "\n");
  EXPECT_NE(refusal.find("found a text of 500000 characters"), std::string::npos);
  EXPECT_LT(refusal.size(), 2000U);
}

// Bytes of a good config changed, removed and doubled at random: whatever comes out, it is a config or a ConfigError.
TEST(HostileConfig, RandomDamageNeverCrashes) {
  const auto good =
      minimal_config("rome: {layer: 0}, ft-c: &x {layer: 0, linf_bound: 1}") +
      "tasks:\n  - name: t\n    examples: e\n    prefix: |+\n      a\n\n    query: |-\n      {s}\n      A:\n"
      "    marker: \"A:\"\n    answers: [{word: x, label: 1}]\n";
  const std::string bytes = "{}[]:,-?&*!|>'\"%@`#~ \n\t<=\\x0\xff\xc3";
  const TemporaryFolder folder;
  RandomStream random(37, "damage");
  int num_refused = 0;
  for (int i = 0; i < 600; ++i) {
    auto text = good;
    for (std::uint64_t changes = 1 + random.next() % 4; changes > 0; --changes) {
      const auto at = random.next() % text.size();
      const auto length = random.next() % 8;
      switch (random.next() % 3) {
        case 0:
          text[at] = bytes[random.next() % bytes.size()];
          break;
        case 1:
          text.erase(at, length);
          break;
        default:
          text.insert(at, text.substr(random.next() % text.size(), length));
      }
    }
    try {
      load_experiment_config(folder.write("x.yaml", text), editing::catalogue());
    } catch (const ConfigError& error) {
      ++num_refused;
      EXPECT_NE(std::string(error.what()).find("x.yaml"), std::string::npos);
    }
  }
  EXPECT_GT(num_refused, 200);
}

}  // namespace
}  // namespace lethe::core
