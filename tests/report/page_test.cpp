#include "report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/html_page.h"
#include "report/latex_tables.h"
#include "report/latex_text.h"

namespace lethe::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// What a cell, a subject or a task may be called.
constexpr const char* kHostile =
    "<script>alert(1)</script> | **x** [y](javascript:z) \\input{/etc/passwd} $a_b^c$ 50 % & \x01 #1 ~";

Page hostile_page() {
  return {Heading{1, as_text(kHostile)}, Paragraph{as_text(kHostile)}, List{{as_text(kHostile)}},
          Table{"cells", as_text(kHostile), {"cell", kHostile}, {{kHostile, "1"}, {"rome", "2.5"}}, 1}};
}

std::size_t num_found(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST(Page, AColumnIsAsWideAsItsWidestCellInCharacters) {
  const Table table{"t", "Said before.", {"name", "value"}, {{"é–", "1"}, {"a", "22.5"}}, 1};
  EXPECT_EQ(markdown_of(Page{table}),
            "Said before.\n\n| name | value |\n| :--- | ----: |\n| é–   |     1 |\n| a    |  22.5 |\n");
}

TEST(Page, BlocksStandApart) {
  EXPECT_EQ(markdown_of(Page{Heading{2, "One"}, Paragraph{"Two."}, FiguresHere{}, List{{"three", "four"}}}),
            "## One\n\nTwo.\n\n* three\n* four\n");
}

TEST(Page, NamesAreNoMarkupInMarkdown) {
  const std::string text = markdown_of(hostile_page());
  EXPECT_THAT(text, AllOf(Not(HasSubstr(" <script")), Not(HasSubstr("\n<script")), HasSubstr("\\<script>"),
                          HasSubstr("\\*\\*x\\*\\*"), HasSubstr("\\[y]")));
  EXPECT_THAT(text, HasSubstr("| \\<script>alert(1)\\</script> \\| \\*"));
}

TEST(Page, WhatAModelWritesIsNoMarkup) {
  EXPECT_EQ(as_text("a `b, __init__ my_key &lt; R&D ~~x~~"),
            "a \\`b, \\_\\_init\\_\\_ my_key \\&lt; R\\&D \\~\\~x\\~\\~");
  EXPECT_EQ(as_text("Tom & Ann"), "Tom & Ann");
  const std::string line = "*greedy:* " + as_text("one ` tick *") + " / *sampled:* " + as_text("` *two");
  EXPECT_EQ(html_text(line), "<em>greedy:</em> one ` tick * / <em>sampled:</em> ` *two");
}

TEST(Page, CodeOfAMessageStaysCode) {
  const auto message = as_message("<m>_: `lethe report A_ --label '*'\n` names `one");
  EXPECT_EQ(message, "\\<m>\\_: `lethe report A_ --label '*' ` names \\`one");
  EXPECT_EQ(html_text(message), "&lt;m&gt;_: <code>lethe report A_ --label &#39;*&#39; </code> names `one");
}

TEST(HtmlPage, MarkupOfThePageBecomesElements) {
  EXPECT_EQ(
      html_text("**rome on m** ends at 3 %, *gradual*; see `lethe report <DIR>`."),
      "<strong>rome on m</strong> ends at 3\u00A0%, <em>gradual</em>; see <code>lethe report &lt;DIR&gt;</code>.");
  EXPECT_EQ(html_text("2 * 3 ** 4 ` 5"), "2 * 3 ** 4 ` 5") << "marks that nothing closes";
  EXPECT_EQ(html_text("\\*no\\*"), "*no*");
  EXPECT_EQ(html_text("*a \\* b* `c\\` d`"), "<em>a * b</em> <code>c\\</code> d`") << "marks that are none";
  EXPECT_EQ(html_text("3 % of x %"), "3\u00A0% of x %") << "no line ends before a percent sign";
  EXPECT_EQ(html_text("\\"), "\\");
  EXPECT_EQ(html_text("a**"), "a**");
}

TEST(HtmlPage, NoNameBecomesAnElement) {
  const ShownFigure figure{std::string("overview\"><script>"), "image/png", "bytes", kHostile};
  const std::string html = html_page(hostile_page(), std::vector{figure}, kHostile);
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<b>")), Not(HasSubstr("href=\"javascript")),
                          HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"), Not(HasSubstr("\x01"))));
}

TEST(HtmlPage, NeedsNothingFromElsewhere) {
  const ShownFigure figure{"samples/course-rome-m-sample0", "image/png", std::string("\x89PNG\0\xff", 6), "One. Two."};
  const std::string html = html_page(hostile_page(), std::vector{figure}, "{}");
  EXPECT_THAT(html, AllOf(HasSubstr("default-src 'none'"), Not(HasSubstr("http://")), Not(HasSubstr("https://")),
                          Not(HasSubstr("<link")), Not(HasSubstr("url("))));
  EXPECT_THAT(html, Not(HasSubstr("base64"))) << "this page has no place for figures";
  Page page = hostile_page();
  page.emplace_back(FiguresHere{});
  EXPECT_THAT(html_page(page, std::vector{figure}, "{}"),
              AllOf(HasSubstr("alt=\"One\""), HasSubstr("src=\"data:image/png;base64,iVBORwD/\""),
                    HasSubstr("<figcaption>One. Two.</figcaption>"), HasSubstr("Courses of single runs")));
}

TEST(HtmlPage, EachLinkLeadsToASectionOfItsOwn) {
  const ShownFigure figure{"overview", "image/png", "bytes", "One."};
  const Page page{Heading{1, "Overview"}, Heading{2, "Overview"}, FiguresHere{},
                  Heading{2, "a b"},      Heading{2, "Figures"},  Heading{2, "a-b"}};
  const std::string html = html_page(page, std::vector{figure}, "{}");
  for (const char* anchor : {"overview", "figures", "a-b", "figures-2", "a-b-2"}) {
    const std::string quoted = std::string(anchor) + "\"";
    EXPECT_EQ(num_found(html, "href=\"#" + quoted), 1U) << anchor;
    EXPECT_EQ(num_found(html, "id=\"" + quoted), 1U) << anchor;
  }
}

TEST(LatexTables, EveryCharacterIsPrinted) {
  EXPECT_EQ(latex_text("a\\b{c}$d&e#f%g_h^i~j<k>l|m\"n`o"),
            "a\\textbackslash{}b\\{c\\}\\$d\\&e\\#f\\%g\\_h\\textasciicircum{}i\\textasciitilde{}j\\textless{}k"
            "\\textgreater{}l\\textbar{}m{\\char34}n{\\char96}o");
  EXPECT_EQ(latex_text("é – → ×"), "é -- $\\rightarrow$ $\\times$");
  EXPECT_EQ(latex_text("a--b,,c''d"), "a-{}-b,{},c'{}'d") << "no ligatures";
  EXPECT_EQ(latex_text("中\xff\xc3\n"), "[U+4E2D][?][?] ") << "what it cannot print";
}

TEST(LatexTables, SubjectsFromAllOverEuropeAreSpelt) {
  EXPECT_EQ(latex_text("Dvořák, Łódź"), "Dvo\\v{r}ák, \\L{}ód\\'{z}");
  EXPECT_EQ(latex_text("Ştefan Ľubomír Ő ī ĵ ı Œ"), "\\c{S}tefan \\v{L}ubomír \\H{O} \\={\\i} \\^{\\j} \\i{} \\OE{}");
  EXPECT_EQ(latex_text("ĄąĐŧŊſ"), "[U+0104][U+0105][U+0110][U+0167][U+014A][U+017F]")
      << "no accent that every font has";
  EXPECT_EQ(latex_text("“l’Oréal” !‘"), "{``}l{'}Oréal{''} !{`}");
}

TEST(LatexTables, ANumberBelowZeroHasAMinus) {
  EXPECT_EQ(latex_text("-0.76"), "$-$0.76");
  EXPECT_EQ(latex_text("0.00 (-1.15 to -0.5)"), "0.00 ($-$1.15 to $-$0.5)");
  EXPECT_EQ(latex_text("−3"), "$-$3");
  EXPECT_EQ(latex_text("1e-3, gpt-2, 3-7, - 4, -x, a-"), "1e-3, gpt-2, 3-7, - 4, -x, a-");
}

TEST(LatexTables, NoRowIsAnOptionOfTheRowBefore) {
  const Table table{"cells", "", {"*", "x"}, {{"[2cm]", "1"}, {"*best*", "2"}, {"", "[3]"}}, 1};
  const std::string text = latex_tables(Page{table}, "summary");
  for (const char* row : {"{}* & x", "{}[2cm] & 1", "{}*best* & 2", "\n & [3]"}) EXPECT_THAT(text, HasSubstr(row));
}

TEST(LatexTables, WideTablesComeInPartsThatNameTheirRows) {
  Table table{"properties", "What they do.", {"property", "unit"}, {{"spread", "%"}}, 9, 2};
  for (int i = 0; i < 7; ++i) {
    table.header.push_back("m" + std::to_string(i));
    table.rows.front().push_back(std::string(60, static_cast<char>('a' + i)));
  }
  const std::string text = latex_tables(Page{table}, "summary");
  EXPECT_EQ(num_found(text, "\\begin{tabular}{lllll}"), 2U);
  EXPECT_EQ(num_found(text, "\\begin{tabular}{lll}"), 1U);
  EXPECT_EQ(num_found(text, "\nspread & \\% & "), 3U);
  EXPECT_EQ(num_found(text, "(continued)"), 2U);
  EXPECT_THAT(text, HasSubstr("property & unit & m3 & m4 & m5 \\\\\n"));
  EXPECT_THAT(text, HasSubstr("property & unit & m6 \\\\\n"));
  table.rows.front().back() = std::string(400, 'z');
  EXPECT_EQ(num_found(latex_tables(Page{table}, "summary"), "\\begin{tabular}{lll}"), 1U) << "wider than a page";
}

TEST(LatexTables, LongTablesComeInParts) {
  Table table{"cells", "Said *before*.", {"cell", "value"}, {}, 1};
  for (int i = 0; i < 70; ++i) table.rows.push_back({"c" + std::to_string(i), "1"});
  const std::string text = latex_tables(Page{table}, "summary");
  EXPECT_EQ(num_found(text, "\\begin{tabular}{lr}"), 2U);
  EXPECT_EQ(num_found(text, "\\label{tab:lethe-cells}"), 1U);
  EXPECT_EQ(num_found(text, "\\caption{Said before."), 2U);
  EXPECT_EQ(num_found(text, " \\\\\n"), 70U + 2U);
  EXPECT_THAT(text, HasSubstr("\nc34 & 1 \\\\\n\\bottomrule")) << "equally long";
}

}  // namespace
}  // namespace lethe::report
