#include "data/text_file.h"

#include <gmock/gmock.h>

#include "input_file.h"

namespace lethe::data {
namespace {

using testing::HasSubstr;

TEST(TextFile, DropsAByteOrderMark) {
  EXPECT_EQ(read_text_file(InputFile("\xEF\xBB\xBFtext\n").path()), "text\n");
  EXPECT_EQ(read_text_file(InputFile("").path()), "");
}

TEST(TextFile, ReadsMoreThanOneChunk) {
  std::string large(3 * (1 << 20) + 17, 'x');
  large.back() = 'y';
  EXPECT_EQ(read_text_file(InputFile(large).path()), large);
}

TEST(TextFile, NamesWhatCannotBeRead) {
  EXPECT_THAT(data_error_of([] { read_text_file("/nowhere/records.json"); }),
              HasSubstr("/nowhere/records.json: cannot be opened: No such file"));
  EXPECT_THAT(data_error_of([] { read_text_file("/"); }), HasSubstr("is a directory"));
  const InputFile utf16(std::string_view("\xFF\xFE[\0]\0", 6));
  EXPECT_THAT(data_error_of([&] { read_text_file(utf16.path()); }), HasSubstr("is UTF-16"));
}

TEST(TextFile, TakesLinesOfEveryConvention) {
  std::string_view rest = "one\r\ntwo\n\nfour";
  EXPECT_EQ(take_line(rest), "one");
  EXPECT_EQ(take_line(rest), "two");
  EXPECT_EQ(take_line(rest), "");
  EXPECT_EQ(take_line(rest), "four");
  EXPECT_TRUE(rest.empty());
}

TEST(TextFile, ExcerptsAreShortAndPrintable) {
  EXPECT_EQ(excerpt("a\nb\x01\x7F"), "a b  ");
  EXPECT_EQ(excerpt("bad \xFF byte"), "bad \xEF\xBF\xBD byte");
  EXPECT_EQ(excerpt("0123456789", 4), "0123...");
  EXPECT_EQ(excerpt("ééé", 5), "éé...");
}

}  // namespace
}  // namespace lethe::data
