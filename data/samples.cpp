#include <charconv>
#include <string>

#include "core/error.h"
#include "data/counterfact.h"
#include "data/json_entries.h"
#include "data/text_file.h"

namespace lethe::data {
namespace {

std::optional<int> sample_number(const std::string& key) {
  int number = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
  const bool is_whole = error == std::errc() && end == key.data() + key.size();
  return is_whole && number >= 0 ? std::optional(number) : std::nullopt;
}

std::vector<std::int64_t> read_order(const Json& list, const std::string& place, Problems& problems) {
  std::vector<std::int64_t> order;
  order.reserve(list.size());
  for (const Json& element : list) {
    const auto case_id = integer_of(element);
    if (!case_id || *case_id < 0) {
      const auto* const expected = case_id ? "a case id of at least 0" : "a case id (integer)";
      problems.add(place + "[" + std::to_string(order.size()) + "]: " + expected + " expected, found " +
                   describe(element));
    }
    order.push_back(case_id.value_or(0));
  }
  return order;
}

}  // namespace

std::map<int, std::vector<std::int64_t>> read_samples(const std::filesystem::path& path) {
  const std::string file = path.string();
  const Json root = parse_json(read_text_file(path), file);
  if (!root.is_object()) {
    throw core::DataError(file + ": an object {\"0\": [case ids], ...} expected, found " + describe(root));
  }
  std::map<int, std::vector<std::int64_t>> samples;
  Problems problems;
  for (const auto& [key, list] : root.items()) {
    const std::string place = file + ": key \"" + excerpt(key) + "\"";
    const auto number = sample_number(key);
    if (!number) {
      problems.add(place + ": a sample number (\"0\", \"1\", ...) expected");
    } else if (!list.is_array()) {
      problems.add(place + ": a list of case ids expected, found " + describe(list));
    } else if (!samples.emplace(*number, read_order(list, place, problems)).second) {
      problems.add(place + ": sample " + std::to_string(*number) + " is there twice");
    }
  }
  if (root.empty()) problems.add(file + ": holds no sample");
  problems.throw_if_any();
  return samples;
}

}  // namespace lethe::data
