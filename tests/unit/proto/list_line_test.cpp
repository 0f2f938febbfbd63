// Method: exact lines and columns, option words as clients send them.
#include "sluice/proto/list_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::proto {
namespace {

constexpr std::int64_t kNow = 1'000'100'000;

std::string render(const EntryFacts& entry) {
    std::vector<char> out(kEntryLineBytesMax);
    return {out.data(), ListRenderer(kNow).render(entry, out)};
}

EntryFacts file_entry() {
    EntryFacts entry;
    entry.name = "a b.txt";
    entry.size = 1234;
    entry.modified_seconds = 1'000'000'000;
    entry.mode = kModeFile | 0644;
    entry.uid = 1000;
    entry.gid = 100;
    return entry;
}

TEST(ListRenderer, WritesALineOfLs) {
    EntryFacts entry = file_entry();
    EXPECT_EQ(render(entry),
              "-rw-r--r--    1 1000     100              1234 Sep  9 01:46 a b.txt\r\n");
    entry.owner = "ftp";
    entry.group = "ftp";
    entry.modified_seconds = 0;
    EXPECT_EQ(render(entry),
              "-rw-r--r--    1 ftp      ftp              1234 Jan  1  1970 a b.txt\r\n");
}

TEST(ListRenderer, ShowsTypesAndSpecialBits) {
    const auto mode = [](std::uint32_t bits) {
        EntryFacts entry = file_entry();
        entry.mode = bits;
        return render(entry).substr(0, 10);
    };
    EXPECT_EQ(mode(kModeDirectory | 0755), "drwxr-xr-x");
    EXPECT_EQ(mode(kModeSymlink | 0777), "lrwxrwxrwx");
    EXPECT_EQ(mode(kModeFifo | 0600), "prw-------");
    EXPECT_EQ(mode(kModeSocket | 0), "s---------");
    EXPECT_EQ(mode(kModeCharacterDevice | 0020), "c----w----");
    EXPECT_EQ(mode(kModeBlockDevice | 0004), "b------r--");
    EXPECT_EQ(mode(kModeFile | 07777), "-rwsrwsrwt");
    EXPECT_EQ(mode(kModeFile | 07000), "---S--S--T");
    EXPECT_EQ(mode(kModeDirectory | 01777), "drwxrwxrwt");
}

TEST(ListRenderer, ShowsTheTargetOfALink) {
    EntryFacts entry = file_entry();
    entry.mode = kModeSymlink | 0777;
    entry.link_target = "to\nthere";
    EXPECT_TRUE(render(entry).ends_with(" a b.txt -> to?there\r\n"));
    entry.mode = kModeFile | 0644;
    EXPECT_TRUE(render(entry).ends_with(" a b.txt\r\n"));
}

TEST(ListRenderer, NeverWritesALineEndOfAName) {
    EntryFacts entry = file_entry();
    entry.name = std::string_view("x\r\n-rw\0y", 8);
    EXPECT_TRUE(render(entry).ends_with(" x?\?-rw?y\r\n"));
}

TEST(ListRenderer, FitsTheLongestEntryIntoTheBound) {
    const std::string name(4095, 'n');
    const std::string owner(1000, 'o');
    EntryFacts entry;
    entry.name = name;
    entry.link_target = name;
    entry.owner = owner;
    entry.group = owner;
    entry.size = UINT64_MAX;
    entry.links = UINT32_MAX;
    entry.mode = kModeSymlink | 07777;
    entry.modified_seconds = INT64_MIN;
    const std::string line = render(entry);
    EXPECT_TRUE(line.ends_with(" -> " + name + "\r\n"));
    std::vector<char> out(kEntryLineBytesMax, '#');
    std::size_t room = line.size();
    while (ListRenderer(kNow).render(entry, std::span<char>(out).first(room)) == 0) {
        ++room;
    }
    EXPECT_EQ(out[room], '#');
    std::vector<char> small(40, '#');
    EXPECT_EQ(ListRenderer(kNow).render(file_entry(), small), 0u);
    EXPECT_EQ(std::string(small.begin(), small.end()), std::string(40, '#'));
}

TEST(ListRenderer, MarksKindsWhereAsked) {
    std::vector<char> out(kEntryLineBytesMax);
    const auto end = [&](std::uint32_t mode, std::string_view target) {
        EntryFacts entry;
        entry.name = "n";
        entry.mode = mode;
        entry.link_target = target;
        const std::string line(out.data(), ListRenderer(kNow, true).render(entry, out));
        return line.substr(line.rfind(" 1970 ") + 6);
    };
    EXPECT_EQ(end(kModeDirectory | 0755, ""), "n/\r\n");
    EXPECT_EQ(end(kModeFile | 0644, ""), "n\r\n");
    EXPECT_EQ(end(kModeFile | 0010, ""), "n*\r\n");
    EXPECT_EQ(end(kModeFifo, ""), "n|\r\n");
    EXPECT_EQ(end(kModeSocket, ""), "n=\r\n");
    EXPECT_EQ(end(kModeCharacterDevice, ""), "n\r\n");
    EXPECT_EQ(end(kModeSymlink | 0777, "t"), "n -> t\r\n");
    EXPECT_EQ(end(kModeSymlink | 0777, ""), "n@\r\n");
}

TEST(NameLine, IsPrefixAndNameAndCrlf) {
    std::vector<char> out(16);
    EXPECT_EQ(std::string(out.data(), render_name_line("dir/", "a\nb", out)), "dir/a?b\r\n");
    EXPECT_EQ(std::string(out.data(), render_name_line("", "x", out)), "x\r\n");
    std::vector<char> small(4);
    EXPECT_EQ(render_name_line("", "abc", small), 0u);
    EXPECT_EQ(render_name_line("", "ab", small), 4u);
    EXPECT_EQ(render_name_line("", "ab", small, '/'), 0u);
    EXPECT_EQ(std::string(out.data(), render_name_line("d/", "x", out, '@')), "d/x@\r\n");
}

TEST(ListArgument, IsAPathByItself) {
    EXPECT_EQ(parse_list_argument("").path, "");
    EXPECT_EQ(parse_list_argument("dir").path, "dir");
    EXPECT_EQ(parse_list_argument(" dir ").path, " dir ");
    EXPECT_EQ(parse_list_argument("dir").options, ListOptions{});
}

TEST(ListArgument, TakesOptionWordsOff) {
    const ListRequest request = parse_list_argument("-a dir");
    EXPECT_TRUE(request.options.all);
    EXPECT_EQ(request.path, "dir");
    EXPECT_EQ(parse_list_argument("-la").path, "");
    EXPECT_TRUE(parse_list_argument("-la").options.all);
    EXPECT_EQ(parse_list_argument("-a -l  two ").path, " two ");
    EXPECT_EQ(parse_list_argument("-lR1F x").path, "x");
    EXPECT_TRUE(parse_list_argument("-lR1F x").options.recursive);
    EXPECT_TRUE(parse_list_argument("-A").options.almost_all);
    EXPECT_TRUE(parse_list_argument("-d .").options.directory_itself);
    EXPECT_TRUE(parse_list_argument("-ltr").options.by_time);
    EXPECT_TRUE(parse_list_argument("-ltr").options.reverse);
    EXPECT_TRUE(parse_list_argument("-tS").options.by_size);
    EXPECT_FALSE(parse_list_argument("-tS").options.by_time);
    EXPECT_TRUE(parse_list_argument("-l").options.long_form);
    EXPECT_TRUE(parse_list_argument("-L").options.follow_links);
    EXPECT_TRUE(parse_list_argument("-F").options.classify);
    EXPECT_EQ(parse_list_argument("-1").options, ListOptions{});
    EXPECT_EQ(parse_list_argument("-C").options, ListOptions{});
    EXPECT_TRUE(parse_list_argument("-CF").options.classify);
    EXPECT_EQ(parse_list_argument("-CF").path, "");
    EXPECT_TRUE(parse_list_argument("-r").options.are_sorted());
    EXPECT_FALSE(parse_list_argument("-lLF1RdaA").options.are_sorted());
}

TEST(ListArgument, EndsOptionsAtTwoDashes) {
    EXPECT_EQ(parse_list_argument("-a -- -l").path, "-l");
    EXPECT_TRUE(parse_list_argument("-a -- -l").options.all);
    EXPECT_EQ(parse_list_argument("--").path, "");
}

TEST(ListArgument, TakesAWordWithAnotherLetterForAPath) {
    EXPECT_EQ(parse_list_argument("-x").path, "-x");
    EXPECT_EQ(parse_list_argument("-backup dir").path, "-backup dir");
    EXPECT_EQ(parse_list_argument("-").path, "-");
    EXPECT_EQ(parse_list_argument("-a -x").path, "-x");
    EXPECT_EQ(parse_list_argument("--help").path, "--help");
}

TEST(IsShown, HidesDotFilesUnlessAsked) {
    const ListOptions plain;
    const ListOptions all = {.all = true};
    const ListOptions almost = {.almost_all = true};
    EXPECT_TRUE(is_shown(plain, "a"));
    EXPECT_FALSE(is_shown(plain, ".a"));
    EXPECT_TRUE(is_shown(all, ".a"));
    EXPECT_TRUE(is_shown(almost, ".a"));
    for (const std::string_view name : {".", ".."}) {
        EXPECT_FALSE(is_shown(plain, name));
        EXPECT_FALSE(is_shown(all, name));
    }
}

}  // namespace
}  // namespace sluice::proto
