// What `lethe status` reads of a sweep's folder: STATE, status.json, experiment.json, inspection.json, an owner's
// token, and the names of a folder's files, one a line.
#include <sstream>

#include "core/error.h"
#include "data/text_file.h"
#include "editing/methods/catalogue.h"
#include "ledger/sweep_folder.h"
#include "orchestrator/display/sweep_look.h"
#include "orchestrator/display/sweep_status.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {
namespace {

constexpr std::size_t kNames = 5;  ///< the section

bool look_at(const std::filesystem::path& folder) {
  return read_or_refuse<core::StorageError>(
             folder.filename().string(),
             [&] {
               const auto look = orchestrator::SweepWatch(ledger::SweepFolder(folder), editing::catalogue()).look();
               std::ostringstream out;
               print_status(look, out);
               print_status_json(look, out);
               return true;
             })
      .has_value();
}

void check_chain(const ledger::CellFiles& files) {
  std::int64_t next = 1;
  for (const auto& segment : files.segments) {
    require(segment.first_edit == next && segment.last_edit >= next, "a chain has no gap");
    next = segment.last_edit + 1;
  }
}

/// A folder of empty files under these names.
void scan_names(const std::filesystem::path& folder, std::string_view lines) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  while (!lines.empty()) {
    const std::string name(data::take_line(lines));
    const bool is_name = !name.empty() && name.size() < 200 && name != "." && name != ".." &&
                         name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
    if (is_name) InputFolder::instance().write((folder.filename() / name).string(), "");
  }
  static_cast<void>(read_or_refuse<core::StorageError>("", [&] {
    check_chain(ledger::scan_cell(folder));
    static_cast<void>(ledger::scan_prerequisite(folder));
    static_cast<void>(ledger::committed_moment_layers(folder));
    static_cast<void>(ledger::committed_moment_slices(folder));
    return true;
  }));
}

}  // namespace

bool sweep_folder(std::string_view input) {
  const auto& folder = InputFolder::instance();
  std::filesystem::create_directories(folder.path() / "owners");
  folder.write_sections(input,
                        {"STATE", "status.json", "experiment.json", "inspection.json", "owners/sweep.00000003.token"});
  const bool is_read = look_at(folder.path());
  const auto sections = sections_of(input);
  if (sections.size() > kNames) scan_names(folder.path() / "names", sections[kNames]);
  return is_read;
}

}  // namespace lethe::fuzz
