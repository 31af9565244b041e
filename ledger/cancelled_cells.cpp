#include "ledger/cancelled_cells.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_text.h"
#include "core/host_name.h"
#include "core/json_object.h"
#include "core/strict_json.h"
#include "core/utc_time.h"
#include "ledger/durable_file.h"
#include "ledger/real_folder.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".json";

/// '+' is in no name of a method or a model.
fs::path file_of(const SweepFolder& folder, const core::GridCell& cell) {
  auto name = cell.name();
  std::ranges::replace(name, '/', '+');
  return folder.cancelled() / (name + std::string(kExtension));
}

/// nullopt for what cancels nothing: a temporary file, somebody's copy.
std::optional<core::GridCell> cell_of(const fs::path& file) {
  if (file.extension() != kExtension) return std::nullopt;
  auto name = file.stem().string();
  std::ranges::replace(name, '+', '/');
  try {
    return core::GridCell::from_name(name);
  } catch (const core::ConfigError&) {
    return std::nullopt;
  }
}

}  // namespace

void cancel_cell(const SweepFolder& folder, const core::GridCell& cell, const std::string& reason) {
  const auto path = file_of(folder, cell);
  static_cast<void>(RealFolder::make(folder.cancelled()));  // nothing is written through a link
  const nlohmann::json text{
      {"cell", cell.name()}, {"time", core::utc_time_now()}, {"host", core::host_name()}, {"reason", reason}};
  replace_text(path, core::dump_json(text, 1) + "\n");
}

bool restore_cell(const SweepFolder& folder, const core::GridCell& cell) {
  if (!is_cancelled(folder, cell)) return false;
  remove_file(file_of(folder, cell));
  sync_folder(folder.cancelled());
  return true;
}

bool is_cancelled(const SweepFolder& folder, const core::GridCell& cell) {
  const auto path = file_of(folder, cell);
  std::error_code error;
  const auto status = fs::symlink_status(path, error);
  if (fs::is_regular_file(status)) return true;
  if (!error || status.type() == fs::file_type::not_found) return false;
  throw core::StorageError(path.string() + ": cannot be looked for: " + error.message(), error);
}

std::set<core::GridCell> cancelled_cells(const SweepFolder& folder) {
  std::set<core::GridCell> cells;
  for (const auto& file : regular_files(folder.cancelled())) {
    if (auto cell = cell_of(file)) cells.insert(std::move(*cell));
  }
  return cells;
}

std::optional<Cancellation> read_cancellation(const SweepFolder& folder, const core::GridCell& cell) {
  if (!is_cancelled(folder, cell)) return std::nullopt;
  Cancellation cancellation;
  try {
    const auto text = core::json_if_sound(core::text_of_file(file_of(folder, cell)));
    if (!text || !text->is_object()) return cancellation;
    const auto field = [&](const char* key) {
      const auto found = text->find(key);
      return found != text->end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    cancellation = {field("time"), field("host"), field("reason")};
  } catch (const core::StorageError&) {  // that it is there is all that counts
  }
  return cancellation;
}

}  // namespace lethe::ledger
