#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/process_name.h"

// The files of `ledger/ownership.h`: "<key>.<generation>.token", the generation in eight digits or more. Private to it
// and to `ledger/owner_look.h`.

namespace lethe::ledger {

// Both of one length, so that they can be written in place.
inline constexpr std::string_view kRunning = "running ";
inline constexpr std::string_view kReleased = "released";

/// Another's token as it was read once.
struct OwnerToken {
  std::string key;
  std::uint64_t generation = 0;
  std::filesystem::path path;
  std::string text;  ///< empty if it could not be read: it counts as one that does not move

  [[nodiscard]] bool is_released() const;
  /// The quick way for one host: no process of another boot, host or process namespace is judged.
  [[nodiscard]] bool has_ended() const;
  /// The same question with all its answers; of another boot nothing is known here.
  [[nodiscard]] ProcessFate fate() const;
  [[nodiscard]] std::string description() const;
  /// The rest of the line that begins with this word; empty if there is none.
  [[nodiscard]] std::string field(std::string_view name) const;
};

/// "beat <20 digits> <state>\n", the part that is written in place.
std::string beat_line(std::uint64_t beat, std::string_view state);
/// This process's token before its first beat.
std::string new_token_text();
std::filesystem::path token_path(const std::filesystem::path& owners, std::string_view key, std::uint64_t generation);
/// Empty if it cannot be read.
std::string read_token(const std::filesystem::path& path);

/// All tokens, without their texts. Throws `core::StorageError` if the folder is there and cannot be listed.
std::vector<OwnerToken> list_tokens(const std::filesystem::path& owners);
/// The newest token of each key, with its text.
std::map<std::string, OwnerToken> newest_tokens(const std::filesystem::path& owners);

}  // namespace lethe::ledger
