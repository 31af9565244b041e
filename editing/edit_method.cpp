#include "editing/edit_method.h"

#include <type_traits>

#include "core/error.h"
#include "editing/edit_prompts.h"
#include "editing/methods/method_list.h"

namespace lethe::editing {

void check_request(const ValueOptimizationConfig& config, const data::EditRequest& request,
                   const RequestLimits& limits) {
  const auto max_positions = limits.architecture.max_positions;
  const auto prompts = make_edit_prompts(config, {{"{}"}}, request, limits.tokenizer, max_positions);
  const auto num_tokens = static_cast<std::int64_t>(prompts.rows.front().size());
  if (num_tokens + limits.context_tokens <= max_positions) return;
  throw core::DataError("case " + std::to_string(request.case_id) + ": prompt and target_new have " +
                        std::to_string(num_tokens) + " tokens; with a context of up to " +
                        std::to_string(limits.context_tokens) + " before them they may exceed the model's " +
                        std::to_string(max_positions) + " positions; leave the record out or use shorter contexts");
}

void check_request(const core::MethodConfig& method, const data::EditRequest& request, const RequestLimits& limits) {
  visit_config(method, [&](const auto& config) { check_request(config, request, limits); });
}

std::string request_question(const core::MethodConfig& method) {
  return visit_config(method, [&]<typename Config>(const Config& /*config*/) {
    return std::is_base_of_v<ValueOptimizationConfig, Config> ? std::string("subject") : method.method();
  });
}

std::string architecture_problem(const core::MethodConfig& method, const model::Architecture& architecture) {
  return visit_config(method, [&](const auto& config) {
    if constexpr (requires { architecture_problem(config, architecture); }) {
      return architecture_problem(config, architecture);
    } else {
      return std::string();
    }
  });
}

bool changes_vocabulary(const core::MethodConfig& method) {
  return visit_config(method, [](const auto& config) {
    if constexpr (requires { changes_vocabulary(config); }) return changes_vocabulary(config);
    return false;
  });
}

model::Network starting_network(const core::MethodConfig& method, const model::Network& unedited, std::uint64_t seed) {
  return visit_config(method, [&](const auto& config) {
    if constexpr (requires { starting_network(config, unedited, seed); }) {
      return starting_network(config, unedited, seed);
    } else {
      return unedited;
    }
  });
}

std::unique_ptr<EditMethod> make_method(const core::MethodConfig& method, MethodInputs inputs) {
  return visit_config(method, [&](const auto& config) { return make_method(config, std::move(inputs)); });
}

}  // namespace lethe::editing
