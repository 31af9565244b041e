#include "ledger/ownership.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/environment.h"
#include "core/error.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/unique_fd.h"
#include "ledger/commit.h"
#include "ledger/durable_file.h"
#include "ledger/owner_token.h"
#include "ledger/real_folder.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;
using TokenClock = std::chrono::steady_clock;

constexpr auto kLookInterval = std::chrono::milliseconds(50);
constexpr int kBeatsOfALivingOwner = 2;

double seconds_since(TokenClock::time_point start) {
  return std::chrono::duration<double>(TokenClock::now() - start).count();
}

enum class Life { kDead, kAlive, kUnknown };

/// Watches one token.
class Watch {
 public:
  explicit Watch(OwnerToken token) : token_(std::move(token)), moved_(TokenClock::now()) {}

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
  [[nodiscard]] const OwnerToken& token() const { return token_; }

 private:
  OwnerToken token_;
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

/// Overwrites the beginning of a file that exists. False if it is gone or cannot be written.
bool overwrite(const fs::path& path, std::string_view text) {
  core::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return false;
  const auto count = core::write_at("owner.beat", text.size(),
                                    [&](std::size_t size) { return ::pwrite(file.get(), text.data(), size, 0); });
  const bool is_written = count == static_cast<ssize_t>(text.size());
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
    const auto text = new_token_text();
    write_new_file(temporary.path(), text);
    if (!publish(temporary.path(), path, text)) return nullptr;
    if (!is_newest(path, generation)) return nullptr;
    return std::unique_ptr<Ownership>(
        new Ownership(path, token_path(owners, key, generation + 1), options.beat_seconds));
  }

 private:
  /// False if the name is taken. A token that has its name, and of which the claimant yet hears an error, would be an
  /// owner's that lives and never beats: the next claim would watch it in vain.
  [[nodiscard]] static bool publish(const fs::path& temporary, const fs::path& path, const std::string& text) {
    try {
      return move_without_replacing(temporary, path);
    } catch (...) {
      if (read_token(path) == text) remove_file(path);
      throw;
    }
  }

  /// Clears away the tokens before `own`. False, and `own` is removed, if there are later ones: a process that stalled
  /// since it judged finds its generation's name free again when others have come and gone meanwhile.
  [[nodiscard]] bool is_newest(const fs::path& own, std::uint64_t generation) const {
    std::vector<OwnerToken> tokens;
    try {
      tokens = list_tokens(owners);
    } catch (...) {
      remove_file(own);
      throw;
    }
    std::erase_if(tokens, [&](const OwnerToken& token) { return token.key != key; });
    const auto is_later = [&](const OwnerToken& token) { return token.generation > generation; };
    if (std::ranges::any_of(tokens, is_later)) {
      remove_file(own);
      return false;
    }
    for (const auto& token : tokens) {
      std::error_code ignored;
      if (token.generation < generation) fs::remove(token.path, ignored);
    }
    return true;
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
    const bool has_successor = fs::exists(successor_, error);
    const bool is_removed = !has_successor && !error && !fs::exists(token_, error) && !error;
    if (is_removed) is_gone_ = !fs::exists(token_.parent_path(), error) && !error;
    if ((has_successor || is_removed) && !is_lost_.exchange(true)) {
      core::log_error(token_.string() + (is_gone_ ? ": its folder is gone"
                                                  : ": another process has taken over; this one was taken for dead"));
    }
    if (!is_lost_) overwrite(token_, beat_line(++beat, kRunning));
  }
  // The token stays, as the newest generation: were it removed, two contenders could count from different numbers.
  if (!is_lost_) overwrite(token_, beat_line(++beat, kReleased));
}

OwnershipOptions ownership_options() {
  OwnershipOptions options;
  options.watch_seconds =
      core::positive_from_environment("LETHE_OWNER_WATCH_SECONDS", "seconds").value_or(options.watch_seconds);
  return options;
}

Claim claim_ownership(const fs::path& owners, std::string_view key, const OwnershipOptions& options) {
  const Claimant claimant{owners, key, options};
  const auto start = TokenClock::now();
  refuse_linked_folders(owners.parent_path());
  make_folder_below(owners.parent_path(), owners);
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
