#include <gmock/gmock.h>

#include "data/corpus.h"
#include "input_file.h"

namespace lethe::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Corpus, HoldsADocumentALine) {
  const InputFile file("\xEF\xBB\xBF one \r\n\r\n \t\ntwo\nthree é\n");
  EXPECT_THAT(read_corpus(file.path(), 100), ElementsAre(" one ", "two", "three é"));
  EXPECT_THAT(read_corpus(file.path(), 2), ElementsAre(" one ", "two"));
}

TEST(Corpus, NamesTheLineThatIsNotUtf8) {
  const InputFile file("fine\nab\xE9z\n");
  EXPECT_THAT(data_error_of([&] { read_corpus(file.path(), 100); }), HasSubstr(": line 2, byte 3: is not UTF-8"));
  EXPECT_THAT(read_corpus(file.path(), 1), ElementsAre("fine"));
}

TEST(Corpus, AnEmptyCorpusIsAnError) {
  const InputFile file("\n \n");
  EXPECT_THAT(data_error_of([&] { read_corpus(file.path(), 100); }), HasSubstr("holds no document"));
}

TEST(Corpus, JsonLinesHoldTheTextAndWhatElseTheyLike) {
  const InputFile file("{\"id\": 7, \"text\": \"one\\ntwo\"}\n\n{\"text\": \"\"}\r\n{\"text\": \"\\u00e9\"}",
                       "input.jsonl");
  EXPECT_THAT(read_corpus(file.path(), 100), ElementsAre("one\ntwo", "", "é"));
  EXPECT_EQ(measure_corpus(file.path(), 100).num_documents, 3);
}

TEST(Corpus, NamesTheJsonLineThatIsWrong) {
  const InputFile file("{\"text\": \"fine\"}\n\n{\"body\": \"x\"}\n", "input.jsonl");
  EXPECT_THAT(data_error_of([&] { read_corpus(file.path(), 100); }), HasSubstr("line 3: expected an object"));
  const InputFile list("[\"text\"]\n", "list.jsonl");
  EXPECT_THAT(data_error_of([&] { read_corpus(list.path(), 100); }), HasSubstr("line 1: expected an object"));
  const InputFile broken("{\"text\": \"x\n", "broken.ndjson");
  EXPECT_THAT(data_error_of([&] { read_corpus(broken.path(), 100); }), HasSubstr("line 1"));
}

TEST(Corpus, ItsFormatIsToldByItsContent) {
  const std::string lines = "\xEF\xBB\xBF\n{\"text\": \"one\"}\n{\"text\": \"two\"}\n";
  for (const char* name : {"c.jsonl", "c.ndjson", "c.json", "c.txt", "c"}) {
    const InputFile file(lines, name);
    EXPECT_THAT(read_corpus(file.path(), 100), ElementsAre("one", "two")) << name;
    EXPECT_EQ(CorpusReader(file.path()).format(), CorpusFormat::kJsonLines) << name;
  }
  for (const char* text : {"plain\n", "{{Infobox}} of a wiki\n", "[[Link]] first\n", "[1] a note\n",
                           "\"Yes,\" he said\n", "{\n", "{'tis so}\n", "{'one'} is a set\n"}) {
    const InputFile file(text, "c.txt");
    EXPECT_EQ(CorpusReader(file.path()).format(), CorpusFormat::kText) << text;
    const InputFile named(text, "c.json");
    EXPECT_THAT(data_error_of([&] { CorpusReader(named.path()); }), HasSubstr("is named as JSON, but")) << text;
  }
}

TEST(Corpus, OtherFormsAreRefusedByName) {
  struct Form {
    std::string bytes, reason;
  };
  const std::vector<Form> forms{
      {"[{\"text\": \"one\"}]", "found a JSON list"},
      {"[\n {\n  \"text\": \"one\"\n }\n]", "found a JSON list"},
      {"[\"one\", \"two\"]", "found a JSON list"},
      {"{\"data\": [\n", "does not end on it"},
      {"\n{\n \"data\": [{\"text\": \"one\"}]\n}\n", "line 2: begins a JSON object that does not end on it"},
      {"{\"data\": [{\"text\": \"one\"}]}\n",
       "line 1: expected an object with a \"text\" that is a string, as in "
       "{\"text\": \"...\"}; found the keys data"},
      {"{'text': 'one'}\n{'text': 'two'}\n", "line 1: begins as a dict that Python prints; write JSON (json.dumps"},
      {"\n [ {'text' : \"it's\"}]\n", "begins as a dict that Python prints"},
      {"\xFF\xFEt", "is UTF-16"},
      {"<mediawiki xml", "XML"},
      {"<doc id=\"1\">\n", "XML"},
      {"BZh91", "bunzip2"},
      {"PAR1..", "Parquet"},
      {std::string("ab\0c", 4), "binary"},
  };
  for (const auto& [bytes, reason] : forms) {
    for (const char* name : {"c.json", "c.jsonl", "c.txt"}) {
      const InputFile file(bytes, name);
      EXPECT_THAT(data_error_of([&] { measure_corpus(file.path(), 100); }), HasSubstr(reason)) << bytes;
    }
  }
  const InputFile table("text\none\n", "c.csv");
  EXPECT_THAT(data_error_of([&] { CorpusReader(table.path()); }), HasSubstr("is named as a table"));
}

TEST(Corpus, SkippingIsWhatReadingWouldHavePassed) {
  std::string text;
  for (int i = 0; i < 30'000; ++i)
    text += std::string(static_cast<std::size_t>(i % 97), 'x') + std::to_string(i) + "\n";
  ASSERT_GT(text.size(), 1U << 20) << "more than one chunk";
  const InputFile file(text);
  for (const int first : {0, 1, 20'000, 29'999}) {
    CorpusReader reader(file.path());
    EXPECT_EQ(reader.skip(first), first);
    EXPECT_EQ(reader.next(), std::string(static_cast<std::size_t>(first % 97), 'x') + std::to_string(first));
  }
  CorpusReader reader(file.path());
  EXPECT_EQ(reader.skip(40'000), 30'000);
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_EQ(reader.num_bytes(), static_cast<std::int64_t>(text.size()) - 30'000);
  EXPECT_EQ(measure_corpus(file.path(), 5).num_documents, 5);
  EXPECT_EQ(measure_corpus(file.path(), 5).num_bytes, 0 + 1 + 2 + 3 + 4 + 5);
}

TEST(Corpus, ALineLongerThanAChunkIsOneDocument) {
  const InputFile file("a\n" + std::string(5 << 20, 'b') + "\nc");
  CorpusReader reader(file.path());
  EXPECT_EQ(reader.next(), "a");
  EXPECT_EQ(reader.next()->size(), 5U << 20);
  EXPECT_EQ(reader.next(), "c");
}

TEST(Corpus, RefusesWhatIsNoText) {
  EXPECT_THAT(data_error_of([&] { CorpusReader("/nowhere/corpus.txt"); }), HasSubstr("cannot be opened"));
  EXPECT_THAT(data_error_of([&] { CorpusReader{std::filesystem::temp_directory_path()}; }), HasSubstr("directory"));
  const InputFile compressed("\x1F\x8B\x08 and so on", "input.gz");
  EXPECT_THAT(data_error_of([&] { CorpusReader(compressed.path()); }), HasSubstr("gunzip"));
  const InputFile wide("\xFF\xFEh", "wide");
  EXPECT_THAT(data_error_of([&] { CorpusReader(wide.path()); }), HasSubstr("UTF-16"));
}

}  // namespace
}  // namespace lethe::data
