#include "model/families/families.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace lethe::model::inline families {
namespace {

constexpr std::array kFamilies{&kGpt2, &kGptj, &kLlama, &kMistral, &kQwen2, &kQwen3};

/// Letters and digits alone, in lower case.
std::string plain(std::string_view name) {
  std::string text;
  for (const unsigned char letter : name) {
    if (std::isalnum(letter) != 0) text += static_cast<char>(std::tolower(letter));
  }
  return text;
}

}  // namespace

std::span<const FamilySpec* const> all_families() { return kFamilies; }

const FamilySpec* find_family(std::string_view name) {
  const auto* const found = std::ranges::find(kFamilies, name, &FamilySpec::name);
  return found != kFamilies.end() ? *found : nullptr;
}

std::string family_names() {
  std::string names;
  for (const auto* family : kFamilies) names.append(names.empty() ? "" : ", ").append(family->name);
  return names;
}

PublishedModel find_published(std::string_view name) {
  const auto wanted = plain(name);
  for (const auto* family : kFamilies) {
    for (const auto& published : family->published) {
      if (plain(published.name) == wanted) return {family, &published};
    }
  }
  return {};
}

std::string published_names() {
  std::string names;
  for (const auto* family : kFamilies) {
    for (const auto& published : family->published) names.append(names.empty() ? "" : ", ").append(published.name);
  }
  return names;
}

}  // namespace lethe::model::inline families
