#pragma once

#include <vector>

#include "core/config/field_visitor.h"

namespace lethe::core::inline config {

/// `count` context prefixes of `length_tokens` tokens in total, the seed token included.
struct ContextLength {
  int length_tokens = 0;
  int count = 0;
  bool operator==(const ContextLength&) const = default;
};

void visit_context_lengths(FieldVisitor& visit, std::vector<ContextLength>& lengths);

}  // namespace lethe::core::inline config
