#include "orchestrator/scheduling/journal.h"

#include <nlohmann/json.hpp>

#include "core/fault.h"
#include "core/file_text.h"
#include "core/utc_time.h"

namespace lethe::orchestrator::inline scheduling {

FileJournal::FileJournal(const std::filesystem::path& path) : file_(core::open_to_append(path)) {}

void FileJournal::record(std::string_view event, const JournalFields& fields) {
  nlohmann::ordered_json line{{"time", core::utc_time_now()}, {"event", event}};
  for (const auto& [name, value] : fields) {
    std::visit([&, &key = name](const auto& one) { line[key] = one; }, value);
  }
  const auto text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  core::write_at("journal.write", text.size(),
                 [&](std::size_t size) { return ::write(file_.get(), text.data(), size); });
}

}  // namespace lethe::orchestrator::inline scheduling
