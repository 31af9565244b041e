#include "report/texts_page.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace lethe::report {
namespace {

/// Bytes of a text that a page shows.
constexpr std::size_t kShownBytes = 240;

/// Without the blank that it begins with, cut at a character's end.
std::string shortened(std::string text) {
  text.erase(0, text.find_first_not_of(" \n\t"));
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + " ...";
}

std::string beside(double edited, double unedited) { return number(edited) + " (" + number(unedited) + ")"; }

/// Columns of the similarity to reference texts, where one was asked for.
void add_consistency(std::span<const CellHistory> histories, Table& table) {
  const auto is_compared = [](const TextsPoint& point) { return point.compared.has_value(); };
  if (std::ranges::none_of(histories, [&](const auto& one) { return std::ranges::any_of(one.texts, is_compared); })) {
    return;
  }
  table.caption +=
      " Consistency: 100 times the TF-IDF cosine of a fact's texts and its reference snippets, the mean over the facts "
      "that have some.";
  for (const char* column : {"consistency, sampled", "consistency, greedy", "facts compared"}) {
    table.header.emplace_back(column);
  }
  auto row = table.rows.begin();
  for (const CellHistory& history : histories) {
    if (history.texts.empty()) continue;
    const TextsPoint& last = history.texts.back();
    const auto compared = last.compared.value_or(ComparedFacts{});
    row->push_back(beside(last.edited.sampled_consistency, last.unedited.sampled_consistency));
    row->push_back(beside(last.edited.greedy_consistency, last.unedited.greedy_consistency));
    row->push_back(fmt::format("{} of {}", compared.case_ids.size(), compared.num_facts));
    ++row;
  }
}

Table texts_table(std::span<const CellHistory> histories) {
  Table table{"texts",
              "Texts about the first facts, of the model after the last edits at which it was asked and in brackets of "
              "the unedited one. Fluency: 100 times the n-gram entropy in bits. Perplexity: of the unedited model's "
              "sampled texts.",
              {"cell", "edits", "fluency, sampled", "fluency, greedy", "perplexity"},
              {},
              1};
  for (const CellHistory& history : histories) {
    if (history.texts.empty()) continue;
    const TextsPoint& last = history.texts.back();
    table.rows.push_back({history.cell.name(), std::to_string(last.edits),
                          beside(last.edited.sampled_fluency, last.unedited.sampled_fluency),
                          beside(last.edited.greedy_fluency, last.unedited.greedy_fluency),
                          beside(last.edited.perplexity, last.unedited.perplexity)});
  }
  add_consistency(histories, table);
  return table;
}

/// The last texts before the break, or those half way where none was seen; null where they are the last of all.
const TextsPoint* gradual_point(const CellHistory& history, const CellPhases& phases) {
  const auto limit = phases.point ? phases.point->gradual_until : history.texts.back().edits / 2;
  const TextsPoint* found = nullptr;
  for (const TextsPoint& point : history.texts) {
    if (point.edits <= limit && &point != &history.texts.back()) found = &point;
  }
  return found;
}

std::string line_of(const std::string& when, const core::WrittenTexts& texts) {
  return fmt::format("*{}:* {} / *sampled:* {}", when, as_text(shortened(texts.greedy.text)),
                     as_text(shortened(texts.sampled.text)));
}

void add_texts(const CellHistory& history, const CellPhases& phases, Page& page) {
  const TextsPoint& last = history.texts.back();
  const TextsPoint* gradual = gradual_point(history, phases);
  page.emplace_back(Paragraph{fmt::format("**{}**", as_text(history.cell.name()))});
  for (std::size_t i = 0; i < last.shown.size(); ++i) {
    const auto& record = last.shown[i];
    List list;
    list.items.push_back(line_of("unedited", record.unedited));
    if (gradual != nullptr && i < gradual->shown.size()) {
      list.items.push_back(line_of(fmt::format("after {} edits", gradual->edits), gradual->shown[i].edited));
    }
    list.items.push_back(line_of(fmt::format("after {} edits", last.edits), record.edited));
    page.emplace_back(
        Paragraph{fmt::format("“{}” (edit {}, case {})", as_text(record.prompt), record.edit, record.case_id)});
    page.emplace_back(std::move(list));
  }
}

}  // namespace

Page texts_section(std::span<const CellHistory> histories, std::span<const CellPhases> phases) {
  Table table = texts_table(histories);
  if (table.rows.empty()) return {};
  Page page{
      Heading{2, "Texts"}, std::move(table),
      Paragraph{"What the models write, greedily and sampled from the five likeliest tokens, of one sample of each "
                "method and model (table 8 of the paper):"}};
  std::set<std::pair<std::string, std::string>> shown;
  for (std::size_t i = 0; i < histories.size(); ++i) {
    const CellHistory& history = histories[i];
    if (history.texts.empty() || !shown.emplace(history.cell.method, history.cell.model).second) continue;
    add_texts(history, phases[i], page);
  }
  return page;
}

}  // namespace lethe::report
