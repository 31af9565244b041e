#include <gmock/gmock.h>

#include "data/counterfact.h"
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

}  // namespace
}  // namespace lethe::data
