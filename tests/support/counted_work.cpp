#include "tests/support/counted_work.h"

#include <variant>

namespace lethe::test {
namespace {

template <typename Work>
ForeignCounts of_the_second(const Work& work) {
  work();
  const auto before = foreign_counts();
  work();
  return foreign_counts() - before;
}

}  // namespace

CountedEdit count_edit(const editing::EditMethod& method, const model::Network& network,
                       const data::EditRequest& request) {
  CountedEdit counted;
  counted.asked = of_the_second([&] {
    const auto history = method.begin();
    const auto after = method.compute_after(history.get(), network, {&request, 1});
    const auto* step = std::get_if<editing::EditStep>(&after.outcome);
    counted.is_made = step != nullptr;
    if (step != nullptr) counted.num_losses = step->trace_of(0).losses.size();
  });
  return counted;
}

ForeignCounts count_scores(const model::Network& network, const model::Tokenizer& tokenizer,
                           std::span<const data::EditRequest> requests, const metrics::ScoreOptions& options) {
  return of_the_second([&] { static_cast<void>(metrics::score_requests(network, tokenizer, requests, options)); });
}

ForeignCounts count_task(const model::Network& network, const model::Tokenizer& tokenizer,
                         const metrics::PreparedTask& task) {
  return of_the_second([&] { static_cast<void>(metrics::evaluate_task(network, tokenizer, task)); });
}

}  // namespace lethe::test
