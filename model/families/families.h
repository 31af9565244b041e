#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/families/family_spec.h"

namespace lethe::model::inline families {

// For the table and for tests; other code takes a spec from an architecture.
extern const FamilySpec kGpt2;
extern const FamilySpec kGptj;
extern const FamilySpec kLlama;
extern const FamilySpec kMistral;
extern const FamilySpec kQwen2;
extern const FamilySpec kQwen3;

/// All families that lethe computes. The specs live as long as the program.
std::span<const FamilySpec* const> all_families();

/// The family of a config.json's `model_type`; null if lethe does not know it.
const FamilySpec* find_family(std::string_view name);

/// "gpt2, gptj, ...": for messages that refuse another.
std::string family_names();

/// A published model and the family that it belongs to.
struct PublishedModel {
  const FamilySpec* family = nullptr;
  const PublishedShape* published = nullptr;

  explicit operator bool() const { return published != nullptr; }
};

/// The published model of a name in any spelling: "GPT-J_6B" and "gpt-j-6b" are one name. Empty if there is none.
PublishedModel find_published(std::string_view name);
/// "gpt2, gpt2-medium, ...".
std::string published_names();

}  // namespace lethe::model::inline families
