#include "storage/segment.h"

#include <bit>
#include <cmath>
#include <set>

#include "core/error.h"
#include "storage/cell_attributes.h"
#include "storage/prompt_score_columns.h"
#include "storage/schemas.h"
#include "storage/segment_deltas.h"
#include "storage/segment_remembered.h"

namespace lethe::storage {
namespace {

/// Marks a diagnostic an edit does not have: a quiet NaN with a payload of its own, so that a diagnostic that *is*
/// NaN stays one.
const double kAbsent = std::bit_cast<double>(std::uint64_t{0x7ff8'0000'0000'0abc});

bool is_absent(double value) { return std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(kAbsent); }

template <typename T, typename Field>
std::vector<T> column(std::span<const StoredEdit> edits, Field field) {
  std::vector<T> values;
  values.reserve(edits.size());
  for (const StoredEdit& edit : edits) values.push_back(static_cast<T>(field(edit.record)));
  return values;
}

void require_gapless(const SegmentContents& contents, const hdf5::Place& place) {
  if (contents.edits.empty()) hdf5::fail(place, "a segment without edits");
  std::int64_t expected = contents.edits.front().record.edit;
  if (expected < 1) hdf5::fail(place, "edits are counted from 1");
  for (const StoredEdit& edit : contents.edits) {
    if (edit.record.edit != expected++) hdf5::fail(place, "the edits of the segment are not consecutive");
  }
}

void write_edits(const hdf5::WriteGroup& root, std::span<const StoredEdit> edits) {
  const hdf5::WriteGroup group = root.create_group("edits");
  group.dataset("edit", column<std::int64_t>(edits, [](const auto& r) { return r.edit; }));
  group.dataset("case_id", column<std::int64_t>(edits, [](const auto& r) { return r.case_id; }));
  group.dataset("status", column<std::uint8_t>(edits, [](const auto& r) { return static_cast<int>(r.status); }));
  std::vector<std::vector<float>> losses;
  for (const StoredEdit& edit : edits) losses.push_back(edit.record.losses);
  group.ragged<float>("losses", losses);
}

void write_diagnostics(const hdf5::WriteGroup& root, std::span<const StoredEdit> edits) {
  std::set<std::string> names;
  for (const StoredEdit& edit : edits) {
    for (const auto& [name, value] : edit.record.diagnostics) names.insert(name);
  }
  const hdf5::WriteGroup group = root.create_group("diagnostics");
  for (const std::string& name : names) {
    group.dataset(name, column<double>(edits, [&](const core::MetricRecord& record) {
                    const auto found = record.diagnostics.find(name);
                    return found == record.diagnostics.end() ? kAbsent : found->second;
                  }));
  }
}

void write_metrics(const hdf5::WriteGroup& root, std::span<const StoredEdit> edits) {
  std::vector<core::PromptScore> scores;
  std::vector<std::int64_t> offsets{0};
  for (const StoredEdit& edit : edits) {
    scores.insert(scores.end(), edit.record.scores.begin(), edit.record.scores.end());
    offsets.push_back(static_cast<std::int64_t>(scores.size()));
  }
  const hdf5::WriteGroup group = root.create_group("metrics");
  group.dataset("offsets", offsets);
  hdf5::write_scores(group, scores);
}

void write_fingerprint(const hdf5::WriteGroup& state, const std::string& name,
                       const std::map<std::string, core::Digest>& fingerprint) {
  std::vector<std::string> parameters;
  std::vector<std::string> digests;
  for (const auto& [parameter, digest] : fingerprint) {
    parameters.push_back(parameter);
    digests.push_back(digest.hex());
  }
  const hdf5::WriteGroup group = state.create_group(name);
  group.strings("parameter", parameters);
  group.strings("digest", digests);
}

std::map<std::string, core::Digest> read_fingerprint(const hdf5::ReadGroup& state, const std::string& name) {
  const hdf5::ReadGroup group = state.group(name);
  const auto parameters = group.strings("parameter");
  const auto digests = group.strings("digest", static_cast<std::int64_t>(parameters.size()));
  std::map<std::string, core::Digest> fingerprint;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    try {
      fingerprint[parameters[i]] = core::Digest::from_hex(digests[i]);
    } catch (const core::StorageError& error) {
      group.fail_at("digest", error.what());
    }
  }
  return fingerprint;
}

void write_method_state(const hdf5::WriteGroup& state, const std::map<std::string, core::HostDoubles>& tensors) {
  if (tensors.empty()) return;
  const hdf5::WriteGroup group = state.create_group("method");
  for (const auto& [name, tensor] : tensors) group.dataset<double>(name, tensor.values, tensor.shape);
}

std::map<std::string, core::HostDoubles> read_method_state(const hdf5::ReadGroup& state) {
  std::map<std::string, core::HostDoubles> tensors;
  if (!state.has("method")) return tensors;
  const hdf5::ReadGroup group = state.group("method");
  for (const auto& [name, kind] : group.members()) {
    auto [shape, values] = group.array<double>(name);
    tensors.emplace(name, core::HostDoubles{std::move(shape), std::move(values)});
  }
  return tensors;
}

std::vector<StoredEdit> read_edits(const hdf5::ReadGroup& root) {
  const std::int64_t first = root.attribute_integer("first_edit");
  const std::int64_t last = root.attribute_integer("last_edit");
  const hdf5::ReadGroup group = root.group("edits");
  const auto numbers = group.vector<std::int64_t>("edit");
  const auto n = static_cast<std::int64_t>(numbers.size());
  if (first < 1 || last < first || last - first != n - 1) group.fail_at("edit", "does not fit @first_edit, @last_edit");
  const auto case_ids = group.vector<std::int64_t>("case_id", n);
  const auto status = group.vector<std::uint8_t>("status", n);
  auto losses = group.ragged<float>("losses", n);
  std::vector<StoredEdit> edits(numbers.size());
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (numbers[i] != first + static_cast<std::int64_t>(i)) group.fail_at("edit", "is not consecutive");
    if (status[i] > static_cast<std::uint8_t>(core::EditStatus::kIllConditioned)) {
      group.fail_at("status", "is out of range");
    }
    core::MetricRecord& record = edits[i].record;
    record.edit = numbers[i];
    record.case_id = case_ids[i];
    record.status = static_cast<core::EditStatus>(status[i]);
    record.losses = std::move(losses[i]);
  }
  return edits;
}

void read_diagnostics(const hdf5::ReadGroup& root, std::span<StoredEdit> edits) {
  const hdf5::ReadGroup group = root.group("diagnostics");
  for (const auto& [name, kind] : group.members()) {
    const auto values = group.vector<double>(name, static_cast<std::int64_t>(edits.size()));
    for (std::size_t i = 0; i < edits.size(); ++i) {
      if (!is_absent(values[i])) edits[i].record.diagnostics[name] = values[i];
    }
  }
}

void read_metrics(const hdf5::ReadGroup& root, std::span<StoredEdit> edits) {
  const hdf5::ReadGroup group = root.group("metrics");
  const auto scores = hdf5::read_scores(group);
  const auto offsets =
      group.offsets("offsets", static_cast<std::int64_t>(edits.size()), static_cast<std::int64_t>(scores.size()));
  for (std::size_t i = 0; i < edits.size(); ++i) {
    edits[i].record.scores.assign(scores.begin() + offsets[i], scores.begin() + offsets[i + 1]);
  }
}

void read_seconds(const hdf5::ReadGroup& root, std::span<StoredEdit> edits) {
  const hdf5::ReadGroup group = root.group("provenance");
  const auto n = static_cast<std::int64_t>(edits.size());
  const auto seconds_edit = group.vector<double>("seconds_edit", n);
  const auto seconds_score = group.vector<double>("seconds_score", n);
  for (std::size_t i = 0; i < edits.size(); ++i) {
    edits[i].record.seconds_edit = seconds_edit[i];
    edits[i].record.seconds_score = seconds_score[i];
  }
}

}  // namespace

void write_segment(const std::filesystem::path& temporary, const SegmentContents& contents) {
  const hdf5::LibraryLock lock;
  require_gapless(contents, {temporary.string(), "/edits"});
  hdf5::OutputFile file(temporary,
                        segment_label(contents.cell, contents.edit_identity, contents.edits.front().record.edit,
                                      contents.edits.back().record.edit));
  {
    const hdf5::WriteGroup& root = file.root();
    root.create_group("contexts").strings("template", contents.contexts);
    write_edits(root, contents.edits);
    write_diagnostics(root, contents.edits);
    write_metrics(root, contents.edits);
    write_deltas(root, contents.edits);
    write_remembered(root, contents.edits);
    const hdf5::WriteGroup state = root.create_group("state");
    write_fingerprint(state, "fingerprint_before", contents.fingerprint_before);
    write_fingerprint(state, "fingerprint_after", contents.fingerprint_after);
    write_method_state(state, contents.method_state);
    const hdf5::WriteGroup provenance = file.provenance(contents.provenance);
    provenance.dataset("seconds_edit", column<double>(contents.edits, [](const auto& r) { return r.seconds_edit; }));
    provenance.dataset("seconds_score", column<double>(contents.edits, [](const auto& r) { return r.seconds_score; }));
  }
  file.close();
}

namespace {

SegmentContents segment_contents(const hdf5::InputFile& file, SegmentParts parts) {
  const hdf5::ReadGroup& root = file.root();
  SegmentContents contents;
  contents.cell = hdf5::read_cell(root);
  contents.edit_identity = root.attribute_text("edit_identity");
  contents.contexts = root.group("contexts").strings("template");
  contents.edits = read_edits(root);
  read_diagnostics(root, contents.edits);
  read_metrics(root, contents.edits);
  if (parts == SegmentParts::kAll) {
    read_deltas(root, contents.edits);
    read_remembered(root, contents.edits);
  }
  contents.fingerprint_before = read_fingerprint(root.group("state"), "fingerprint_before");
  contents.fingerprint_after = read_fingerprint(root.group("state"), "fingerprint_after");
  contents.method_state = read_method_state(root.group("state"));
  contents.provenance = file.provenance();
  read_seconds(root, contents.edits);
  return contents;
}

}  // namespace

SegmentContents read_segment(const std::filesystem::path& path, SegmentParts parts) {
  const hdf5::LibraryLock lock;
  return segment_contents(hdf5::InputFile(path, kSegmentSchema), parts);
}

SegmentContents read_segment(const ledger::CommittedFile& file, const FileLabel& label, SegmentParts parts) {
  ledger::check_digest(file);
  const hdf5::LibraryLock lock;
  return segment_contents(hdf5::InputFile(file.path, label), parts);
}

}  // namespace lethe::storage
