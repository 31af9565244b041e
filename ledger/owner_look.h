#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Who owns what in a sweep's folder, for people who ask: nothing is claimed, followed or removed. A first look answers
// at once. Where the process can be seen (the same host, boot and process namespace) its pid and start time decide
// whether it lives; a beat that stands still tells one that lives and does nothing. Elsewhere the age of its last beat
// decides, by the clock of the folder's own file system, for which a file is made beside the
// tokens and removed. Further looks by the same `OwnerWatch` see whether the beat moves, which is what a claim goes by.

namespace lethe::ledger {

enum class OwnerLife {
  kAlive,
  kReleased,  ///< it left in order
  kDead,      ///< it ended without giving back what it owned
  kUnknown,   ///< it cannot be seen from here, and neither age nor movement of its beat is known: look again
};
/// "alive", "released", "dead", "unknown".
std::string_view to_string(OwnerLife life);

struct OwnerLook {
  std::string key;  ///< "sweep", "cell.rome+small-gpt2+sample0"
  std::string host;
  std::string pid;
  std::string job;  ///< Slurm's; empty outside of it
  std::uint64_t beat = 0;
  std::optional<double> beat_age_seconds;  ///< by the file system's clock; none where it tells no time
  bool is_beat_still = false;  ///< its beat is older, or was seen to stand still for longer, than the watch time
  OwnerLife life = OwnerLife::kUnknown;
  bool is_certain = false;  ///< the process was seen, or its beat was seen to move or to stand still for long enough
  std::string how;          ///< by what `life` was found: "its process runs on this host"
};

/// Looks at all tokens of a folder, once or again and again.
class OwnerWatch {
 public:
  /// A beat that is older, or stands still for longer, than `watch_seconds` is none.
  OwnerWatch(std::filesystem::path owners, double watch_seconds)
      : owners_(std::move(owners)), watch_seconds_(watch_seconds) {}

  /// The newest token of each key, by key. Waits for nothing. Throws `core::StorageError` if the folder is there and
  /// cannot be listed.
  [[nodiscard]] std::vector<OwnerLook> look();

 private:
  struct Seen {
    std::string text;
    std::chrono::steady_clock::time_point since;  // it has read so
    bool has_moved = false;                       // it has read otherwise before
  };
  std::filesystem::path owners_;
  double watch_seconds_;
  std::map<std::filesystem::path, Seen> seen_;

  /// What is known of a beat: what was seen of it comes before its age.
  struct Beat {
    bool was_seen_to_move = false;
    bool was_seen_still = false;
    double still_seconds = 0.0;  ///< as long as it was seen
  };
  Beat watch_beat(const std::filesystem::path& token, const std::string& text);
  static void judge_from_afar(const Beat& beat, OwnerLook& look);
};

}  // namespace lethe::ledger
