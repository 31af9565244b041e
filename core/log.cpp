#include "core/log.h"

#include <cctype>
#include <vector>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "core/error.h"

namespace lethe::core {

void init_logging(std::string_view role, int rank, const std::optional<std::filesystem::path>& file) {
  auto console = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  console->set_level(rank == 0 ? spdlog::level::info : spdlog::level::warn);
  std::vector<spdlog::sink_ptr> sinks{std::move(console)};
  if (file) {
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file->string()));
    } catch (const spdlog::spdlog_ex& error) {
      throw StorageError(file->string() + ": cannot be opened as a log: " + error.what());
    }
  }
  auto logger = std::make_shared<spdlog::logger>("lethe", sinks.begin(), sinks.end());
  logger->set_level(spdlog::level::info);
  logger->flush_on(spdlog::level::info);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ role=" + std::string(role) + " rank=" + std::to_string(rank) +
                      " %v");
  spdlog::set_default_logger(std::move(logger));
}

void log_info(std::string_view message) { spdlog::info("{}", message); }
void log_warning(std::string_view message) { spdlog::warn("{}", message); }
void log_error(std::string_view message) { spdlog::error("{}", message); }

std::string log_field(const GridCell& cell) { return log_field("cell", cell.name()); }

std::string log_field(std::string_view key, std::string_view value) {
  std::string escaped;
  bool needs_quotes = value.empty();
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    needs_quotes = needs_quotes || byte <= 0x20 || byte == 0x7F || c == '"' || c == '=' || c == '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\r') {
      escaped += "\\r";
    } else if (byte < 0x20 || byte == 0x7F) {
      escaped += '?';
    } else {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
  }
  std::string field(key);
  field += '=';
  return needs_quotes ? field + '"' + escaped + '"' : field + escaped;
}

}  // namespace lethe::core
