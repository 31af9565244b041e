#include <cstddef>
#include <unordered_set>

#include "core/error.h"
#include "data/counterfact.h"
#include "data/letter_case.h"
#include "data/python_random.h"

namespace lethe::data {

std::map<int, std::vector<std::int64_t>> published_orders(std::span<const EditRequest> records, int num_orders,
                                                          std::uint32_t seed) {
  std::vector<std::int64_t> case_ids;
  std::unordered_set<std::string> subjects;
  for (const auto& record : records) {
    if (subjects.insert(to_lower(record.subject)).second) case_ids.push_back(record.case_id);
  }
  PythonRandom random(seed);
  std::map<int, std::vector<std::int64_t>> orders;
  for (int order = 0; order < num_orders; ++order) {
    random.shuffle(std::span(case_ids));  // each shuffle starts from the order before
    orders.emplace(order, case_ids);
  }
  return orders;
}

}  // namespace lethe::data
