#include "report/remarks.h"

#include <algorithm>

namespace lethe::report {

void Remarks::add(const Remarks& more) {
  const auto append = [](const std::vector<std::string>& from, std::vector<std::string>& to) {
    for (const auto& text : from) {
      if (std::ranges::find(to, text) == to.end()) to.push_back(text);
    }
  };
  append(more.notes, notes);
  append(more.left_out, left_out);
}

}  // namespace lethe::report
