#include "core/config/method_config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "editing/fine_tune/fine_tune_config.h"
#include "editing/methods/catalogue.h"
#include "editing/methods/method_list.h"
#include "editing/rome/rome_config.h"

namespace lethe::core {
namespace {

using editing::config_of;
using editing::FineTuneConfig;
using editing::method_config;
using editing::RomeConfig;

TEST(MethodConfig, IsReadAsTheMethodThatItIsAlone) {
  const auto rome = method_config(RomeConfig{});
  EXPECT_EQ(rome.method(), "rome");
  EXPECT_EQ(config_of<RomeConfig>(rome), RomeConfig{});
  EXPECT_EQ(editing::find_config<FineTuneConfig>(rome), nullptr);
  EXPECT_THROW(config_of<FineTuneConfig>(rome), ConfigError);
}

TEST(MethodConfig, AChangeIsAnotherValueOfTheSameMethod) {
  const auto before = method_config(FineTuneConfig{}, "ft");
  const auto copy = before;
  const auto after = editing::with_change<FineTuneConfig>(before, [](auto& config) { config.layer = 3; });
  EXPECT_EQ(after.method(), "ft");
  EXPECT_EQ(config_of<FineTuneConfig>(after).layer, 3);
  EXPECT_EQ(config_of<FineTuneConfig>(before).layer, 0);
  EXPECT_EQ(copy, before);
  EXPECT_NE(after, before);
}

TEST(MethodConfig, OneConfigurationUnderTwoNamesIsTwoMethods) {
  FineTuneConfig config;
  EXPECT_NE(method_config(config, "ft"), method_config(config, "ft-c"));
  EXPECT_EQ(method_config(config, "ft")->problem(), "");
  EXPECT_NE(method_config(config, "ft-c")->problem().find("linf_bound: is missing"), std::string::npos);
  EXPECT_NE(method_config(config, "ft"), method_config(RomeConfig{}));
}

TEST(MethodCatalogue, HoldsTheMethodsInTheOrderOfDocuments) {
  const auto& names = editing::catalogue().names();
  const std::vector<std::string> known{"rome", "r-rome", "memit", "ft-c", "ft", "mend"};
  auto at = names.begin();
  for (const auto& name : known) {
    at = std::find(at, names.end(), name);
    EXPECT_NE(at, names.end()) << name;
  }
}

TEST(MethodCatalogue, GivesEveryMethodsDefaultsAndNoOthers) {
  for (const auto& name : editing::catalogue().names()) {
    for (const auto fidelity : {Fidelity::kCode, Fidelity::kPaper}) {
      const MethodConfig method(name, editing::catalogue().defaults(name, fidelity));
      EXPECT_GE(method->batch_size(), 1) << name;
      // Every method of the catalogue is in the executor's list, too.
      editing::visit_config(method, [&]<typename Config>(const Config&) {
        EXPECT_NE(std::ranges::find(Config::kNames, name), Config::kNames.end()) << name;
      });
    }
  }
  EXPECT_THROW(static_cast<void>(editing::catalogue().defaults("rom", Fidelity::kCode)), ConfigError);
}

}  // namespace
}  // namespace lethe::core
