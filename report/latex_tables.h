#pragma once

#include <string>

#include "report/page.h"

namespace lethe::report {

/// The tables of a page, which need no package: of summary.md as summary.tex, `name` being "summary". It is a document
/// of its own, and can as well be taken into the body of another with \input. Long tables come in several parts. Every
/// character of a cell is printed, none is a command; those that LaTeX cannot print by itself as [U+4E2D].
std::string latex_tables(const Page& page, const std::string& name);

/// Plain text as LaTeX prints it.
std::string latex_text(std::string_view plain);

}  // namespace lethe::report
