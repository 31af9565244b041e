#pragma once

#include <string>

#include "report/page.h"

namespace lethe::report {

/// The tables of a page, which need no package: of summary.md as summary.tex, `name` being "summary". It is a document
/// of its own, and can as well be taken into the body of another with \input. Long and wide tables come in several
/// parts. Every character of a cell is printed (report/latex_text.h).
std::string latex_tables(const Page& page, const std::string& name);

}  // namespace lethe::report
