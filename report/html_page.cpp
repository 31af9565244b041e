#include "report/html_page.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <spdlog/fmt/fmt.h>

namespace lethe::report {
namespace {

constexpr const char* kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
:root { --ink: #1b1b1f; --soft: #5b5b66; --paper: #ffffff; --line: #d9d9e0; --band: #14143c0b; --edge: #00000040;
        --mark: #0255b9; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ec; --soft: #a3a3b0; --paper: #17171b; --line: #3a3a44; --band: #ffffff0c; --edge: #00000099;
          --mark: #86b6f5; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1rem 4rem; background: var(--paper); color: var(--ink);
       font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; margin: 1rem 0 .5rem; }
h2 { font-size: 1.3rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); }
summary { font-weight: 600; cursor: pointer; padding: .45rem 0; }
a { color: var(--mark); }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
p, li { max-width: 46rem; }
ul { padding-left: 1.2rem; }
code { font-size: .9em; background: var(--band); padding: 0 .2em; border-radius: 3px; }
pre { background: var(--band); padding: .8rem; overflow: auto; max-height: 30rem; font-size: .8rem; overflow-wrap: normal; }
/* A shade at each edge beyond which there is more: phones show no bar. */
.scroll { overflow-x: auto; background:
  linear-gradient(to right, var(--paper) 40%, transparent) left / 3rem 100% no-repeat local,
  linear-gradient(to left, var(--paper) 40%, transparent) right / 3rem 100% no-repeat local,
  linear-gradient(to right, var(--edge), transparent) left / 1rem 100% no-repeat,
  linear-gradient(to left, var(--edge), transparent) right / 1rem 100% no-repeat; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.caption { color: var(--soft); font-size: .86rem; margin-bottom: .4rem; }
th, td { padding: .25rem .5rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { border-bottom: 2px solid var(--soft); }
th.t, td.t { text-align: left; }
tbody tr:nth-child(even) { background: var(--band); }
figure { margin: 1rem 0 2rem; }
figure .scroll { --paper: #ffffff; --edge: #00000040; background-color: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .4rem; }
img { display: block; margin: 0 auto; height: auto; max-width: 100%; min-width: 36rem; }
figcaption { color: var(--soft); font-size: .86rem; max-width: 60rem; padding-top: .4rem; }
/* On paper nothing scrolls: cells wrap, and figures are no higher than a page. */
@media print {
  @page { size: landscape; margin: 12mm; }
  body { max-width: none; padding: 0; font-size: .8rem; }
  nav { display: none; }
  .scroll { overflow: visible; background: none; }
  table { font-size: .68rem; }
  th, td { white-space: normal; padding: .1rem .3rem; }
  h2, summary, .caption { break-after: avoid; }
  tr, figure { break-inside: avoid; }
  img { min-width: 0; max-height: 150mm; }
  pre { max-height: none; white-space: pre-wrap; overflow-wrap: anywhere; }
}
</style>
)";

std::string escaped(char c) {
  switch (c) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      // Control characters are none of HTML's.
      return static_cast<unsigned char>(c) < 0x20U && c != '\n' ? "\uFFFD" : std::string(1, c);
  }
}

std::string escaped(std::string_view plain) {
  std::string text;
  for (const char c : plain) text += escaped(c);
  return text;
}

/// Between marks of emphasis: the mark's own element if the text closes it again.
struct Span {
  std::string_view mark;
  const char* element;
};
constexpr Span kSpans[] = {{"`", "code"}, {"**", "strong"}, {"*", "em"}};

/// Where the mark that ends the text's first element is; npos where nothing closes it. In code a backslash is one.
std::size_t end_of(std::string_view text, const Span& span) {
  for (std::size_t i = span.mark.size(); i < text.size(); ++i) {
    if (text.substr(i).starts_with(span.mark)) return i;
    if (text[i] == '\\' && span.mark != "`") ++i;
  }
  return std::string_view::npos;
}

/// What stands in an element is not empty, and begins with no space: "2 * 3" is a product.
bool opens(std::string_view text, const Span& span) {
  if (!text.starts_with(span.mark) || text.size() == span.mark.size()) return false;
  const char next = text[span.mark.size()];
  return next != ' ' && next != span.mark.front();
}

constexpr const char* kUnbroken = "\u00A0";

/// Whether `text` goes on behind `before` with the space of "75 %", at which no line ends.
bool is_before_percent(std::string_view before, std::string_view text) {
  return text.starts_with(" %") && !before.empty() && std::isdigit(static_cast<unsigned char>(before.back())) != 0;
}

constexpr const char* kFiguresAnchor = "figures";

/// "Left out" to "left-out", for links within the page.
std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    anchor += std::isalnum(static_cast<unsigned char>(c)) != 0
                  ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                  : '-';
  }
  return anchor;
}

/// Of the headings that are linked to, no two of a page the same.
using Anchors = std::map<const Heading*, std::string>;

Anchors anchors_of(const Page& page) {
  Anchors anchors;
  std::set<std::string> taken{kFiguresAnchor};
  for (const Block& block : page) {
    const auto* heading = std::get_if<Heading>(&block);
    if (heading == nullptr || heading->level != 2) continue;
    const std::string name = anchor_of(heading->text);
    std::string anchor = name;
    for (int number = 2; !taken.insert(anchor).second; ++number) anchor = fmt::format("{}-{}", name, number);
    anchors[heading] = anchor;
  }
  return anchors;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

struct Gallery {
  const char* prefix;
  const char* title;
  bool is_open;
};
/// A figure belongs to the first whose prefix it has.
constexpr Gallery kGalleries[] = {
    {"overview", "All models and methods", true},
    {"differences", "Differences between sweeps", true},
    {"forgetting-", "Facts forgotten, method against method (figure 4 of the paper)", true},
    {"editing-", "Editing, by method and model (figures 1, 3a and 3b)", true},
    {"downstream-", "Downstream tasks and distance, by method and model (figures 2, 3c and 3d)", true},
    {"samples/course-", "Courses of single runs", false},
    {"samples/", "By model and sample (the appendix)", false},
};

std::string shown(const ShownFigure& figure) {
  const std::string caption = escaped(figure.caption);
  const std::string alternative = escaped(figure.caption.substr(0, figure.caption.find(". ")));
  // The colon is in no anchor of a heading.
  return "<figure id=\"figure:" + escaped(figure.name) + "\"><div class=\"scroll\"><img alt=\"" + alternative +
         "\" src=\"data:" + figure.type + ";base64," + base64(figure.bytes) + "\"></div><figcaption>" + caption +
         "</figcaption></figure>\n";
}

std::string shown(std::span<const ShownFigure> figures) {
  if (figures.empty()) return "";
  std::vector<std::string> texts(std::size(kGalleries));
  for (const ShownFigure& figure : figures) {
    const auto found = std::ranges::find_if(
        kGalleries, [&](const Gallery& gallery) { return figure.name.starts_with(gallery.prefix); });
    if (found == std::end(kGalleries)) continue;
    texts[static_cast<std::size_t>(found - std::begin(kGalleries))] += shown(figure);
  }
  std::string text = fmt::format("<h2 id=\"{}\">Figures</h2>\n", kFiguresAnchor);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty()) continue;
    text += fmt::format("<details{}><summary>{}</summary>\n{}</details>\n", kGalleries[i].is_open ? " open" : "",
                        kGalleries[i].title, texts[i]);
  }
  return text;
}

std::string row_of(const Row& row, std::size_t num_text_columns, const char* element) {
  std::string text = "<tr>";
  for (std::size_t i = 0; i < row.size(); ++i) {
    text += fmt::format("<{}{}>{}</{}>", element, i < num_text_columns ? " class=\"t\"" : "", escaped(row[i]), element);
  }
  return text + "</tr>\n";
}

struct HtmlWriter {
  std::span<const ShownFigure> figures;
  const Anchors& anchors;

  std::string operator()(const Heading& heading) const {
    const auto anchor = anchors.find(&heading);
    return fmt::format("<h{0}{1}>{2}</h{0}>\n", heading.level,
                       anchor == anchors.end() ? "" : " id=\"" + anchor->second + "\"", html_text(heading.text));
  }
  std::string operator()(const Paragraph& paragraph) const { return "<p>" + html_text(paragraph.text) + "</p>\n"; }
  std::string operator()(const List& list) const {
    std::string text = "<ul>\n";
    for (const std::string& item : list.items) text += "<li>" + html_text(item) + "</li>\n";
    return text + "</ul>\n";
  }
  std::string operator()(const Table& table) const {
    // Before the box that scrolls: a caption within would be as wide as the table.
    std::string text = "<p class=\"caption\">" + html_text(table.caption) + "</p>\n";
    text += "<div class=\"scroll\"><table>\n<thead>";
    text += row_of(table.header, table.num_text_columns, "th") + "</thead>\n<tbody>\n";
    for (const Row& row : table.rows) text += row_of(row, table.num_text_columns, "td");
    return text + "</tbody></table></div>\n";
  }
  std::string operator()(const FiguresHere& /*here*/) const { return shown(figures); }
};

/// Links to the page's sections.
std::string contents_of(const Page& page, const Anchors& anchors, bool has_figures) {
  std::string text = "<nav>";
  const auto add = [&](std::string_view anchor, std::string_view name) {
    text += fmt::format("<a href=\"#{}\">{}</a> ", anchor, html_text(name));
  };
  for (const Block& block : page) {
    const auto anchor = anchors.find(std::get_if<Heading>(&block));
    if (anchor != anchors.end()) add(anchor->second, anchor->first->text);
    if (std::holds_alternative<FiguresHere>(block) && has_figures) add(kFiguresAnchor, "Figures");
  }
  return text + "</nav>\n";
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string html;
  while (!text.empty()) {
    if (text.size() > 1 && text.front() == '\\' && std::ispunct(static_cast<unsigned char>(text[1])) != 0) {
      html += escaped(text[1]);
      text.remove_prefix(2);
      continue;
    }
    const auto span = std::ranges::find_if(kSpans, [&](const Span& one) { return opens(text, one); });
    const auto end = span == std::end(kSpans) ? std::string_view::npos : end_of(text, *span);
    if (end == std::string_view::npos) {
      html += is_before_percent(html, text) ? kUnbroken : escaped(text.front());
      text.remove_prefix(1);
      continue;
    }
    const std::string_view inner = text.substr(span->mark.size(), end - span->mark.size());
    html += fmt::format("<{0}>{1}</{0}>", span->element, span->mark == "`" ? escaped(inner) : html_text(inner));
    text.remove_prefix(end + span->mark.size());
  }
  return html;
}

std::string html_page(const Page& page, std::span<const ShownFigure> figures, std::string_view config_json) {
  std::string text = kHead;
  const Anchors anchors = anchors_of(page);
  const auto* title = page.empty() ? nullptr : std::get_if<Heading>(&page.front());
  text += "<title>" + (title == nullptr ? "lethe" : html_text(title->text)) + "</title>\n</head>\n<body>\n";
  for (const Block& block : page) {
    text += std::visit(HtmlWriter{figures, anchors}, block);
    if (&block == &page.front()) text += contents_of(page, anchors, !figures.empty());
  }
  return text + "<details><summary>The experiment, resolved</summary>\n<pre>" + escaped(config_json) +
         "</pre></details>\n</body>\n</html>\n";
}

}  // namespace lethe::report
