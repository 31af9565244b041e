#include "editing/edit_method.h"

#include <gtest/gtest.h>

#include "tests/editing/editing_fixture.h"

namespace lethe::editing {
namespace {

TEST(EditMethod, IsMadeByItsConfig) {
  const model::Network network = test::lively_network(model::Family::kGpt2);
  const auto rome = make_method(test::rome_config(1), test::inputs_of(network, 1));
  EXPECT_FALSE(rome->is_dense());
  EXPECT_EQ(rome->edited_parameters(), std::vector<std::string>{"transformer.h.1.mlp.c_proj.weight"});
  const auto fine_tune = make_method(test::fine_tune_config(0), test::inputs_of(network, 0));
  EXPECT_TRUE(fine_tune->is_dense());
  EXPECT_EQ(fine_tune->edited_parameters().size(), 2U);
}

TEST(EditMethod, SaysWhichSecondMomentsItNeeds) {
  core::RomeConfig rome = test::rome_config(2);
  EXPECT_EQ(required_moment_layers(rome), std::vector<int>{2});
  rome.mom2_adjustment = false;
  EXPECT_TRUE(required_moment_layers(rome).empty());
  EXPECT_TRUE(required_moment_layers(test::fine_tune_config(0)).empty());
}

}  // namespace
}  // namespace lethe::editing
