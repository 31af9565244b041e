#include "editing/contexts.h"

#include <set>

#include <gtest/gtest.h>

#include "core/error.h"
#include "editing/edit_method.h"
#include "tests/editing/editing_fixture.h"

namespace lethe::editing {
namespace {

using test::byte_tokenizer;
using test::lively_network;

TEST(Contexts, CleansSamplesAsPublished) {
  EXPECT_EQ(cleaned_sample("<|endoftext|>One\n\nTwo\nThree<|endoftext|>"), "One Two\nThree");
  EXPECT_EQ(cleaned_sample("a\n\n\nb"), "a \nb");
}

TEST(Contexts, NormalisesByCompatibilityDecomposition) {
  EXPECT_EQ(nfkd("plain ASCII {}"), "plain ASCII {}");
  EXPECT_EQ(nfkd("caf\xC3\xA9"), "cafe\xCC\x81");                   // e acute: e + combining acute
  EXPECT_EQ(nfkd("\xEF\xAC\x81t\xC2\xA0\xE2\x80\xA6"), "fit ...");  // fi ligature, no-break space, ellipsis
  EXPECT_EQ(nfkd(""), "");
  EXPECT_THROW(nfkd("\xFF\xFE"), core::DataError);
}

TEST(Contexts, BeginWithTheBarePrompt) {
  EXPECT_EQ(context_templates({"a", "{b"}), (std::vector<std::string>{"{}", "a. {}", "{b. {}"}));
}

TEST(Contexts, AreTheSameForTheSameSeed) {
  const model::Network network = lively_network(model::Family::kGpt2);
  const std::vector<core::ContextLength> lengths{{5, 10}, {10, 10}};
  const auto first = sample_prefixes(lengths, network, byte_tokenizer(), 37);
  EXPECT_EQ(first, sample_prefixes(lengths, network, byte_tokenizer(), 37));
  EXPECT_NE(first, sample_prefixes(lengths, network, byte_tokenizer(), 38));
  EXPECT_EQ(first.size(), 20U);
  EXPECT_GT(std::set<std::string>(first.begin(), first.end()).size(), 5U);
}

TEST(Contexts, CountTheSeedTokenInTheLength) {
  const model::Network network = lively_network(model::Family::kGpt2);
  for (const std::string& prefix : sample_prefixes({{5, 20}}, network, byte_tokenizer(), 1)) {
    // Four sampled bytes; clean-up may shorten them and U+FFFD may stand for a stray one.
    EXPECT_EQ(prefix.find("<|endoftext|>"), std::string::npos);
    EXPECT_LE(prefix.size(), 12U);
  }
}

TEST(Contexts, ComeFromTheFileWhereTheConfigNamesOne) {
  const model::Network network = lively_network(model::Family::kGpt2);
  core::RomeConfig config;
  config.contexts_file = "contexts.txt";
  const EditContexts contexts = make_contexts(config, network, byte_tokenizer(), 37, {"The", "", "  ", "Because I"});
  EXPECT_EQ(contexts.templates, (std::vector<std::string>{"{}", "The. {}", "Because I. {}"}));
  EXPECT_THROW(make_contexts(config, network, byte_tokenizer(), 37, {"", " "}), core::DataError);
}

TEST(Contexts, AreNotMadeForFineTuning) {
  const model::Network network = lively_network(model::Family::kGpt2);
  EXPECT_FALSE(uses_contexts(core::FineTuneConfig{}));
  EXPECT_TRUE(make_contexts(core::FineTuneConfig{}, network, byte_tokenizer(), 37, {}).templates.empty());
  EXPECT_TRUE(uses_contexts(core::RomeConfig{}));
  EXPECT_EQ(make_contexts(core::RomeConfig{}, network, byte_tokenizer(), 37, {}).templates.size(), 21U);
}

}  // namespace
}  // namespace lethe::editing
