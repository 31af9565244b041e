#include "ledger/ownership.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "core/host_name.h"
#include "core/log.h"
#include "core/unique_fd.h"
#include "ledger/commit.h"
#include "ledger/durable_file.h"
#include "ledger/process_name.h"
#include "ledger/real_folder.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;
using TokenClock = std::chrono::steady_clock;

constexpr std::string_view kTokenExtension = ".token";
constexpr std::size_t kGenerationDigits = 8;
constexpr std::size_t kBeatDigits = 20;
constexpr auto kLookInterval = std::chrono::milliseconds(50);
constexpr int kBeatsOfALivingOwner = 2;
// All of one length, so that they can be written in place.
constexpr std::string_view kRunning = "running ";
constexpr std::string_view kReleased = "released";

double seconds_since(TokenClock::time_point start) {
  return std::chrono::duration<double>(TokenClock::now() - start).count();
}

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

/// "beat <20 digits> <state>\n", the part that is written in place.
std::string beat_line(std::uint64_t beat, std::string_view state) {
  return "beat " + zero_padded(beat, kBeatDigits) + " " + std::string(state) + "\n";
}

std::string token_text() {
  return beat_line(0, kRunning) + "owner " + process_name() + "\nboot " + boot_id() + "\nprocess " +
         std::to_string(::getpid()) + " on " + core::host_name() + "\n";
}

/// Another's token as it was read once.
struct Token {
  std::string key;
  std::uint64_t generation = 0;
  fs::path path;
  std::string text;  ///< empty if it could not be read: it counts as one that does not move

  [[nodiscard]] std::string field(std::string_view name) const {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ') {
        return line.substr(name.size() + 1);
      }
    }
    return {};
  }
  [[nodiscard]] bool is_released() const { return field("beat").ends_with(kReleased); }
  /// The quick way for one host: no process of another boot, host or process namespace is judged.
  [[nodiscard]] bool has_ended() const {
    return !boot_id().empty() && field("boot") == boot_id() && has_ended_here(field("owner"));
  }
  [[nodiscard]] std::string description() const {
    const auto process = field("process");
    return process.empty() ? "the owner of " + path.string() : "process " + process;
  }
};

std::string read_token(const fs::path& path) {
  // Opened anew each time: that is when network file systems look whether a file has changed.
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

fs::path token_path(const fs::path& owners, std::string_view key, std::uint64_t generation) {
  return owners / (std::string(key) + "." + zero_padded(generation, kGenerationDigits) + std::string(kTokenExtension));
}

std::optional<Token> parse_token(const fs::path& path) {
  const auto name = path.filename().string();
  const auto tail = 1 + kGenerationDigits + kTokenExtension.size();
  if (name.size() <= tail || name.front() == '.' || !name.ends_with(kTokenExtension)) return std::nullopt;
  const auto digits = std::string_view(name).substr(name.size() - tail + 1, kGenerationDigits);
  Token token{name.substr(0, name.size() - tail), 0, path, {}};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), token.generation);
  if (error != std::errc{} || end != digits.data() + digits.size() || name[name.size() - tail] != '.')
    return std::nullopt;
  return token;
}

/// The newest token of each key, with its text.
std::map<std::string, Token> newest_tokens(const fs::path& owners) {
  std::map<std::string, Token> newest;
  std::error_code error;
  fs::directory_iterator entry(owners, error);
  if (error == std::errc::no_such_file_or_directory) return newest;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    auto token = parse_token(entry->path());
    if (!token) continue;
    const auto [known, is_new] = newest.try_emplace(token->key, *token);
    if (!is_new && known->second.generation < token->generation) known->second = *token;
  }
  if (error) throw core::StorageError(owners.string() + ": cannot be listed: " + error.message());
  for (auto& [key, token] : newest) token.text = read_token(token.path);
  return newest;
}

enum class Life { kDead, kAlive, kUnknown };

/// Watches one token.
class Watch {
 public:
  explicit Watch(Token token) : token_(std::move(token)), moved_(TokenClock::now()) {}

  Life look(double watch_seconds) {
    std::error_code error;
    const bool is_gone = !fs::exists(token_.path, error) && !error;  // removed by its successor
    if (token_.is_released() || token_.has_ended() || is_gone) return Life::kDead;
    auto text = read_token(token_.path);
    if (text != token_.text) {
      token_.text = std::move(text);
      moved_ = TokenClock::now();
      if (++num_moves_ >= kBeatsOfALivingOwner) return Life::kAlive;
    }
    return seconds_since(moved_) >= watch_seconds ? Life::kDead : Life::kUnknown;
  }
  [[nodiscard]] const Token& token() const { return token_; }

 private:
  Token token_;
  TokenClock::time_point moved_;
  int num_moves_ = 0;
};

/// Looks until it is clear; `kUnknown` if told to stop before.
Life watch_to_the_end(Watch& watch, const OwnershipOptions& options) {
  auto life = watch.look(options.watch_seconds);
  if (life == Life::kUnknown) options.on_watch(watch.token().description());
  while (life == Life::kUnknown && !options.should_stop()) {
    std::this_thread::sleep_for(kLookInterval);
    life = watch.look(options.watch_seconds);
  }
  return life;
}

void remove_tokens_before(const fs::path& owners, std::string_view key, std::uint64_t generation) {
  std::error_code error;
  for (fs::directory_iterator entry(owners, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const auto token = parse_token(entry->path());
    std::error_code ignored;
    if (token && token->key == key && token->generation < generation) fs::remove(token->path, ignored);
  }
}

/// Overwrites the beginning of a file that exists. False if it is gone or cannot be written.
bool overwrite(const fs::path& path, std::string_view text) {
  core::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return false;
  const bool is_written = ::pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  return ::close(file.release()) == 0 && is_written;  // a network file system sends it off now
}

}  // namespace

/// Makes the objects whose constructor is private.
struct Claimant {
  const fs::path& owners;
  std::string_view key;
  const OwnershipOptions& options;

  /// Null if another process was quicker.
  [[nodiscard]] std::unique_ptr<Ownership> create(std::uint64_t generation) const {
    const auto path = token_path(owners, key, generation);
    const TemporaryFile temporary(owners, key);
    write_new_file(temporary.path(), token_text());
    if (!move_without_replacing(temporary.path(), path)) return nullptr;
    remove_tokens_before(owners, key, generation);
    return std::unique_ptr<Ownership>(
        new Ownership(path, token_path(owners, key, generation + 1), options.beat_seconds));
  }
};

Ownership::Ownership(fs::path token, fs::path successor, double beat_seconds)
    : token_(std::move(token)),
      successor_(std::move(successor)),
      beat_seconds_(beat_seconds),
      thread_([this] { beat_until_ended(); }) {}

Ownership::~Ownership() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  wakes_.notify_all();
  thread_.join();
}

void Ownership::beat_until_ended() {
  std::uint64_t beat = 0;
  std::unique_lock lock(mutex_);
  while (!wakes_.wait_for(lock, std::chrono::duration<double>(beat_seconds_), [this] { return is_ending_; })) {
    std::error_code error;
    // The next owner removes this token; a file system that fails for a moment does neither.
    const bool has_successor = fs::exists(successor_, error) || (!fs::exists(token_, error) && !error);
    if (has_successor && !is_lost_.exchange(true)) {
      core::log_error(token_.string() + ": another process has taken over; this one was taken for dead");
    }
    if (!is_lost_) overwrite(token_, beat_line(++beat, kRunning));
  }
  // The token stays, as the newest generation: were it removed, two contenders could count from different numbers.
  if (!is_lost_) overwrite(token_, beat_line(++beat, kReleased));
}

OwnershipOptions ownership_options() {
  OwnershipOptions options;
  const char* text = std::getenv("LETHE_OWNER_WATCH_SECONDS");
  if (text == nullptr) return options;
  char* end = nullptr;
  options.watch_seconds = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(options.watch_seconds > 0.0)) {
    throw core::ConfigError(std::string("LETHE_OWNER_WATCH_SECONDS=") + text +
                            ": expected a positive number of seconds");
  }
  return options;
}

Claim claim_ownership(const fs::path& owners, std::string_view key, const OwnershipOptions& options) {
  const Claimant claimant{owners, key, options};
  const auto start = TokenClock::now();
  refuse_linked_folders(owners.parent_path());
  make_folder(owners);
  remove_stale_temporaries(owners);
  while (true) {
    const auto tokens = newest_tokens(owners);
    const auto found = tokens.find(std::string(key));
    Claim claim;
    if (found != tokens.end()) {
      Watch watch(found->second);
      const auto life = watch_to_the_end(watch, options);
      if (life == Life::kUnknown) return claim;
      claim.waited_seconds = seconds_since(start);
      if (life == Life::kAlive) {
        claim.holder = watch.token().description();
        return claim;
      }
      if (!watch.token().is_released()) claim.predecessor = watch.token().description();
    }
    claim.ownership = claimant.create(found == tokens.end() ? 1 : found->second.generation + 1);
    if (claim.ownership) return claim;
    // Someone was quicker: theirs is the token to be watched now.
  }
}

std::vector<Holder> other_owners(const fs::path& owners, std::string_view own_key, const OwnershipOptions& options) {
  std::vector<Watch> watches;
  for (auto& [key, token] : newest_tokens(owners)) {
    if (key != own_key) watches.emplace_back(token);
  }
  std::vector<Holder> holders;
  while (!watches.empty() && !options.should_stop()) {
    std::erase_if(watches, [&](Watch& watch) {
      const auto life = watch.look(options.watch_seconds);
      if (life == Life::kAlive) holders.push_back({watch.token().key, watch.token().description()});
      std::error_code ignored;
      if (life == Life::kDead) fs::remove(watch.token().path, ignored);
      return life != Life::kUnknown;
    });
    if (!watches.empty()) std::this_thread::sleep_for(kLookInterval);
  }
  return holders;
}

std::string living_owner(const fs::path& owners, std::string_view key, const OwnershipOptions& options) {
  const auto tokens = newest_tokens(owners);
  const auto found = tokens.find(std::string(key));
  if (found == tokens.end()) return {};
  Watch watch(found->second);
  return watch_to_the_end(watch, options) == Life::kAlive ? watch.token().description() : std::string();
}

std::unique_ptr<Ownership> wait_for_ownership(const fs::path& owners, std::string_view key,
                                              const OwnershipOptions& options,
                                              const std::function<void(const std::string& holder)>& on_wait) {
  bool has_told = false;
  while (true) {
    auto claim = claim_ownership(owners, key, options);
    if (claim.ownership || claim.holder.empty()) return std::move(claim.ownership);
    if (!std::exchange(has_told, true)) on_wait(claim.holder);
  }
}

}  // namespace lethe::ledger
