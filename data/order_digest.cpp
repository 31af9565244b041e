#include "data/order_digest.h"

#include <algorithm>
#include <vector>

#include "core/digest.h"

namespace lethe::data {
namespace {

void update_with_list(core::DigestStream& stream, const std::vector<std::string>& texts) {
  stream.update_text(std::to_string(texts.size()));
  for (const auto& text : texts) stream.update_text(text);
}

/// All that an edit or its scores read from a request.
void update_with_request(core::DigestStream& stream, const EditRequest& request) {
  for (const auto* text : {&request.prompt, &request.subject, &request.target_new, &request.target_true}) {
    stream.update_text(*text);
  }
  update_with_list(stream, request.paraphrase_prompts);
  update_with_list(stream, request.neighborhood_prompts);
  if (!request.neighborhood_target.empty()) stream.update_text(request.neighborhood_target);
}

}  // namespace

std::string order_digest(const RequestsByCase& requests, std::span<const std::int64_t> order) {
  core::DigestStream stream;
  for (const auto case_id : order) {
    stream.update_text(std::to_string(case_id));
    if (const auto found = requests.find(case_id); found != requests.end()) update_with_request(stream, *found->second);
  }
  return stream.finish().hex();
}

std::string text_prompts_digest(const RequestsByCase& requests, std::span<const std::int64_t> order,
                                std::int64_t facts) {
  const auto first = std::min(order.size(), static_cast<std::size_t>(std::max<std::int64_t>(facts, 0)));
  core::DigestStream stream;
  for (const auto case_id : order.first(first)) {
    if (const auto found = requests.find(case_id); found != requests.end()) {
      update_with_list(stream, found->second->text_prompts());
    }
  }
  return stream.finish().hex();
}

}  // namespace lethe::data
