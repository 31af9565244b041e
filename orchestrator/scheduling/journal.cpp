#include "orchestrator/scheduling/journal.h"

#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "core/fault.h"
#include "core/file_text.h"
#include "core/utc_time.h"

namespace lethe::orchestrator::inline scheduling {

FileJournal::FileJournal(const std::filesystem::path& path) : file_(core::open_to_append(path)) {
  std::ifstream former(path, std::ios::binary | std::ios::ate);
  if (former.tellg() <= 0) return;
  former.seekg(-1, std::ios::end);
  is_cut_ = former.get() != '\n';
}

void FileJournal::record(std::string_view event, const JournalFields& fields) {
  nlohmann::ordered_json line{{"time", core::utc_time_now()}, {"event", event}};
  for (const auto& [name, value] : fields) {
    std::visit([&, &key = name](const auto& one) { line[key] = one; }, value);
  }
  const auto text =
      (is_cut_ ? "\n" : "") + line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  const auto count = core::write_at("journal.write", text.size(),
                                    [&](std::size_t size) { return ::write(file_.get(), text.data(), size); });
  if (count > 0) is_cut_ = count < std::ssize(text);
}

}  // namespace lethe::orchestrator::inline scheduling
