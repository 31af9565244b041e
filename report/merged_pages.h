#pragma once

#include <span>
#include <string>

#include "report/page.h"

namespace lethe::report {

/// A page with the label of what it is of.
struct LabelledPage {
  std::string label;
  Page page;
};

/// The pages of several sweeps as one: section by section, in the order in which they are first met. Rows of tables of
/// one name and one header stand in one table, whose first column says of which sweep each is; tables of other headers
/// stand beside each other. Items of lists begin with the labels of all who say so, but for the section
/// `explanations`, which speaks of no sweep; paragraphs that all pages have alike stand once, others with their labels.
/// Titles (headings of level 1) and what stands before the first section are left out, and so are places for figures
/// and the section `but_not`.
Page merged_sections(std::span<const LabelledPage> pages, const std::string& explanations, const std::string& but_not);

}  // namespace lethe::report
