#include "editing/edit_method.h"

#include "core/overloaded.h"
#include "editing/fine_tune.h"
#include "editing/memit.h"
#include "editing/mend.h"
#include "editing/rome.h"
#include "editing/rome_prompts.h"

namespace lethe::editing {
void check_request(const core::MethodConfig& config, const data::EditRequest& request,
                   const model::Tokenizer& tokenizer, const model::Architecture& architecture) {
  std::visit(
      core::Overloaded{
          [&](const core::ValueOptimizationConfig& value) {
            static_cast<void>(make_rome_prompts(value, {{"{}"}}, request, tokenizer, architecture.max_positions));
          },
          [&](const core::MendConfig&) {
            static_cast<void>(labelled_row(request, tokenizer, architecture.max_positions));
          },
          [&](const core::FineTuneConfig& fine_tune) {
            static_cast<void>(make_target_row(fine_tune, request, tokenizer, architecture.max_positions));
          },
      },
      config);
}

bool uses_editor(const core::MethodConfig& config) { return std::holds_alternative<core::MendConfig>(config); }

bool changes_vocabulary(const core::MethodConfig& config) {
  const auto* mend = std::get_if<core::MendConfig>(&config);
  return mend != nullptr && mend->pad_class;
}

model::Network starting_network(const core::MethodConfig& config, const model::Network& unedited, std::uint64_t seed) {
  return changes_vocabulary(config) ? with_pad_class(unedited, seed) : unedited;
}

std::unique_ptr<EditMethod> make_method(const core::MethodConfig& config, MethodInputs inputs) {
  return std::visit(core::Overloaded{
                        [&](const core::RomeConfig& rome) -> std::unique_ptr<EditMethod> {
                          return std::make_unique<RomeMethod>(rome, std::move(inputs));
                        },
                        [&](const core::RRomeConfig& rome) -> std::unique_ptr<EditMethod> {
                          return std::make_unique<RomeMethod>(rome, std::move(inputs));
                        },
                        [&](const core::MemitConfig& memit) -> std::unique_ptr<EditMethod> {
                          return std::make_unique<MemitMethod>(memit, std::move(inputs));
                        },
                        [&](const core::FineTuneConfig& fine_tune) -> std::unique_ptr<EditMethod> {
                          return std::make_unique<FineTuneMethod>(fine_tune, inputs);
                        },
                        [&](const core::MendConfig& mend) -> std::unique_ptr<EditMethod> {
                          return std::make_unique<MendMethod>(mend, inputs);
                        },
                    },
                    config);
}

}  // namespace lethe::editing
