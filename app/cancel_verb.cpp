#include "app/cancel_verb.h"

#include <iostream>

#include "editing/methods/catalogue.h"
#include "orchestrator/cancel.h"

namespace lethe::app {

void add_cancel(CLI::App& app, CancelArguments& arguments) {
  auto* verb = app.add_subcommand("cancel", "edit cells of a sweep no further, while it runs or before; or undo that");
  verb->add_option("sweep", arguments.folder, "sweep folder")->required();
  verb->add_option("cells", arguments.cells, "<method>/<model>/sample<k>, or a pattern in quotes: 'rome/*'")
      ->required();
  auto* reason = verb->add_option("--reason", arguments.reason, "why, for status and report");
  verb->add_flag("--undo", arguments.is_undo, "the cells go on where they are")->excludes(reason);
}

int run_cancel(const CancelArguments& arguments) {
  return orchestrator::run_cancel(
      {editing::catalogue(), arguments.folder, arguments.cells, arguments.reason, arguments.is_undo}, std::cout);
}

}  // namespace lethe::app
