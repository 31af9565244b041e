#include "report/remarks.h"

namespace lethe::report {

RemarkList::RemarkList(Remarks& remarks)
    : remarks_(remarks),
      notes_(remarks.notes.begin(), remarks.notes.end()),
      left_out_(remarks.left_out.begin(), remarks.left_out.end()) {}

void RemarkList::add(const Remarks& more) {
  const auto append = [](const std::vector<std::string>& from, std::set<std::string>& known,
                         std::vector<std::string>& to) {
    for (const auto& text : from) {
      if (known.insert(text).second) to.push_back(text);
    }
  };
  append(more.notes, notes_, remarks_.notes);
  append(more.left_out, left_out_, remarks_.left_out);
}

}  // namespace lethe::report
