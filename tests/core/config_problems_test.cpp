// Every message a user can get for a wrong config, with the place it points at.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "core/config/experiment_config.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "tests/core/minimal_config.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using test::message_of;
using test::minimal_config;
using test::TemporaryFolder;

/// The problems of a config, without the folder's name.
std::vector<std::string> problems_of(const TemporaryFolder& folder, const std::string& text) {
  const auto path = folder.write("x.yaml", text);
  auto message = message_of<ConfigError>([&] { load_experiment_config(path, editing::catalogue()); });
  const auto prefix = folder.path().string() + "/";
  for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix, at)) {
    message.erase(at, prefix.size());
  }
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < message.size();) {
    const auto end = std::min(message.find('\n', begin), message.size());
    lines.push_back(message.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!lines.empty()) lines.erase(lines.begin());  // "x.yaml: 2 problems:"
  return lines;
}

struct Case {
  std::string text;
  std::vector<std::string> problems;
};

// minimal_config: dataset is line 1, models 2, a 3, path 4, second_moments 5, methods 6, grid 7, edits 8.
const std::vector<Case>& top_level_cases() {
  static const std::vector<Case> cases{
      {minimal_config() + "chekpoint_every: 5\n",
       {"x.yaml:9:1: chekpoint_every: unknown key; expected name, fidelity, device, threads, seed, dataset, "
        "checkpoint_every, forgetting_every, tasks_every, scores_every, "
        "texts_every, texts_facts, texts_tokens, monitor_every, monitor_text, monitor_tokens, stop_at_collapse, "
        "reducers, elastic_roles, executors_per_gpu, keep_snapshots, reducer_cache_gb, models, grid, edits or tasks; "
        "did you mean \"checkpoint_every\"?"}},
      {minimal_config() + "seed: 1\nseed: 2\n",
       {"x.yaml:10:1: seed: is given twice (first in line 9); expected one value"}},
      {minimal_config() + "fidelity: papper\n",
       {"x.yaml:9:11: fidelity: expected code or paper, found \"papper\"; did you mean \"paper\"?"}},
      {minimal_config() + "device: gpu\n",
       {"x.yaml:9:9: device: expected cpu or cuda, found \"gpu\"; a GPU is device: cuda"}},
      {minimal_config() + "threads: 0\n",
       {"x.yaml:9:10: threads: expected a whole number from 1 to 1024, found \"0\""}},
      {minimal_config() + "threads: 1.5\n",
       {"x.yaml:9:10: threads: expected a whole number from 1 to 1024, found \"1.5\""}},
      {minimal_config() + "seed: \"37\"\n", {"x.yaml:9:7: seed: expected a whole number of at least 0, found \"37\""}},
      {minimal_config() + "seed: 99999999999999999999\n",
       {"x.yaml:9:7: seed: expected a whole number of at least 0, found \"99999999999999999999\""}},
      {minimal_config() + "checkpoint_every: 0\nforgetting_every: -3\ntasks_every: [1]\n",
       {"x.yaml:9:19: checkpoint_every: expected a whole number from 1 to 9999999, found \"0\"",
        "x.yaml:10:19: forgetting_every: expected a whole number from 1 to 9999999, found \"-3\"",
        "x.yaml:11:14: tasks_every: expected a whole number from 1 to 9999999, found a list"}},
      {minimal_config() + "scores_every: never\n",
       {"x.yaml:9:15: scores_every: expected end or a whole number of at least 0, found \"never\""}},
      {minimal_config() + "stop_at_collapse: -1\n",
       {"x.yaml:9:19: stop_at_collapse: expected never or a whole number of at least 0, found \"-1\""}},
      {minimal_config() + "stop_at_collapse: nevr\n",
       {"x.yaml:9:19: stop_at_collapse: expected never or a whole number of at least 0, found \"nevr\"; did you mean "
        "\"never\"?"}},
      {minimal_config() + "elastic_roles: yes\n",
       {"x.yaml:9:16: elastic_roles: expected true or false, found \"yes\""}},
      {minimal_config() + "keep_snapshots:\n", {"x.yaml:9:1: keep_snapshots: expected all or newest, found nothing"}},
      {minimal_config() + "reducers: atuo\n",
       {"x.yaml:9:11: reducers: expected auto or a whole number of at least 0, found \"atuo\"; did you mean "
        "\"auto\"?"}},
      {minimal_config() + "reducers: 0\nelastic_roles: false\n",
       {"x.yaml:9:11: reducers: nobody would reduce with 0 reducers and elastic_roles: false; expected at least 1"}},
      {minimal_config() + "name: a/b\n",
       {"x.yaml:9:7: name: expected a name (letters, digits, '.', '_' and '-', not beginning with '.' or '-'), found "
        "\"a/b\""}},
      {minimal_config() + "<<: {seed: 3}\n",
       {"x.yaml:9:1: <<: merge keys are not supported; expected the keys written out"}},
      {"name: x\n",
       {"x.yaml:1:1: dataset: is missing; expected a map with format, records, samples and completions",
        "x.yaml:1:1: models: is missing; expected a map of models by name",
        "x.yaml:1:1: grid: is missing; expected a map with methods, models and samples",
        "x.yaml:1:1: edits: is missing; expected a whole number of edits per cell, or a map"}},
      {"[1, 2]\n", {"x.yaml:1:1: expected a map of an experiment's settings, found a list"}},
      {"dataset: {records: r, samples: s}\n"
       "models: {a: {path: p, second_moments: {corpus: c}, second_moment_placement: gpu, methods: {rome: {layer: "
       "0}}}}\n"
       "grid: {methods: [rome], samples: [0]}\nedits: 1\n",
       {"x.yaml:2:77: models.a.second_moment_placement: expected device or host, found \"gpu\""}},
  };
  return cases;
}

const std::vector<Case>& model_and_method_cases() {
  static const std::vector<Case> cases{
      {minimal_config("rome: {layer: -1, v_lr: 0, residual_key: bare, kl_factor: nan}"),
       {"x.yaml:6:29: models.a.methods.rome.layer: expected a whole number from 0 to 999, found \"-1\"",
        "x.yaml:6:39: models.a.methods.rome.v_lr: expected a number above 0, found \"0\"",
        "x.yaml:6:56: models.a.methods.rome.residual_key: expected bare_prompt or context_mean, found \"bare\"; did "
        "you mean \"bare_prompt\"?",
        "x.yaml:6:73: models.a.methods.rome.kl_factor: expected a number of at least 0, found \"nan\""}},
      {minimal_config("rome: {v_lr: 1}"),
       {"x.yaml:6:21: models.a.methods.rome.layer: is missing; expected a whole number"}},
      {minimal_config("rome: {layer: 0, layers: 1}"),
       {"x.yaml:6:32: models.a.methods.rome.layers: unknown key; expected layer, batch_size, "
        "v_num_grad_steps, v_lr, v_weight_decay, clamp_norm_factor, kl_factor, early_stop_loss, kl_position, "
        "decay_norm, mom2_adjustment, context_lengths, contexts_file, residual_key or paper; did you mean "
        "\"layer\"?"}},
      {minimal_config("rome: {layer: 0, paper: {v_rl: 1, v_lr: -1}}"),
       {"x.yaml:6:40: models.a.methods.rome.paper.v_rl: unknown key; expected layer, batch_size, "
        "v_num_grad_steps, v_lr, v_weight_decay, clamp_norm_factor, kl_factor, early_stop_loss, kl_position, "
        "decay_norm, mom2_adjustment, context_lengths, contexts_file or residual_key; did you mean \"v_lr\"?",
        "x.yaml:6:55: models.a.methods.rome.paper.v_lr: expected a number above 0, found \"-1\""}},
      {minimal_config("rome: {layer: 0, context_lengths: [{length_tokens: 1}, 5]}"),
       {"x.yaml:6:50: models.a.methods.rome.context_lengths[0].count: is missing; expected a whole number",
        "x.yaml:6:66: models.a.methods.rome.context_lengths[0].length_tokens: expected a whole number from 2 to 1000, "
        "found \"1\"",
        "x.yaml:6:70: models.a.methods.rome.context_lengths[1]: expected a map such as {length_tokens: 5, count: 10}, "
        "found \"5\""}},
      {minimal_config("rome: {layer: 0}, ft-c: {layer: 0}"),
       {"x.yaml:6:39: models.a.methods.ft-c.linf_bound: is missing; expected a number above 0 (without a bound the "
        "method is ft)"}},
      {minimal_config("rome: {layer: 0}, ft: {layer: 0, linf_bound: 1}"),
       {"x.yaml:6:60: models.a.methods.ft.linf_bound: is not a parameter of ft; expected none (with a bound the method "
        "is ft-c)"}},
      {minimal_config("rome: {layer: 0}, rom: {layer: 0}"),
       {"x.yaml:6:33: models.a.methods.rom: unknown key; expected rome, r-rome, memit, memit-seq, alphaedit, ft-c, ft "
        "or mend; did "
        "you mean \"rome\"?"}},
      {minimal_config("rome: nothing.yaml"),
       {"x.yaml:6:21: models.a.methods.rome: expected a file, found no nothing.yaml"}},
      {minimal_config("ft: {layer: 0}"),
       {"x.yaml:4:5: models.a.methods.rome: is missing; expected hyper-parameters, because the grid has rome/a"}},
      {"dataset: {format: lama, record: r, samples: s}\nmodels: {}\ngrid: {methods: [rome], samples: [0]}\nedits: 1\n",
       {"x.yaml:1:10: dataset.records: is missing; expected a path",
        "x.yaml:1:19: dataset.format: expected counterfact or zsre, found \"lama\"",
        "x.yaml:1:25: dataset.record: unknown key; expected format, records, samples or completions; did you mean "
        "\"records\"?",
        "x.yaml:2:9: models: expected at least one model, found none"}},
      {"dataset: {records: r, samples: published, completions: c}\n"
       "models:\n  a: {path: p, second_moments: {npz: 'x.npz', corpus: c}, methods: {rome: {layer: 0}}}\n"
       "  b: {path: p, second_moments: {max_tokens: 5}, methods: {}}\n"
       "grid: {methods: [rome], models: [a], samples: [0]}\nedits: 1\n",
       {"x.yaml:1:56: dataset.completions: is for format: zsre; expected no such key",
        "x.yaml:3:38: models.a.second_moments.npz: expected a path with {layer} once, where the layer's number stands",
        "x.yaml:3:55: models.a.second_moments.corpus: is for second moments of a corpus; expected npz alone",
        "x.yaml:4:32: models.b.second_moments: expected corpus: a text file, or npz: the published files' path with "
        "{layer} in it"}},
      {"dataset: {records: r, samples: s}\n"
       "models:\n  a: {path: p, second_moments: {npz: '{layer}.npz', max_documents: 100000}, methods: {rome: {layer: "
       "0}}}\n"
       "grid: {methods: [rome], samples: [0]}\nedits: 1\n",
       {"x.yaml:3:68: models.a.second_moments.max_documents: is for second moments of a corpus; expected npz alone"}},
      {"dataset: {records: r, samples: s}\n"
       "models: {a: {path: p, methods: {rome: {layer: 0}}}, b: 7}\n"
       "grid: {methods: [rome], models: [a], samples: [0]}\nedits: 1\n",
       {"x.yaml:2:13: models.a.second_moments: is missing; expected {corpus: FILE} or {npz: FILES}, because rome needs "
        "it",
        "x.yaml:2:56: models.b: expected a map with path, second_moments, second_moment_placement, weights and "
        "methods, found "
        "\"7\""}},
  };
  return cases;
}

const std::vector<Case>& batch_and_layer_cases() {
  static const std::vector<Case> cases{
      {minimal_config("rome: {layer: 0, batch_size: 4}, r-rome: {layer: 0, batch_size: 2, form: prompt}"),
       {"x.yaml:6:44: models.a.methods.rome.batch_size: expected 1, found 4; rome and r-rome edit one fact a step "
        "(memit, mend, ft-c and ft edit several)",
        "x.yaml:6:79: models.a.methods.r-rome.batch_size: expected 1, found 2; rome and r-rome edit one fact a step "
        "(memit, mend, ft-c and ft edit several)",
        "x.yaml:6:88: models.a.methods.r-rome.form: expected random_prefix or prompt_keys, found \"prompt\"; did you "
        "mean \"prompt_keys\"?"}},
      {"fidelity: paper\n" + minimal_config("rome: {layer: 0, batch_size: 1, paper: {batch_size: 4}}"),
       {"x.yaml:7:67: models.a.methods.rome.paper.batch_size: expected 1, found 4; rome and r-rome edit one fact a "
        "step (memit, mend, ft-c and ft edit several)"}},
      {minimal_config("rome: {layer: 0}, memit: {layers: [3, 4, 4], context_seeds: [], batch_size: 0}"),
       {"x.yaml:6:40: models.a.methods.memit.mom2_update_weight: is missing; expected a number",
        "x.yaml:6:49: models.a.methods.memit.layers: expected numbers each above the one before, found 4 after 4",
        "x.yaml:6:75: models.a.methods.memit.context_seeds: expected at least one text, found none",
        "x.yaml:6:91: models.a.methods.memit.batch_size: expected a whole number from 1 to 100000, found \"0\""}},
      {minimal_config("rome: {layer: 0}, memit: {layers: [], mom2_update_weight: 0}"),
       {"x.yaml:6:49: models.a.methods.memit.layers: expected at least one number, found none",
        "x.yaml:6:73: models.a.methods.memit.mom2_update_weight: expected a number above 0, found \"0\""}},
      {minimal_config("rome: {layer: 0}, memit: {layers: [0, x, 1000], mom2_update_weight: 1, key_weights: plan}"),
       {"x.yaml:6:53: models.a.methods.memit.layers[1]: expected a whole number from 0 to 999, found \"x\"",
        "x.yaml:6:56: models.a.methods.memit.layers[2]: expected a whole number from 0 to 999, found \"1000\"",
        "x.yaml:6:99: models.a.methods.memit.key_weights: expected group_means or plain, found \"plan\"; did you mean "
        "\"plain\"?"}},
      {minimal_config("memit: {layers: 3, mom2_update_weight: 1, batch_size: 4}",
                      "grid: {methods: [memit], samples: [0]}\n", "edits: 8\nforgetting_every: 6\ntasks_every: 12\n"),
       {"x.yaml:1:1: checkpoint_every: 10 is no multiple of 4, the batch_size of memit/a: expected checkpoints between "
        "steps",
        "x.yaml:6:31: models.a.methods.memit.layers: expected a list of whole numbers such as [3, 4, 5], found \"3\"",
        "x.yaml:9:19: forgetting_every: 6 is no multiple of 4, the batch_size of memit/a: expected checkpoints between "
        "steps"}},
  };
  return cases;
}

const std::vector<Case>& grid_cases() {
  const auto grid = [](const std::string& text, const std::string& edits = "edits: 60\n") {
    return minimal_config("rome: {layer: 0}", "grid: " + text + "\n", edits);
  };
  static const std::vector<Case> cases{
      {grid("{methods: [qqq, rom], samples: [0, 0, -1, x]}"),
       {("x.yaml:7:18: grid.methods[0]: expected rome, r-rome, memit, memit-seq, alphaedit, ft-c, ft or mend, found "
         "\"qqq\""),
        ("x.yaml:7:23: grid.methods[1]: expected rome, r-rome, memit, memit-seq, alphaedit, ft-c, ft or mend, found "
         "\"rom\"; did you mean "
         "\"rome\"?"),
        "x.yaml:7:42: grid.samples[1]: sample 0 is given twice; expected distinct numbers",
        "x.yaml:7:45: grid.samples[2]: expected a whole number from 0 to 2147483647, found \"-1\"",
        "x.yaml:7:49: grid.samples[3]: expected a whole number from 0 to 2147483647, found \"x\""}},
      {grid("{methods: [], models: [b], samples: 3}"),
       {"x.yaml:7:17: grid.methods: expected at least one of methods, found an empty list",
        "x.yaml:7:30: grid.models[0]: expected a, found \"b\"",
        "x.yaml:7:43: grid.samples: expected a list of sample numbers such as [0, 1, 2, 3], found \"3\""}},
      {grid("{methods: [rome], samples: [0], exclude: [{method: ft}, {mode: a}, {}, {sample: 5}]}"),
       {"x.yaml:7:58: grid.exclude[0].method: expected rome, found \"ft\"",
        "x.yaml:7:63: grid.exclude[1]: expected at least one of method, model and sample, found none",
        "x.yaml:7:64: grid.exclude[1].mode: unknown key; expected method, model or sample; did you mean \"model\"?",
        "x.yaml:7:74: grid.exclude[2]: expected at least one of method, model and sample, found none",
        "x.yaml:7:78: grid.exclude[3]: matches no cell of the grid; expected a combination that the grid holds"}},
      {grid("{methods: [rome], samples: [0], exclude: [{model: a}]}"),
       {"x.yaml:7:7: grid: every cell is excluded; expected at least one to be left"}},
      {grid("{methods: [rome], samples: [0], include: [{method: ft}]}"),
       {"x.yaml:4:5: models.a.methods.ft: is missing; expected hyper-parameters, because the grid has ft/a"}},
      {grid("{methods: [rome], samples: [0]}", "edits: 0\n"),
       {"x.yaml:8:8: edits: expected a whole number from 1 to 9999999, found \"0\""}},
      {grid("{methods: [rome], samples: [0]}", "edits: {defalt: 3, ft: 1e3}\n"),
       {"x.yaml:8:8: edits: holds no number for rome/a; expected the key rome/a, rome or default",
        "x.yaml:8:9: edits.defalt: unknown key; expected default, rome, rome/a, r-rome, r-rome/a, "
        "memit, memit/a, memit-seq, memit-seq/a, alphaedit, alphaedit/a, "
        "ft-c, ft-c/a, ft, ft/a, mend or mend/a; did you mean \"default\"?",
        "x.yaml:8:24: edits.ft: expected a whole number from 1 to 9999999, found \"1e3\""}},
  };
  return cases;
}

const std::vector<Case>& task_cases() {
  const auto task = [](const std::string& query, const std::string& more = "") {
    return minimal_config() + "tasks:\n  - {name: t, examples: e, query: '" + query +
           "', marker: 'A:', answers: [{word: x, label: 1}]" + more + "}\n";
  };
  const auto with_answers = [](const std::string& answers) {
    return minimal_config() + "tasks:\n  - {name: t, examples: e, query: A, marker: A, answers:\n    [" + answers +
           "]}\n";
  };
  static const std::vector<Case> cases{
      {minimal_config() + "tasks: [tasks/none.yaml, {name: t}]\n",
       {"x.yaml:9:9: tasks[0]: expected a file, found no tasks/none.yaml",
        "x.yaml:9:26: tasks[1].examples: is missing; expected a path",
        "x.yaml:9:26: tasks[1].query: is missing; expected a text with {field} placeholders",
        "x.yaml:9:26: tasks[1].marker: is missing; expected a text after which the answer is read",
        ("x.yaml:9:26: tasks[1].answers: is missing; expected a list such as [{word: positive, label: 1}, {word: "
         "negative, label: 0}]")}},
      {task("{s} B:"),
       {"x.yaml:10:53: tasks[0].marker: expected a text that occurs in the query, after which the answer is read, "
        "found "
        "\"A:\""}},
      {task("{s A:"),
       {"x.yaml:10:35: tasks[0].query: expected {field}, or {{ and }} for braces, found a lone brace at character 1"}},
      {task("{s} A:} x"),
       {"x.yaml:10:35: tasks[0].query: expected {field}, or {{ and }} for braces, found a lone brace at character 7"}},
      {task("{} A:"),
       {"x.yaml:10:35: tasks[0].query: expected {field}, or {{ and }} for braces, found a lone brace at character 1"}},
      {task("{s} A:", ", max_new_tokens: 0"),
       {"x.yaml:10:107: tasks[0].max_new_tokens: expected a whole number from 1 to 256, found \"0\""}},
      {minimal_config() + "tasks:\n"
                          "  - {name: t, examples: e, query: 'A', marker: A, answers: []}\n"
                          "  - {name: t, examples: e, query: 'A', marker: A, answers: [{word: x, label: -1}, {label: "
                          "yes, word: ''}, {word: x, label: 0}]}\n",
       {"x.yaml:10:60: tasks[0].answers: expected at least one {word: ..., label: ...}, found none",
        "x.yaml:11:5: tasks[1]: is a second task named \"t\"; expected distinct names",
        "x.yaml:11:60: tasks[1].answers: expected distinct words, found \"x\" twice",
        "x.yaml:11:78: tasks[1].answers[0].label: expected a whole number from 0 to 1000000, found \"-1\"",
        "x.yaml:11:91: tasks[1].answers[1].label: expected a whole number from 0 to 1000000, found \"yes\"",
        "x.yaml:11:102: tasks[1].answers[1].word: expected a text, found \"\""}},
      {with_answers("{word: ' x', label: 1}"),
       {"x.yaml:11:5: tasks[0].answers: expected words without blanks at their ends, found \" x\": answers are "
        "stripped "
        "before they are searched"}},
      {with_answers("{word: a, label: 1}, {word: not a, label: 0}"),
       {"x.yaml:11:5: tasks[0].answers: \"a\" is searched before \"not a\", which holds it, so that the second is "
        "never "
        "found; expected the longer word first"}},
      {with_answers("{word: not a, label: 1}, {word: a, label: 0}"), {}},
      {task("{s} A: A: (x or y)"),
       {"x.yaml:10:65: tasks[0].marker: expected one behind the answer words of the query, found \"A:\", and \"x\" "
        "behind it, where answers are looked for: the query would answer each example itself"}},
      {task("x or y: {s} A: x or y. A: {x}"), {}},
      {task("{s} A: {{x}}"),
       {"x.yaml:10:59: tasks[0].marker: expected one behind the answer words of the query, found \"A:\", and \"x\" "
        "behind it, where answers are looked for: the query would answer each example itself"}},
      {minimal_config() +
           "tasks:\n  - {name: mean, examples: e, query: A, marker: A, answers: [{word: x, label: 1}]}\n",
       {"x.yaml:10:5: tasks[0].name: is \"mean\", as the curve of the tasks' mean is called (f1.mean); expected "
        "another"}},
  };
  return cases;
}

void expect_problems(const std::vector<Case>& cases) {
  for (const auto& example : cases) {
    const TemporaryFolder folder;
    auto expected = example.problems;
    // Missing files are named by their absolute paths, which begin with the folder.
    EXPECT_EQ(problems_of(folder, example.text), expected) << example.text;
  }
}

TEST(ConfigProblems, OfTheTopLevel) { expect_problems(top_level_cases()); }
TEST(ConfigProblems, OfModelsAndMethods) { expect_problems(model_and_method_cases()); }
TEST(ConfigProblems, OfBatchesAndLayers) { expect_problems(batch_and_layer_cases()); }
TEST(ConfigProblems, OfTheGrid) { expect_problems(grid_cases()); }
TEST(ConfigProblems, OfTasks) { expect_problems(task_cases()); }

TEST(ConfigProblems, InOtherFilesNameThoseFiles) {
  const TemporaryFolder folder;
  folder.write("m/rome.yaml", "# a comment\nlayer: 0\nv_lrr: 3\n");
  folder.write("t/task.yaml", "name: t\nexamples: e\nquery: '{s}'\nmarker: A\nanswers: 3\n");
  folder.write("t/broken.yaml", "name: [\n");
  const auto problems =
      problems_of(folder, minimal_config("rome: m/rome.yaml") + "tasks: [t/task.yaml, t/broken.yaml]\nthreads: 0\n");
  ASSERT_EQ(problems.size(), 5U) << ::testing::PrintToString(problems);
  const std::vector<std::string> beginnings{
      "x.yaml:10:10: threads: expected",
      "m/rome.yaml:3:1: v_lrr: unknown key; expected layer",
      "t/task.yaml:4:9: marker: expected a text that occurs in the query",
      "t/task.yaml:5:10: answers: expected a list",
      "t/broken.yaml:2:1: malformed YAML: ",
  };
  for (std::size_t i = 0; i < beginnings.size(); ++i) {
    EXPECT_EQ(problems[i].substr(0, beginnings[i].size()), beginnings[i]);
  }
}

TEST(ConfigProblems, OfAFileUsedTwiceAreSaidOnce) {
  const TemporaryFolder folder;
  folder.write("rome.yaml", "layer: x\n");
  const auto problems = problems_of(folder,
                                    "dataset: {records: r, samples: s}\n"
                                    "models:\n"
                                    "  a: {path: p, second_moments: {corpus: c}, methods: {rome: rome.yaml}}\n"
                                    "  b: {path: p, second_moments: {corpus: c}, methods: {rome: rome.yaml}}\n"
                                    "grid: {methods: [rome], samples: [0]}\nedits: 1\n");
  EXPECT_EQ(problems,
            std::vector<std::string>{"rome.yaml:1:8: layer: expected a whole number from 0 to 999, found \"x\""});
}

TEST(ConfigProblems, AreCountedInTheFirstLine) {
  const TemporaryFolder folder;
  const auto path = folder.write("x.yaml", minimal_config() + "threads: 0\nseed: -1\n");
  const auto message = message_of<ConfigError>([&] { load_experiment_config(path, editing::catalogue()); });
  EXPECT_EQ(message.substr(0, message.find('\n')), path.string() + ": 2 problems:");
}

}  // namespace
}  // namespace lethe::core
