#include "editing/contexts.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/normal_forms.h"
#include "data/unicode.h"
#include "data/zip_archive.h"
#include "editing/edit_method.h"
#include "tests/editing/editing_fixture.h"

namespace lethe::editing {
namespace {

using test::byte_tokenizer;
using test::lively_network;

const std::vector<std::vector<model::TokenId>> kEndOfText{{byte_tokenizer().end_of_text()}};

TEST(Contexts, CleansSamplesAsPublished) {
  EXPECT_EQ(cleaned_sample("<|endoftext|>One\n\nTwo\nThree<|endoftext|>", "<|endoftext|>"), "One Two\nThree");
  EXPECT_EQ(cleaned_sample("a\n\n\nb", "<|endoftext|>"), "a \nb");
}

TEST(Contexts, NormalisesByCompatibilityDecomposition) {
  EXPECT_EQ(data::nfkd("plain ASCII {}"), "plain ASCII {}");
  EXPECT_EQ(data::nfkd("caf\xC3\xA9"), "cafe\xCC\x81");                   // e acute: e + combining acute
  EXPECT_EQ(data::nfkd("\xEF\xAC\x81t\xC2\xA0\xE2\x80\xA6"), "fit ...");  // fi ligature, no-break space, ellipsis
  EXPECT_EQ(data::nfkd(""), "");
  EXPECT_THROW(data::nfkd("\xFF\xFE"), core::DataError);
}

// The number is that of Python 3.11, Unicode 14.0.0 (tests/data/golden/record_letter_case.py).
TEST(Contexts, NormalisationIsThatOfUnicodeFourteenOnEveryHost) {
  std::string lines;
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    std::string character;
    data::append_utf8(value, character);
    if (value > 0) lines += '\n';
    lines += data::nfkd(character);
  }
  EXPECT_EQ(data::crc32(std::as_bytes(std::span(lines))), 0x6345C158U);
  // U+1E030, of Unicode 15.0, has a decomposition there; what stands around it is decomposed.
  EXPECT_EQ(data::nfkd("\xC3\xA9\xF0\x9E\x80\xB0\xC3\xA9"),
            "e\xCC\x81\xF0\x9E\x80\xB0"
            "e\xCC\x81");
}

TEST(Contexts, BeginWithTheBarePrompt) {
  EXPECT_EQ(context_templates({"a", "{b"}), (std::vector<std::string>{"{}", "a. {}", "{b. {}"}));
}

TEST(Contexts, AreTheSameForTheSameSeed) {
  const model::Network network = lively_network(&model::kGpt2);
  const std::vector<core::ContextLength> lengths{{5, 10}, {10, 10}};
  const auto first = sample_prefixes(kEndOfText, lengths, network, byte_tokenizer(), 37);
  EXPECT_EQ(first, sample_prefixes(kEndOfText, lengths, network, byte_tokenizer(), 37));
  EXPECT_NE(first, sample_prefixes(kEndOfText, lengths, network, byte_tokenizer(), 38));
  EXPECT_EQ(first.size(), 20U);
  EXPECT_GT(std::set<std::string>(first.begin(), first.end()).size(), 5U);
}

TEST(Contexts, CountTheSeedTokenInTheLength) {
  const model::Network network = lively_network(&model::kGpt2);
  for (const std::string& prefix : sample_prefixes(kEndOfText, {{5, 20}}, network, byte_tokenizer(), 1)) {
    // Four sampled bytes; clean-up may shorten them and U+FFFD may stand for a stray one.
    EXPECT_EQ(prefix.find("<|endoftext|>"), std::string::npos);
    EXPECT_LE(prefix.size(), 12U);
  }
}

TEST(Contexts, OfMemitBeginWithItsSeedsAndHoldNoBraces) {
  const model::Network network = lively_network(&model::kGpt2);
  MemitConfig config;
  config.context_seeds = {"The", "I {"};
  config.context_lengths = {{30, 2}, {12, 1}};
  const EditContexts contexts = make_contexts(method_config(config), network, byte_tokenizer(), 37, {});
  ASSERT_EQ(contexts.templates.size(), 7U);
  EXPECT_EQ(contexts.templates[0], "{}");
  for (const std::size_t i : {1U, 2U, 5U}) EXPECT_EQ(contexts.templates[i].rfind("The", 0), 0U);
  for (const std::size_t i : {3U, 4U, 6U}) EXPECT_EQ(contexts.templates[i].rfind("I  ", 0), 0U);
  for (const std::string& text : contexts.templates) {
    EXPECT_EQ(std::count(text.begin(), text.end(), '{'), 1) << text;
    EXPECT_TRUE(text.ends_with("{}"));
  }
  EXPECT_EQ(contexts.templates, make_contexts(method_config(config), network, byte_tokenizer(), 37, {}).templates);
  EXPECT_EQ(make_contexts(method_config(MemitConfig{}), network, byte_tokenizer(), 37, {}).templates.size(), 6U);
}

TEST(Contexts, ComeFromTheFileWhereTheConfigNamesOne) {
  const model::Network network = lively_network(&model::kGpt2);
  RomeConfig config;
  config.contexts_file = "contexts.txt";
  const EditContexts contexts =
      make_contexts(method_config(config), network, byte_tokenizer(), 37, {"The", "", "  ", "Because I"});
  EXPECT_EQ(contexts.templates, (std::vector<std::string>{"{}", "The. {}", "Because I. {}"}));
  EXPECT_THROW(make_contexts(method_config(config), network, byte_tokenizer(), 37, {"", " "}), core::DataError);
}

TEST(Contexts, AreNotMadeForFineTuning) {
  const model::Network network = lively_network(&model::kGpt2);
  EXPECT_FALSE(uses_contexts(method_config(FineTuneConfig{})));
  EXPECT_TRUE(make_contexts(method_config(FineTuneConfig{}), network, byte_tokenizer(), 37, {}).templates.empty());
  EXPECT_TRUE(uses_contexts(method_config(RomeConfig{})));
  EXPECT_EQ(make_contexts(method_config(RomeConfig{}), network, byte_tokenizer(), 37, {}).templates.size(), 21U);
}

}  // namespace
}  // namespace lethe::editing
