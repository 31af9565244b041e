#include "report/disabling_cases.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_object.h"
#include "core/random_stream.h"
#include "report/phases.h"

namespace lethe::report {
namespace {

using SelectionObject = core::JsonObject<core::StorageError>;

struct Update {
  double norm = 0.0;
  std::int64_t case_id = 0;
  std::int64_t edit = 0;
  std::string cell;
};

/// Of each case the largest, the largest first.
std::vector<Update> by_norm(std::vector<Update> updates) {
  std::ranges::sort(updates, {}, [](const Update& update) { return std::tuple(-update.norm, update.case_id); });
  std::set<std::int64_t> seen;
  std::erase_if(updates, [&](const Update& update) { return !seen.insert(update.case_id).second; });
  return updates;
}

}  // namespace

std::string to_json(const Selection& selection) {
  nlohmann::ordered_json document{{"seed", selection.seed}, {"cases", nlohmann::ordered_json::array()}};
  for (const SelectedCase& one : selection.cases) {
    document["cases"].push_back({{"case_id", one.case_id}, {"subject", one.subject}, {"found", one.found}});
  }
  if (!selection.notes.empty()) document["notes"] = selection.notes;  // older folders have none
  return document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Selection selection_from_json(const std::string& text, const std::string& place) {
  const auto document = core::parse_json<core::StorageError>(text, place);
  SelectionObject object(document, place);
  Selection selection;
  selection.seed = static_cast<std::uint64_t>(object.integer("seed", 0));
  object.each("cases", [&](SelectionObject one) {
    selection.cases.push_back({one.integer("case_id", 0), one.text("subject"), one.text("found")});
    one.finish();
  });
  if (!object.is_null("notes")) {
    for (const auto& note : object.list("notes")) {
      if (!note.is_string()) object.fail("notes: expected texts");
      selection.notes.push_back(note.get<std::string>());
    }
  }
  object.finish();
  return selection;
}

void add_reason(Reasons& reasons, std::int64_t case_id, const std::string& reason) {
  auto& text = reasons[case_id];
  text += (text.empty() ? "" : "; ") + reason;
}

Reasons found_behind_points(std::span<const CellHistory> histories) {
  Reasons reasons;
  for (const CellHistory& history : histories) {
    const auto edit = phases_of(history).edit;
    if (edit)
      add_reason(reasons, edit->case_id, fmt::format("behind {}'s point (edit {})", history.cell.name(), edit->edit));
  }
  return reasons;
}

Reasons found_by_norm(std::span<const CellHistory> histories, std::int64_t count) {
  std::map<std::pair<std::string, std::string>, std::vector<Update>> updates;
  for (const CellHistory& history : histories) {
    for (const core::MetricRecord& record : history.records) {
      const double norm = update_norm(record);
      if (!std::isfinite(norm)) continue;
      updates[{history.cell.method, history.cell.model}].push_back(
          {norm, record.case_id, record.edit, history.cell.name()});
    }
  }
  Reasons reasons;
  for (auto& [key, all] : updates) {
    auto largest = by_norm(std::move(all));
    if (std::ssize(largest) > count) largest.resize(static_cast<std::size_t>(count));
    for (const Update& update : largest) {
      add_reason(reasons, update.case_id,
                 fmt::format("update norm {:.4g} in {} (edit {})", update.norm, update.cell, update.edit));
    }
  }
  return reasons;
}

std::vector<std::int64_t> draw_normal(std::span<const std::int64_t> pool, const Reasons& chosen, std::size_t count,
                                      std::uint64_t seed) {
  std::set<std::pair<std::uint64_t, std::int64_t>> drawn;
  for (const std::int64_t case_id : pool) {
    if (chosen.contains(case_id)) continue;
    drawn.emplace(core::RandomStream(seed, "normal edits", static_cast<std::uint64_t>(case_id)).next(), case_id);
  }
  std::vector<std::int64_t> cases;
  for (const auto& [number, case_id] : drawn) {
    if (cases.size() == count) break;
    cases.push_back(case_id);
  }
  std::ranges::sort(cases);
  return cases;
}

}  // namespace lethe::report
