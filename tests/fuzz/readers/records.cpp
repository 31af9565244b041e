// Lists of JSON: CounterFact's and zsRE's records, sample orders, task examples. An input is read as each of them.
#include "core/error.h"
#include "data/counterfact.h"
#include "data/letter_case.h"
#include "data/task_examples.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {
namespace {

constexpr const char* kFile = "records.json";

void use(const std::vector<data::EditRequest>& records) {
  std::vector<std::int64_t> order;
  for (const auto& record : records) {
    require(data::count_subject_slots(record.prompt) == 1, "a prompt has one place for its subject");
    static_cast<void>(record.edit_prompt());
    static_cast<void>(data::can_locate_subject(record));
    order.push_back(record.case_id);
  }
  static_cast<void>(data::published_orders(records, 2));
  const auto count = static_cast<std::int64_t>(order.size());
  static_cast<void>(
      read_or_refuse<core::DataError>("", [&] { return data::select_requests(records, order, count, 0); }));
}

}  // namespace

bool records(std::string_view input) {
  const auto path = InputFolder::instance().write(kFile, input);
  const auto counterfact = read_or_refuse<core::DataError>(kFile, [&] { return data::read_counterfact(path); });
  if (counterfact) use(*counterfact);
  const auto zsre = read_or_refuse<core::DataError>(kFile, [&] { return data::read_zsre(path); });
  if (zsre) use(*zsre);
  const auto samples = read_or_refuse<core::DataError>(kFile, [&] { return data::read_samples(path); });
  const auto examples = read_or_refuse<core::DataError>(kFile, [&] { return data::read_task_examples(path); });
  for (std::size_t i = 0; examples && i < examples->size(); ++i) {
    static_cast<void>(read_or_refuse<core::DataError>(
        "", [&] { return data::fill_query("{sentence} {{}} {sentence1}", (*examples)[i]); }));
  }
  return counterfact || zsre || samples || examples;
}

}  // namespace lethe::fuzz
