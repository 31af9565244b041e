#include "storage/monitor_columns.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lethe::storage::hdf5 {
namespace {

/// A field of each record, in their order.
template <typename Record, typename Value>
std::vector<Value> column(const std::vector<Record>& records, Value Record::*field) {
  std::vector<Value> values;
  for (const Record& record : records) values.push_back(record.*field);
  return values;
}

std::vector<core::NormRecord> read_norms(const ReadGroup& group) {
  auto parameters = group.strings("parameter");
  const auto size = static_cast<std::int64_t>(parameters.size());
  const auto update_spectral = group.vector<double>("update_spectral", size);
  const auto base_spectral = group.vector<double>("base_spectral", size);
  const auto frobenius = group.vector<double>("frobenius", size);
  const auto base_frobenius = group.vector<double>("base_frobenius", size);
  std::vector<core::NormRecord> norms;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    norms.push_back({std::move(parameters[i]), update_spectral[i], base_spectral[i], frobenius[i], base_frobenius[i]});
  }
  return norms;
}

std::vector<core::DocumentNll> read_text(const ReadGroup& group) {
  const auto num_tokens = group.vector<std::int64_t>("num_tokens");
  const auto size = static_cast<std::int64_t>(num_tokens.size());
  const auto edited = group.vector<double>("edited", size);
  const auto unedited = group.vector<double>("unedited", size);
  std::vector<core::DocumentNll> documents;
  for (std::size_t i = 0; i < num_tokens.size(); ++i) {
    if (num_tokens[i] < 1) group.fail_at("num_tokens", "is below 1");
    documents.push_back({num_tokens[i], edited[i], unedited[i]});
  }
  return documents;
}

}  // namespace

void write_monitor(const WriteGroup& group, const core::MonitorRecord& record) {
  group.strings("parameter", column(record.norms, &core::NormRecord::parameter));
  group.dataset("update_spectral", column(record.norms, &core::NormRecord::update_spectral));
  group.dataset("base_spectral", column(record.norms, &core::NormRecord::base_spectral));
  group.dataset("frobenius", column(record.norms, &core::NormRecord::frobenius));
  group.dataset("base_frobenius", column(record.norms, &core::NormRecord::base_frobenius));
  if (record.text.empty()) return;
  const WriteGroup text = group.create_group("text");
  text.dataset("num_tokens", column(record.text, &core::DocumentNll::num_tokens));
  text.dataset("edited", column(record.text, &core::DocumentNll::edited));
  text.dataset("unedited", column(record.text, &core::DocumentNll::unedited));
}

core::MonitorRecord read_monitor(const ReadGroup& group) {
  core::MonitorRecord record{read_norms(group), {}};
  if (group.has("text")) record.text = read_text(group.group("text"));
  return record;
}

}  // namespace lethe::storage::hdf5
