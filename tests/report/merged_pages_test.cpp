#include "report/merged_pages.h"

#include <gtest/gtest.h>

namespace lethe::report {
namespace {

Page sweep_page(const std::string& value, const std::string& column = "value") {
  return {Heading{1, "Title"},
          Paragraph{"Before the first section."},
          Heading{2, "Numbers"},
          FiguresHere{},
          Paragraph{"Said by all."},
          Table{"numbers", "Numbers.", {"cell", column}, {{"rome", value}}, 1},
          List{{"alike", "it is " + value}},
          Heading{2, "Files"},
          Paragraph{"Somewhere."}};
}

std::string merged(const std::vector<LabelledPage>& pages) {
  return markdown_of(merged_sections(pages, "Reading", "Files"));
}

TEST(MergedPages, RowsOfOneTableSayWhoseTheyAre) {
  EXPECT_EQ(merged({{"a", sweep_page("1")}, {"b", sweep_page("2")}}),
            "## Numbers\n\nSaid by all.\n\nNumbers.\n\n"
            "| sweep | cell | value |\n| :---- | :--- | ----: |\n| a     | rome |     1 |\n| b     | rome |     2 |\n\n"
            "* **a, b**: alike\n* **a**: it is 1\n* **b**: it is 2\n");
}

TEST(MergedPages, TablesOfOtherColumnsStandBesideEachOtherUnderNamesOfTheirOwn) {
  const auto page = merged_sections(
      std::vector<LabelledPage>{
          {"a", sweep_page("1")}, {"b", sweep_page("2", "other")}, {"c", sweep_page("3", "other")}},
      "", "");
  std::vector<const Table*> tables;
  for (const Block& block : page) {
    if (const auto* table = std::get_if<Table>(&block)) tables.push_back(table);
  }
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0]->name, "numbers");
  EXPECT_EQ(tables[1]->name, "numbers-2");
  EXPECT_EQ(tables[1]->rows, (std::vector<Row>{{"b", "rome", "2"}, {"c", "rome", "3"}}));
}

TEST(MergedPages, ExplanationsSpeakOfNoSweep) {
  const Page page{Heading{2, "Reading"}, List{{"**ES** is a share.", "More."}}};
  EXPECT_EQ(merged({{"a", page}, {"b", page}}), "## Reading\n\n* **ES** is a share.\n* More.\n");
}

TEST(MergedPages, ASectionThatOneHasAloneNamesIt) {
  auto page = sweep_page("1");
  page.insert(page.end(), {Heading{2, "Left out"}, Paragraph{"A file."}});
  EXPECT_NE(merged({{"a*", page}, {"b", sweep_page("1")}}).find("## Left out\n\n**a\\***: A file.\n"),
            std::string::npos);
}

}  // namespace
}  // namespace lethe::report
