#include "storage/comparison.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "core/error.h"
#include "storage/hdf5_reader.h"
#include "storage/prompt_score_columns.h"
#include "storage/segment.h"

namespace lethe::storage {
namespace {

constexpr std::int64_t kSlabBytes = 8 << 20;

/// Nothing: same. Otherwise what differs, and where.
using Difference = std::optional<std::string>;

Difference difference_of_attributes(const hdf5::ReadGroup& left, const hdf5::ReadGroup& right) {
  const auto names = left.attribute_names();
  if (names != right.attribute_names()) return left.place().object + ": the attributes differ";
  for (const std::string& name : names) {
    if (left.attribute_image(name) != right.attribute_image(name)) {
      return left.place().object + "@" + name + ": the values differ";
    }
  }
  return std::nullopt;
}

Difference difference_of_datasets(const hdf5::RawDataset& left, const hdf5::RawDataset& right) {
  const std::string& where = left.place.object;
  if (hdf5::check(H5Tequal(left.type.get(), right.type.get()), left.place, "compare types") == 0) {
    return where + ": the types differ";
  }
  if (left.shape != right.shape) return where + ": the shapes differ";
  const std::int64_t slab = std::max<std::int64_t>(1, kSlabBytes / std::max<std::int64_t>(1, left.row_bytes()));
  for (std::int64_t row = 0; row < left.shape[0]; row += slab) {
    const std::int64_t count = std::min(slab, left.shape[0] - row);
    if (left.rows(row, count) != right.rows(row, count)) return where + ": the values differ";
  }
  return std::nullopt;
}

Difference difference_of_groups(const hdf5::ReadGroup& left, const hdf5::ReadGroup& right, bool is_root) {
  if (auto difference = difference_of_attributes(left, right)) return difference;
  auto members = left.members();
  auto others = right.members();
  if (is_root) {
    members.erase("provenance");
    others.erase("provenance");
  }
  // A file of a version that did not keep tokens says nothing of them.
  for (const char* tokens : hdf5::kTokenGroups) {
    if (members.contains(tokens) == others.contains(tokens)) continue;
    members.erase(tokens);
    others.erase(tokens);
  }
  if (members != others) return left.place().object + ": the members differ";
  for (const auto& [name, kind] : members) {
    Difference difference = kind == hdf5::ObjectKind::kGroup
                                ? difference_of_groups(left.group(name), right.group(name), false)
                                : difference_of_datasets(left.raw(name), right.raw(name));
    if (difference) return difference;
  }
  return std::nullopt;
}

template <typename T>
bool same_bits(const std::vector<T>& left, const std::vector<T>& right) {
  return left.size() == right.size() &&
         (left.empty() || std::memcmp(left.data(), right.data(), left.size() * sizeof(T)) == 0);
}

bool same_bits(float left, float right) {
  return std::bit_cast<std::uint32_t>(left) == std::bit_cast<std::uint32_t>(right);
}

bool same_bits(const std::map<std::string, double>& left, const std::map<std::string, double>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const auto& a, const auto& b) {
    return a.first == b.first && std::bit_cast<std::uint64_t>(a.second) == std::bit_cast<std::uint64_t>(b.second);
  });
}

template <typename Tensor>
requires requires(const Tensor& tensor) { tensor.shape; }
bool same_bits(const std::map<std::string, Tensor>& left, const std::map<std::string, Tensor>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.shape == b.second.shape && same_bits(a.second.values, b.second.values);
  });
}

/// A result of a version that did not keep tokens says nothing of them.
bool same_bits(const std::vector<core::TargetToken>& left, const std::vector<core::TargetToken>& right) {
  if (left.empty() || right.empty()) return true;
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const core::TargetToken& a, const core::TargetToken& b) {
                      return a.id == b.id && a.argmax == b.argmax && same_bits(a.nll, b.nll);
                    });
}

bool same_bits(const std::vector<core::PromptScore>& left, const std::vector<core::PromptScore>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const core::PromptScore& a, const core::PromptScore& b) {
                      return a.kind == b.kind && a.is_correct == b.is_correct && same_bits(a.nll_new, b.nll_new) &&
                             same_bits(a.nll_true, b.nll_true) && same_bits(a.margin, b.margin) &&
                             same_bits(a.tokens_new, b.tokens_new) && same_bits(a.tokens_true, b.tokens_true);
                    });
}

bool same_bits(const std::vector<LowRankDelta>& left, const std::vector<LowRankDelta>& right) {
  return std::equal(
      left.begin(), left.end(), right.begin(), right.end(), [](const LowRankDelta& a, const LowRankDelta& b) {
        return a.parameter == b.parameter && a.left.shape == b.left.shape && a.right.shape == b.right.shape &&
               same_bits(a.left.values, b.left.values) && same_bits(a.right.values, b.right.values);
      });
}

Difference difference_of_edits(const StoredEdit& left, const StoredEdit& right) {
  const core::MetricRecord& a = left.record;
  const core::MetricRecord& b = right.record;
  const std::string where = "edit " + std::to_string(a.edit) + ": ";
  if (a.edit != b.edit) return where + "the other chain has edit " + std::to_string(b.edit);
  if (a.case_id != b.case_id) return where + "the case ids differ";
  if (a.status != b.status) return where + "the statuses differ";
  if (!same_bits(a.losses, b.losses)) return where + "the losses differ";
  if (!same_bits(a.diagnostics, b.diagnostics)) return where + "the diagnostics differ";
  if (!same_bits(a.scores, b.scores)) return where + "the prompt scores differ";
  if (!same_bits(left.deltas, right.deltas)) return where + "the weight deltas differ";
  if (!same_bits(left.remembered, right.remembered)) return where + "what the method remembers differs";
  return std::nullopt;
}

/// Walks a chain edit by edit, one segment in memory.
class ChainCursor {
 public:
  explicit ChainCursor(std::span<const ledger::CommittedFile> files) : files_(files) { load(); }

  [[nodiscard]] bool is_at_end() const { return next_file_ > files_.size(); }
  [[nodiscard]] const SegmentContents& segment() const { return segment_; }
  [[nodiscard]] const StoredEdit& edit() const { return segment_.edits[position_]; }
  [[nodiscard]] bool is_first_of_segment() const { return position_ == 0; }
  [[nodiscard]] bool is_last_of_segment() const { return position_ + 1 == segment_.edits.size(); }
  void advance() {
    if (++position_ == segment_.edits.size()) load();
  }

 private:
  void load() {
    position_ = 0;
    if (next_file_ < files_.size()) {
      ledger::check_digest(files_[next_file_]);
      segment_ = read_segment(files_[next_file_].path);
    }
    ++next_file_;
  }

  std::span<const ledger::CommittedFile> files_;
  std::size_t next_file_ = 0;
  SegmentContents segment_;
  std::size_t position_ = 0;
};

Difference difference_of_headers(const SegmentContents& left, const SegmentContents& right) {
  if (left.cell != right.cell) return "the cells differ: " + left.cell.name() + " and " + right.cell.name();
  if (left.edit_identity != right.edit_identity) {
    return "the edit identities differ: " + left.edit_identity + " and " + right.edit_identity;
  }
  return std::nullopt;
}

Difference difference_at(const ChainCursor& left, const ChainCursor& right) {
  if (auto difference = difference_of_headers(left.segment(), right.segment())) return difference;
  if (auto difference = difference_of_edits(left.edit(), right.edit())) return difference;
  const std::string where = "edit " + std::to_string(left.edit().record.edit);
  if (left.is_first_of_segment() && right.is_first_of_segment()) {
    if (left.segment().contexts != right.segment().contexts) return where + ": the contexts differ";
    if (left.segment().fingerprint_before != right.segment().fingerprint_before) {
      return where + ": the fingerprints before it differ";
    }
  }
  if (left.is_last_of_segment() && right.is_last_of_segment() &&
      left.segment().fingerprint_after != right.segment().fingerprint_after) {
    return where + ": the fingerprints after it differ";
  }
  if (left.is_last_of_segment() && right.is_last_of_segment() &&
      !same_bits(left.segment().method_state, right.segment().method_state)) {
    return where + ": the method's states after it differ";
  }
  return std::nullopt;
}

Comparison result_of(Difference difference) {
  return difference ? Comparison{false, std::move(*difference)} : Comparison{};
}

}  // namespace

Comparison compare_files(const std::filesystem::path& left, const std::filesystem::path& right) {
  const hdf5::LibraryLock lock;
  const hdf5::InputFile left_file(left, "");
  const hdf5::InputFile right_file(right, "");
  return result_of(difference_of_groups(left_file.root(), right_file.root(), true));
}

Comparison compare_files(const ledger::CommittedFile& left, const ledger::CommittedFile& right) {
  ledger::check_digest(left);
  ledger::check_digest(right);
  return compare_files(left.path, right.path);
}

Comparison compare_logical(std::span<const ledger::CommittedFile> left, std::span<const ledger::CommittedFile> right) {
  ChainCursor left_cursor(left);
  ChainCursor right_cursor(right);
  while (!left_cursor.is_at_end() && !right_cursor.is_at_end()) {
    if (auto difference = difference_at(left_cursor, right_cursor)) return result_of(std::move(difference));
    left_cursor.advance();
    right_cursor.advance();
  }
  if (left_cursor.is_at_end() != right_cursor.is_at_end()) return {false, "one chain has more edits than the other"};
  return {};
}

}  // namespace lethe::storage
