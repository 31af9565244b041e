#include "report/merged_pages.h"

#include <algorithm>
#include <span>
#include <vector>

namespace lethe::report {
namespace {

struct Section {
  std::string heading;
  std::vector<Block> blocks;
};

std::vector<Section> sections_of(const Page& page) {
  std::vector<Section> sections;
  for (const Block& block : page) {
    const auto* heading = std::get_if<Heading>(&block);
    if (heading != nullptr && heading->level == 2) {
      sections.push_back({heading->text, {}});
    } else if (!sections.empty() && !std::holds_alternative<FiguresHere>(block)) {
      sections.back().blocks.push_back(block);
    }
  }
  return sections;
}

std::string labelled(const std::string& label, const std::string& text) {
  return "**" + as_text(label) + "**: " + text;
}

/// The blocks of a section of all sweeps.
class MergedSection {
 public:
  void add(const std::string& label, const Block& block) {
    if (const auto* table = std::get_if<Table>(&block)) {
      add_table(label, *table);
    } else if (const auto* list = std::get_if<List>(&block)) {
      for (const std::string& item : list->items) items_.push_back({label, item});
    } else if (const auto* paragraph = std::get_if<Paragraph>(&block)) {
      paragraphs_.push_back({label, paragraph->text});
    } else {
      others_.push_back(block);
    }
  }
  /// Paragraphs, tables, lists: the order of a sweep's own page matters less than that a table is one.
  void append_to(Page& page, std::size_t num_sweeps, bool is_explanation) const {
    page.insert(page.end(), others_.begin(), others_.end());
    for (auto& text : said(paragraphs_, num_sweeps)) page.emplace_back(Paragraph{std::move(text)});
    for (const NamedTable& one : tables_) page.emplace_back(one.table);
    List list{said(items_, is_explanation ? num_sweeps : num_sweeps + 1)};
    if (!list.items.empty()) page.emplace_back(std::move(list));
  }

 private:
  struct Said {
    std::string label, text;
  };

  /// Tables of one name and different headers are told apart by a number.
  struct NamedTable {
    std::string name;
    Table table;
  };

  /// Each text once, with the labels of all who say it unless they are `num_all`.
  static std::vector<std::string> said(const std::vector<Said>& texts, std::size_t num_all) {
    std::vector<std::string> lines;
    for (const Said& one : texts) {
      std::string labels;
      std::size_t count = 0;
      for (const Said& other : texts) {
        if (other.text != one.text) continue;
        labels += (count++ == 0 ? "" : ", ") + other.label;
      }
      auto line = count >= num_all ? one.text : labelled(labels, one.text);
      if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
    }
    return lines;
  }

  void add_table(const std::string& label, const Table& table) {
    auto found = std::ranges::find_if(tables_, [&](const NamedTable& known) {
      return known.name == table.name && std::ranges::equal(std::span(known.table.header).subspan(1), table.header);
    });
    if (found == tables_.end()) {
      const auto num_twins = std::ranges::count(tables_, table.name, &NamedTable::name);
      const auto name = num_twins == 0 ? table.name : table.name + "-" + std::to_string(num_twins + 1);
      Row header{"sweep"};
      header.insert(header.end(), table.header.begin(), table.header.end());
      tables_.push_back(
          {table.name,
           {name, table.caption, std::move(header), {}, table.num_text_columns + 1, table.num_key_columns + 1}});
      found = tables_.end() - 1;
    }
    for (const Row& row : table.rows) {
      Row longer{label};
      longer.insert(longer.end(), row.begin(), row.end());
      found->table.rows.push_back(std::move(longer));
    }
  }

  std::vector<Said> paragraphs_, items_;
  std::vector<NamedTable> tables_;
  std::vector<Block> others_;
};

}  // namespace

Page merged_sections(std::span<const LabelledPage> pages, const std::string& explanations, const std::string& but_not) {
  std::vector<std::pair<std::string, MergedSection>> merged;
  for (const LabelledPage& one : pages) {
    for (const Section& section : sections_of(one.page)) {
      auto found = std::ranges::find(merged, section.heading, &std::pair<std::string, MergedSection>::first);
      if (found == merged.end()) found = merged.insert(found, {section.heading, {}});
      for (const Block& block : section.blocks) found->second.add(one.label, block);
    }
  }
  Page page;
  for (const auto& [heading, section] : merged) {
    if (heading == but_not) continue;
    page.emplace_back(Heading{2, heading});
    section.append_to(page, pages.size(), heading == explanations);
  }
  return page;
}

}  // namespace lethe::report
