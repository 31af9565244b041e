#include <algorithm>
#include <string>
#include <unordered_map>

#include "data/counterfact.h"
#include "data/json_entries.h"
#include "data/letter_case.h"
#include "data/requests_by_case.h"
#include "data/text_file.h"

namespace lethe::data {

std::vector<EditRequest> select_requests(std::span<const EditRequest> records, const std::vector<std::int64_t>& order,
                                         std::int64_t count, int sample) {
  const auto by_case_id = requests_by_case(records);
  Problems problems;
  const std::string place = "sample " + std::to_string(sample);
  const auto available = static_cast<std::int64_t>(order.size());
  if (available < count) {
    problems.add(place + ": holds " + std::to_string(available) + " case ids, but " + std::to_string(count) +
                 " edits are asked for; lower \"edits\" or use a longer sample");
  }
  if (order.size() > records.size()) {
    problems.add(place + ": holds " + std::to_string(available) + " case ids, but the dataset has only " +
                 std::to_string(records.size()) + " records; do both belong together?");
  }
  std::vector<EditRequest> requests;
  std::unordered_map<std::string, std::int64_t> first_with_subject;
  for (std::int64_t edit = 0; edit < std::min(count, available); ++edit) {
    const std::int64_t case_id = order[static_cast<std::size_t>(edit)];
    const std::string edit_place =
        place + ", edit " + std::to_string(edit + 1) + ": case id " + std::to_string(case_id);
    const auto found = by_case_id.find(case_id);
    if (found == by_case_id.end()) {
      problems.add(edit_place + " is not among the dataset's records");
      continue;
    }
    const EditRequest& request = *found->second;
    const auto [first, is_new] = first_with_subject.emplace(to_lower(request.subject), case_id);
    if (!is_new) {
      problems.add(edit_place + " repeats the subject \"" + excerpt(request.subject) + "\" of case id " +
                   std::to_string(first->second) + "; a sample's subjects must be unique");
    }
    requests.push_back(request);
  }
  problems.throw_if_any();
  return requests;
}

}  // namespace lethe::data
