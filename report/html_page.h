#pragma once

#include <span>
#include <string>
#include <string_view>

#include "report/page.h"

namespace lethe::report {

/// A picture and what stands beside it.
struct ShownFigure {
  std::string name;     ///< "samples/editing-small-gpt2-sample0", without an ending
  std::string type;     ///< "image/png"
  std::string bytes;    ///< of the picture's file
  std::string caption;  ///< plain text
};

/// index.html: all of a page, its figures and the experiment's resolved config in one file that needs no other, no
/// network and no script. A policy within it forbids browsers all three. Every text of the page is escaped, so that no
/// name becomes an element.
std::string html_page(const Page& page, std::span<const ShownFigure> figures, std::string_view config_json);

/// Text of a page (report/page.h) as HTML.
std::string html_text(std::string_view text);

}  // namespace lethe::report
