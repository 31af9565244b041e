#include "data/edit_request.h"

#include <algorithm>

namespace lethe::data {
namespace {
constexpr const char* kSlot = "{}";
}

std::string EditRequest::edit_prompt() const { return fill_subject(prompt, subject); }

std::vector<std::string> EditRequest::text_prompts() const {
  std::vector<std::string> distinct;
  for (const auto& text : generation_prompts) {
    if (std::ranges::find(distinct, text) == distinct.end()) distinct.push_back(text);
  }
  if (distinct.empty()) distinct.push_back(edit_prompt());
  return distinct;
}

std::string fill_subject(const std::string& pattern, const std::string& subject) {
  const std::size_t slot = pattern.find(kSlot);
  if (slot == std::string::npos) return pattern;
  return pattern.substr(0, slot) + subject + pattern.substr(slot + 2);
}

std::size_t count_subject_slots(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t slot = text.find(kSlot); slot != std::string::npos; slot = text.find(kSlot, slot + 2)) ++count;
  return count;
}

bool can_locate_subject(const EditRequest& request) {
  const std::size_t slot = request.prompt.find(kSlot);
  return slot == 0 || (slot != std::string::npos && request.prompt[slot - 1] == ' ');
}

}  // namespace lethe::data
