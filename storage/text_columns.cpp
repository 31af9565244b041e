#include "storage/text_columns.h"

#include <cstdint>
#include <string>

namespace lethe::storage::hdf5 {
namespace {

using Records = std::span<const core::TextsRecord>;
using Writer = core::WrittenTexts core::TextsRecord::*;
using Text = core::GeneratedText core::WrittenTexts::*;

void write_generated(const WriteGroup& writer_group, const char* name, Records records, Writer writer, Text text) {
  std::vector<std::vector<std::int32_t>> ids;
  std::vector<std::string> texts;
  for (const auto& record : records) {
    ids.push_back((record.*writer.*text).ids);
    texts.push_back((record.*writer.*text).text);
  }
  const WriteGroup group = writer_group.create_group(name);
  group.ragged<std::int32_t>("ids", ids);
  group.strings("text", texts);
}

void read_generated(const ReadGroup& writer_group, const char* name, std::vector<core::TextsRecord>& records,
                    Writer writer, Text text) {
  const auto size = static_cast<std::int64_t>(records.size());
  const ReadGroup group = writer_group.group(name);
  auto ids = group.ragged<std::int32_t>("ids", size);
  auto texts = group.strings("text", size);
  for (std::size_t i = 0; i < records.size(); ++i) {
    (records[i].*writer.*text) = {std::move(ids[i]), std::move(texts[i])};
  }
}

void write_writer(const WriteGroup& texts_group, const char* name, Records records, Writer writer) {
  const WriteGroup group = texts_group.create_group(name);
  write_generated(group, "greedy", records, writer, &core::WrittenTexts::greedy);
  write_generated(group, "sampled", records, writer, &core::WrittenTexts::sampled);
  std::vector<float> nlls;
  for (const auto& record : records) nlls.push_back((record.*writer).nll_unedited);
  group.dataset("nll_unedited", nlls);
}

void read_writer(const ReadGroup& texts_group, const char* name, std::vector<core::TextsRecord>& records,
                 Writer writer) {
  const ReadGroup group = texts_group.group(name);
  read_generated(group, "greedy", records, writer, &core::WrittenTexts::greedy);
  read_generated(group, "sampled", records, writer, &core::WrittenTexts::sampled);
  const auto nlls = group.vector<float>("nll_unedited", static_cast<std::int64_t>(records.size()));
  for (std::size_t i = 0; i < records.size(); ++i) (records[i].*writer).nll_unedited = nlls[i];
}

}  // namespace

void write_texts(const WriteGroup& group, Records records) {
  std::vector<std::int64_t> edits;
  std::vector<std::int64_t> case_ids;
  std::vector<std::string> prompts;
  for (const auto& record : records) {
    edits.push_back(record.edit);
    case_ids.push_back(record.case_id);
    prompts.push_back(record.prompt);
  }
  group.dataset("edit", edits);
  group.dataset("case_id", case_ids);
  group.strings("prompt", prompts);
  write_writer(group, "edited", records, &core::TextsRecord::edited);
  write_writer(group, "unedited", records, &core::TextsRecord::unedited);
}

std::vector<core::TextsRecord> read_texts(const ReadGroup& group) {
  const auto edits = group.vector<std::int64_t>("edit");
  const auto size = static_cast<std::int64_t>(edits.size());
  const auto case_ids = group.vector<std::int64_t>("case_id", size);
  auto prompts = group.strings("prompt", size);
  std::vector<core::TextsRecord> records;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (edits[i] < 1 || (i > 0 && edits[i] < edits[i - 1])) group.fail_at("edit", "falls, or is below 1");
    records.push_back({edits[i], case_ids[i], std::move(prompts[i]), {}, {}});
  }
  read_writer(group, "edited", records, &core::TextsRecord::edited);
  read_writer(group, "unedited", records, &core::TextsRecord::unedited);
  return records;
}

}  // namespace lethe::storage::hdf5
