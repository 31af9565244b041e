#include "editing/edit_method.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/editing/editing_fixture.h"

namespace lethe::editing {
namespace {

TEST(EditMethod, IsMadeByItsConfig) {
  const model::Network network = test::lively_network(&model::kGpt2);
  const auto rome = make_method(test::rome_config(1), test::inputs_of(network, 1));
  EXPECT_FALSE(rome->is_dense());
  EXPECT_EQ(rome->edited_parameters(), std::vector<std::string>{"transformer.h.1.mlp.c_proj.weight"});
  const auto fine_tune = make_method(test::fine_tune_config(0), test::inputs_of(network, 0));
  EXPECT_TRUE(fine_tune->is_dense());
  EXPECT_EQ(fine_tune->edited_parameters().size(), 2U);
  RRomeConfig r_rome;
  r_rome.layer = 2;
  EXPECT_EQ(make_method(r_rome, test::inputs_of(network, 2))->edited_parameters(),
            std::vector<std::string>{"transformer.h.2.mlp.c_proj.weight"});
  const std::vector<int> layers{0, 2};
  const auto memit = make_method(test::memit_config(layers), test::inputs_of(network, layers));
  EXPECT_FALSE(memit->is_dense());
  EXPECT_EQ(memit->edited_parameters(),
            (std::vector<std::string>{"transformer.h.0.mlp.c_proj.weight", "transformer.h.2.mlp.c_proj.weight"}));
}

TEST(EditMethod, SaysWhichSecondMomentsItNeeds) {
  RomeConfig rome = test::rome_config(2);
  EXPECT_EQ(method_config(rome)->second_moment_layers(), std::vector<int>{2});
  rome.mom2_adjustment = false;
  EXPECT_TRUE(method_config(rome)->second_moment_layers().empty());
  EXPECT_TRUE(method_config(test::fine_tune_config(0))->second_moment_layers().empty());
}

TEST(EditMethod, ChecksRequestsWithoutANetwork) {
  const model::Architecture architecture = test::lively_architecture(&model::kGpt2);
  const auto check = [&](const core::MethodConfig& config, const data::EditRequest& request) {
    check_request(config, request, {test::byte_tokenizer(), architecture});
  };
  const core::MethodConfig rome = method_config(test::rome_config(0));
  const core::MethodConfig fine_tune = method_config(test::fine_tune_config(0));
  for (const core::MethodConfig& config : {rome, fine_tune}) {
    EXPECT_NO_THROW(check(config, test::request_of("The {} is", "Suao", "B")));
    EXPECT_THROW(check(config, test::request_of("The {} is", "Suao", "")), core::DataError);
    EXPECT_THROW(check(config, test::request_of("The {} is", std::string(90, 'a'), "B")), core::DataError);
  }
  // All but fine-tuning have to locate the subject.
  const core::MethodConfig memit = method_config(test::memit_config({0}));
  for (const core::MethodConfig& config : {rome, method_config(RRomeConfig{}), memit}) {
    EXPECT_THROW(check(config, test::request_of("{} is", " ", "B")), core::DataError);
  }
  EXPECT_NO_THROW(check(fine_tune, test::request_of("{} is", " ", "B")));
}

}  // namespace
}  // namespace lethe::editing
