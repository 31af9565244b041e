#include "ledger/owner_look.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "ledger/durable_file.h"
#include "ledger/owner_token.h"
#include "ledger/temporary_file.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;

/// What the file system takes for now; nothing where this process may not write there.
std::optional<fs::file_time_type> time_of_file_system(const fs::path& folder) {
  try {
    const TemporaryFile file(folder, "time");
    write_new_file(file.path(), "");
    std::error_code error;
    const auto now = fs::last_write_time(file.path(), error);
    return error ? std::nullopt : std::optional(now);
  } catch (const core::StorageError&) {
    return std::nullopt;  // read-only, full: the age stays unknown
  }
}

std::uint64_t beat_of(const OwnerToken& token) {
  const auto line = token.field("beat");
  std::uint64_t beat = 0;
  std::from_chars(line.data(), line.data() + line.size(), beat);
  return beat;
}

OwnerLook look_of(const OwnerToken& token) {
  OwnerLook look;
  look.key = token.key;
  look.job = token.field("job");
  look.beat = beat_of(token);
  std::istringstream words(token.field("process"));
  std::string on;
  words >> look.pid >> on >> look.host;
  return look;
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.0f s", seconds);
  return text.data();
}

/// An owner whose process can be seen.
void judge_from_here(ProcessFate fate, OwnerLook& look) {
  look.is_certain = true;
  look.life = fate == ProcessFate::kRuns ? OwnerLife::kAlive : OwnerLife::kDead;
  look.how = fate == ProcessFate::kRuns ? "its process runs on this host" : "its process has ended on this host";
  if (fate == ProcessFate::kRuns && look.is_beat_still) {
    look.how += ", its beat stands still: stopped or hung, or cut off from the folder";
  }
}

}  // namespace

std::string_view to_string(OwnerLife life) {
  switch (life) {
    case OwnerLife::kAlive:
      return "alive";
    case OwnerLife::kReleased:
      return "released";
    case OwnerLife::kDead:
      return "dead";
    case OwnerLife::kUnknown:
      return "unknown";
  }
  return "unknown";
}

OwnerWatch::Beat OwnerWatch::watch_beat(const fs::path& token, const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  const auto [entry, is_first] = seen_.try_emplace(token, Seen{text, now, false});
  auto& seen = entry->second;
  if (seen.text != text) seen = Seen{text, now, true};
  Beat beat;
  beat.still_seconds = std::chrono::duration<double>(now - seen.since).count();
  beat.was_seen_still = beat.still_seconds >= watch_seconds_;
  beat.was_seen_to_move = seen.has_moved && !beat.was_seen_still;
  return beat;
}

/// A token whose process cannot be seen from here.
void OwnerWatch::judge_from_afar(const Beat& beat, OwnerLook& look) {
  if (beat.was_seen_to_move) {
    look.life = OwnerLife::kAlive;
    look.is_certain = true;
    look.how = "its beat was seen to move";
  } else if (beat.was_seen_still) {
    look.life = OwnerLife::kDead;
    look.is_certain = true;
    look.how = "its beat was seen to stand still for " + seconds_text(beat.still_seconds);
  } else if (look.beat_age_seconds) {
    look.life = look.is_beat_still ? OwnerLife::kDead : OwnerLife::kAlive;
    look.how =
        std::string(look.is_beat_still ? "its beat is old" : "its beat is fresh") + " by the file system's clock";
  } else {
    look.how = "its process cannot be seen from here, nor the file system's clock (the folder takes no file)";
  }
}

std::vector<OwnerLook> OwnerWatch::look() {
  std::vector<OwnerLook> looks;
  std::optional<fs::file_time_type> now;
  for (const auto& [key, token] : newest_tokens(owners_)) {
    auto look = look_of(token);
    if (token.is_released()) {
      look.life = OwnerLife::kReleased;
      look.is_certain = true;
      look.how = "it left in order";
      looks.push_back(std::move(look));
      continue;
    }
    // Before the clock is read: a beat between the two must not come from the future.
    std::error_code error;
    const auto beaten = fs::last_write_time(token.path, error);
    if (!error && !now) now = time_of_file_system(owners_);
    if (!error && now) look.beat_age_seconds = std::max(0.0, std::chrono::duration<double>(*now - beaten).count());
    const auto beat = watch_beat(token.path, token.text);
    const bool is_old = look.beat_age_seconds && *look.beat_age_seconds > watch_seconds_;
    look.is_beat_still = beat.was_seen_still || (is_old && !beat.was_seen_to_move);
    const auto fate = token.fate();
    if (fate == ProcessFate::kElsewhere) {
      judge_from_afar(beat, look);
    } else {
      judge_from_here(fate, look);
    }
    looks.push_back(std::move(look));
  }
  return looks;
}

}  // namespace lethe::ledger
