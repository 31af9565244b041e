#include "ledger/owner_token.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "core/file_text.h"
#include "core/host_name.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTokenExtension = ".token";
constexpr std::size_t kGenerationDigits = 8;  // at least
constexpr std::size_t kMaxGenerationDigits = 18;
constexpr std::size_t kBeatDigits = 20;

std::string zero_padded(std::uint64_t number, std::size_t digits) {
  const auto text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

/// Different after every start of this host; empty if the system does not tell.
const std::string& boot_id() {
  static const std::string id = [] {
    std::ifstream in("/proc/sys/kernel/random/boot_id");
    std::string word;
    in >> word;
    return word;
  }();
  return id;
}

/// Of the batch system, for people who look for the owner; empty outside of one.
std::string job_line() {
  const char* job = std::getenv("SLURM_JOB_ID");
  const std::string_view id = job == nullptr ? "" : job;
  const bool is_plain = !id.empty() && id.find_first_not_of("0123456789_") == std::string_view::npos;
  return is_plain ? "job " + std::string(id) + "\n" : std::string();
}

std::optional<OwnerToken> parse_token(const fs::path& path) {
  const auto name = path.filename().string();
  if (name.starts_with('.') || !name.ends_with(kTokenExtension)) return std::nullopt;
  const auto stem = std::string_view(name).substr(0, name.size() - kTokenExtension.size());
  const auto dot = stem.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const auto digits = stem.substr(dot + 1);
  if (digits.size() < kGenerationDigits || digits.size() > kMaxGenerationDigits) return std::nullopt;
  OwnerToken token{std::string(stem.substr(0, dot)), 0, path, {}};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), token.generation);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return token;
}

}  // namespace

std::string OwnerToken::field(std::string_view name) const {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ') {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

bool OwnerToken::is_released() const { return field("beat").ends_with(kReleased); }

ProcessFate OwnerToken::fate() const {
  const bool is_of_this_boot = !boot_id().empty() && field("boot") == boot_id();
  return is_of_this_boot ? fate_of(field("owner")) : ProcessFate::kElsewhere;
}

bool OwnerToken::has_ended() const { return fate() == ProcessFate::kEnded; }

std::string OwnerToken::description() const {
  const auto process = field("process");
  return process.empty() ? "the owner of " + path.string() : "process " + process;
}

std::string beat_line(std::uint64_t beat, std::string_view state) {
  return "beat " + zero_padded(beat, kBeatDigits) + " " + std::string(state) + "\n";
}

std::string new_token_text() {
  return beat_line(0, kRunning) + "owner " + process_name() + "\nboot " + boot_id() + "\nprocess " +
         std::to_string(::getpid()) + " on " + core::host_name() + "\n" + job_line();
}

std::string read_token(const fs::path& path) {
  // Opened anew each time: that is when network file systems look whether a file has changed.
  try {
    return core::text_of_file(path);
  } catch (const core::StorageError&) {
    return {};  // removed meanwhile, or no token
  }
}

fs::path token_path(const fs::path& owners, std::string_view key, std::uint64_t generation) {
  return owners / (std::string(key) + "." + zero_padded(generation, kGenerationDigits) + std::string(kTokenExtension));
}

std::vector<OwnerToken> list_tokens(const fs::path& owners) {
  std::vector<OwnerToken> tokens;
  std::error_code error;
  fs::directory_iterator entry(owners, error);
  if (error == std::errc::no_such_file_or_directory) return tokens;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (auto token = parse_token(entry->path())) tokens.push_back(std::move(*token));
  }
  if (error) throw core::StorageError(owners.string() + ": cannot be listed: " + error.message(), error);
  return tokens;
}

std::map<std::string, OwnerToken> newest_tokens(const fs::path& owners) {
  std::map<std::string, OwnerToken> newest;
  for (auto& token : list_tokens(owners)) {
    const auto [known, is_new] = newest.try_emplace(token.key, token);
    if (!is_new && known->second.generation < token.generation) known->second = std::move(token);
  }
  for (auto& [key, token] : newest) token.text = read_token(token.path);
  return newest;
}

}  // namespace lethe::ledger
