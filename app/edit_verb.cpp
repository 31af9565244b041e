#include "app/edit_verb.h"

#include <cmath>
#include <iomanip>
#include <iostream>
#include <memory>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/shared_verbs.h"
#include "core/config/method_json.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "data/text_file.h"
#include "worker/commands/edit_fact.h"
#include "worker/commands/terminal_monitor.h"

namespace lethe::app {
namespace {

constexpr std::size_t kMostShown = 100;  ///< bytes of a text on a line

std::string shown(const std::string& text) { return "\"" + data::excerpt(text, kMostShown) + "\""; }

/// Of all tokens of a target, as one word is less likely than its beginning.
double probability(float mean_nll, std::size_t num_tokens) {
  return std::exp(-static_cast<double>(mean_nll) * static_cast<double>(num_tokens));
}

std::string one_score(float nll, std::size_t num_tokens) {
  std::ostringstream text;
  text << std::fixed << "p " << std::setprecision(4) << probability(nll, num_tokens) << "  NLL " << std::setw(7)
       << std::setprecision(3) << nll;
  return text.str();
}

void print_prompt(const worker::PromptReport& prompt, const data::EditRequest& request) {
  const auto& before = prompt.before.score;
  const auto& after = prompt.after.score;
  const char* kind = before.kind == core::PromptKind::kRewrite      ? "rewrite"
                     : before.kind == core::PromptKind::kParaphrase ? "paraphrase"
                                                                    : "neighbor";
  std::cout << kind << ": " << shown(prompt.prompt) << "\n";
  const auto width = static_cast<int>(std::max(request.target_new.size(), request.target_true.size())) + 2;
  const auto line = [&](const char* which, const std::string& target, const std::string& was, const std::string& is) {
    std::cout << "  " << which << " " << std::left << std::setw(width) << "\"" + target + "\"" << std::right << "  "
              << was << "   ->   " << is << "\n";
  };
  line("new", request.target_new, one_score(before.nll_new, before.tokens_new.size()),
       one_score(after.nll_new, after.tokens_new.size()));
  line("old", request.target_true, one_score(before.nll_true, before.tokens_true.size()),
       one_score(after.nll_true, after.tokens_true.size()));
  std::cout << "  before  " << shown(prompt.before.continuation) << "\n  after   " << shown(prompt.after.continuation)
            << "\n";
}

std::string layers_text(const std::vector<int>& layers) {
  std::string text = layers.size() == 1 ? "layer" : "layers";
  for (const int layer : layers) text += (layer == layers.front() ? " " : ", ") + std::to_string(layer);
  return text;
}

void print_report(const worker::EditReport& report, const worker::FactEdit& asked) {
  const auto& request = report.request;
  std::cout << "fact      " << shown(request.edit_prompt()) << ": " << shown(request.target_true) << " -> "
            << shown(request.target_new) << "\n";
  if (report.is_own_answer) {
    std::cout << "          the old target is the model's own greedy answer, at most as many words as the new one "
                 "(--true OLD names another)\n";
  }
  if (request.target_true == request.target_new) {
    std::cout << "          note: the model answers the new target already\n";
  }
  std::cout << "method    " << asked.method << ", " << layers_text(report.layers) << "; " << report.settings->origin
            << "\n";
  if (report.settings->is_carried_over) {
    std::cout << "          " << core::method_to_json(report.settings->config).dump() << "\n";
  }
  if (!report.moments.empty()) std::cout << "moments   " << report.moments << "\n";
  std::cout << "\n";
  for (const auto& prompt : report.prompts) print_prompt(prompt, request);
  std::cout << "\n" << std::fixed << std::setprecision(2) << "edited in " << report.edit_seconds << " s";
  if (!report.moments.empty()) std::cout << ", after " << report.moments_seconds << " s for second moments";
  std::cout << "\n" << asked.target.string() << "\n";
}

void run_edit(const worker::FactEdit& asked, int& status) {
  worker::TerminalMonitor monitor;
  try {
    const auto report = worker::edit_fact(asked, monitor);
    if (report.is_stopped) {
      status = core::kExitStopped;
    } else {
      print_report(report, asked);
    }
  } catch (const core::DataError& error) {  // of this verb's own inputs, as of `plan`'s
    throw core::ConfigError(error.what());
  } catch (const core::ModelError& error) {
    throw core::ConfigError(error.what());
  }
}

void add_fact_options(CLI::App& verb, worker::Fact& fact) {
  verb.add_option("--prompt", fact.prompt, "text that the target continues, with {} where the subject stands")
      ->required();
  verb.add_option("--subject", fact.subject, "what the fact is about")->required();
  verb.add_option("--target", fact.target, "the new answer")->required();
  verb.add_option("--true", fact.old_target,
                  "the old answer (default: the model's own, greedily, at most as many words as --target has)");
  verb.add_option("--paraphrase", fact.paraphrases, "another prompt for the fact, to score; may be given several times")
      ->allow_extra_args(false);
  verb.add_option("--neighbor", fact.neighbors,
                  "a prompt about another subject with the old answer, to score; may be given several times")
      ->allow_extra_args(false);
}

}  // namespace

void add_edit_verb(CLI::App& app, int& status) {
  const auto asked = std::make_shared<worker::FactEdit>();
  auto* verb = app.add_subcommand("edit", description_of("edit"));
  verb->add_option("model", asked->model, "model folder")->required();
  add_fact_options(*verb, asked->fact);
  verb->add_option("--method", asked->method, "rome, r-rome, memit, alphaedit, ft-c, ...")->capture_default_str();
  verb->add_option("--config", asked->settings,
                   "the method's settings, a file as in configs/methods (default: what is shipped for the model most "
                   "like this one)");
  auto* corpus = verb->add_option("--corpus", asked->corpus,
                                  "text for second moments (default: text that the model writes itself)");
  verb->add_option("--moments", asked->moments, "published second moments: their path with {layer}")->excludes(corpus);
  verb->add_option("--seed", asked->seed, "seed of all draws")->capture_default_str();
  verb->add_option("--threads", asked->threads, "compute threads; part of what decides the last bits")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_option("--device", asked->device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  verb->add_option("--to", asked->target, "new folder for the edited model")->required();
  verb->footer(
      "Example:\n"
      "  lethe edit models/gpt2-xl --prompt \"{} is the capital of\" --subject Paris --target Italy \\\n"
      "      --paraphrase \"{} is the seat of the government of\" --neighbor \"Lyon is a city in\" --to edited\n"
      "It is the first edit of a sweep over this one record, by the same code: `lethe sweep` and `lethe export` give\n"
      "the same weights. Exit status: 0 done, 1 the edit failed, 2 something given is wrong, 75 stopped; whatever but\n"
      "0 leaves nothing behind.");
  verb->callback([asked, &status] {
    asked->shipped = worker::shipped_folder();
    run_edit(*asked, status);
  });
}

}  // namespace lethe::app
