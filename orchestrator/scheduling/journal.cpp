#include "orchestrator/scheduling/journal.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/utc_time.h"

namespace lethe::orchestrator::inline scheduling {

FileJournal::FileJournal(const std::filesystem::path& path)
    : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644)) {
  if (!file_)
    throw core::StorageError(path.string() + ": cannot be opened for writing: " + std::strerror(errno) +
                             (errno == ELOOP ? ", and a sweep writes through no link; remove it" : ""));
}

void FileJournal::record(std::string_view event, const JournalFields& fields) {
  nlohmann::ordered_json line{{"time", core::utc_time_now()}, {"event", event}};
  for (const auto& [name, value] : fields) {
    std::visit([&, &key = name](const auto& one) { line[key] = one; }, value);
  }
  const auto text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  static_cast<void>(!::write(file_.get(), text.data(), text.size()));
}

}  // namespace lethe::orchestrator::inline scheduling
