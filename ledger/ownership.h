#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

// Who works on what in a sweep's folder (design 5). A claim is a file "<key>.<generation>.token" in the folder
// `owners/`; the owner writes a growing number into it, in place, at every beat. Who finds another's token watches it:
// a number that moves has a living writer, one that stands still for the watch time has none. Clocks of hosts are
// never compared, nobody waits for a lock, and nothing has to be removed by hand.
//
// A dead token is followed by one of the next generation, created with `link`, which only one of several contenders
// can do; so a token is never taken away from under a third process. An owner that was itself taken for dead (stopped,
// or cut off from the file system) finds the next generation at its next beat: `is_lost`.

namespace lethe::ledger {

/// Whose claim excludes that of every other key: a sweep's on its whole folder. `other_owners` and `living_owner` are
/// how each side looks for the other.
inline constexpr std::string_view kSweepKey = "sweep";
/// What to do about another owner: the end of a message.
inline constexpr const char* kOwnedRemedy = "; wait until it has ended, stop it, or choose another --out";

struct OwnershipOptions {
  double beat_seconds = 1.0;
  double watch_seconds = 6.0;  ///< without movement; several beats, for file systems that show writes late
  /// Asked while another's token is watched: true gives up the claim.
  std::function<bool()> should_stop = [] { return false; };
  /// Called once when the watching begins, with the holder.
  std::function<void(const std::string& holder)> on_watch = [](const std::string&) {};
};
/// The defaults, with LETHE_OWNER_WATCH_SECONDS of the environment where it is set (for slow file systems, and tests).
/// Throws `core::ConfigError` if that is no positive number.
OwnershipOptions ownership_options();

/// A part of a sweep's folder that this process owns until the object's end. A thread of its own beats.
class Ownership {
 public:
  ~Ownership();
  Ownership(const Ownership&) = delete;
  Ownership& operator=(const Ownership&) = delete;

  /// Another process has taken over, because this one's beats were not seen; or the folder is gone.
  [[nodiscard]] bool is_lost() const { return is_lost_; }
  /// It is lost because the folder of tokens was removed, or its file system was taken away.
  [[nodiscard]] bool is_gone() const { return is_gone_; }
  [[nodiscard]] const std::filesystem::path& token() const { return token_; }

 private:
  friend struct Claimant;
  Ownership(std::filesystem::path token, std::filesystem::path successor, double beat_seconds);

  std::filesystem::path token_;
  std::filesystem::path successor_;  // name of the next generation's token
  double beat_seconds_;
  std::atomic<bool> is_lost_ = false;
  std::atomic<bool> is_gone_ = false;
  std::mutex mutex_;
  std::condition_variable wakes_;
  bool is_ending_ = false;
  std::thread thread_;

  void beat_until_ended();
};

/// What became of a claim: `ownership`, or the holder, or neither if it was told to stop.
struct Claim {
  std::unique_ptr<Ownership> ownership;
  std::string holder;           ///< of the living token, for messages; empty if there is none
  std::string predecessor;      ///< whose dead token was followed; empty if there was none
  double waited_seconds = 0.0;  ///< while watching it
};

/// Claims `key` (letters, digits, '.', '_', '-', '+') in `owners`, which is created. At once where there is no token,
/// it was given back, or its process has ended on this host since this host booted; else after `watch_seconds` without
/// movement. A token that moves is answered with its holder after two beats. Throws `core::StorageError` if the folder
/// cannot be read or written, and for links among the sweep's folders: whoever is to write there comes by here.
Claim claim_ownership(const std::filesystem::path& owners, std::string_view key, const OwnershipOptions& options);

/// A living token.
struct Holder {
  std::string key;
  std::string description;  ///< "process 4711 on host7"
};
/// All living owners but those of `own_key`; takes up to `watch_seconds` where tokens of unknown state are there, and
/// removes those that are dead. Call while owning what stops new claims from being taken up.
std::vector<Holder> other_owners(const std::filesystem::path& owners, std::string_view own_key,
                                 const OwnershipOptions& options);

/// The living owner of `key`, for messages; empty if there is none. Takes up to `watch_seconds` where that is unknown.
std::string living_owner(const std::filesystem::path& owners, std::string_view key, const OwnershipOptions& options);

/// Claims `key`, waiting for its holder to end for as long as it lives. Null if told to stop. `on_wait` is called once
/// with the holder before the waiting begins.
std::unique_ptr<Ownership> wait_for_ownership(const std::filesystem::path& owners, std::string_view key,
                                              const OwnershipOptions& options,
                                              const std::function<void(const std::string& holder)>& on_wait);

}  // namespace lethe::ledger
