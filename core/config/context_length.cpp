#include "core/config/context_length.h"

namespace lethe::core::inline config {

void visit_context_lengths(FieldVisitor& visit, std::vector<ContextLength>& lengths) {
  const GroupRule rule{.map = "a map such as {length_tokens: 5, count: 10}",
                       .list = "a list such as [{length_tokens: 5, count: 10}]"};
  visit.list("context_lengths", lengths, rule, [](FieldVisitor& inner, ContextLength& length) {
    // The seed token counts, so that two tokens hold one sampled one.
    inner("length_tokens", length.length_tokens, IntegerRule{{2, 1000}, Presence::kRequired});
    inner("count", length.count, IntegerRule{{1, 10'000}, Presence::kRequired});
  });
}

}  // namespace lethe::core::inline config
