#include "app/doctor_verb.h"

#include <filesystem>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>

#include "app/shared_verbs.h"
#include "core/exit_code.h"
#include "ledger/folder_probe.h"
#include "report/figures.h"
#include "worker/commands/doctor.h"

namespace lethe::app {
namespace {

namespace fs = std::filesystem;
using worker::Finding;

/// The folder itself, or what of its path is there.
fs::path existing_part(fs::path folder) {
  std::error_code error;
  while (!fs::is_directory(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

std::vector<Finding> examine_folder(const fs::path& folder) {
  constexpr std::int64_t kLeastFiles = 1000;
  const auto room = ledger::room_in(folder);
  Finding space{"folder", folder.string(), {}};
  if (room.free_bytes >= 0) space.text += ", " + std::to_string(room.free_bytes / 1'000'000'000) + " GB free";
  if (room.free_files >= 0) {
    space.text += ", " + std::to_string(room.free_files) + " more files";
    if (room.free_files < kLeastFiles) space.trouble = "a sweep makes some hundred files a cell; choose another --out";
  }
  std::vector<Finding> findings{space};
  for (const auto& trial : ledger::try_folder(folder)) {
    Finding finding{"", trial.what, {}};
    if (!trial.trouble.empty()) finding.trouble = trial.trouble + "; choose a folder on another file system (--out)";
    findings.push_back(finding);
  }
  return findings;
}

Finding examine_python() {
  const auto interpreter = report::drawing_interpreter();
  if (!interpreter.empty()) return {"figures", "drawn by " + interpreter, {}};
  return {"figures", "not drawn",
          "no Python imports h5py, numpy and matplotlib; install python3-h5py and python3-matplotlib, or name one with "
          "LETHE_PYTHON"};
}

bool print_findings(const std::vector<Finding>& findings) {
  bool is_well = true;
  for (const auto& finding : findings) {
    std::cout << std::left << std::setw(16) << finding.subject << finding.text << "\n";
    if (finding.trouble.empty()) continue;
    is_well = false;
    std::cout << std::setw(16) << ""
              << "WRONG: " << finding.trouble << "\n";
  }
  return is_well;
}

}  // namespace

void add_doctor(CLI::App& app, int& status) {
  auto* verb = app.add_subcommand("doctor", description_of("doctor"));
  const auto folder = std::make_shared<std::string>(".");
  verb->add_option("folder", *folder, "where the sweep is to be (default: here)");
  verb->callback([folder, &status] {
    bool is_well = print_findings(worker::examine_libraries());
    is_well = print_findings(worker::examine_machine()) && is_well;
    is_well = print_findings(examine_folder(existing_part(fs::absolute(*folder).lexically_normal()))) && is_well;
    is_well = print_findings({examine_python()}) && is_well;
    if (!is_well) status = core::kExitFailed;
  });
}

}  // namespace lethe::app
