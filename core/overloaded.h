#pragma once

namespace lethe::core {

/// One call operator out of several lambdas: a `std::visit` with a case for each alternative.
template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace lethe::core
