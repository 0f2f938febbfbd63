// The text of messages: positions, quoted lines, carets, counts and bounds.
#include "sluice/config/diagnostic.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sluice::config {
namespace {

Diagnostic in_file(std::uint32_t line, std::uint32_t column, std::uint32_t length,
                   std::string source_line, std::string message, std::string hint = "") {
    Diagnostic diagnostic;
    diagnostic.place.kind = Place::Kind::File;
    diagnostic.place.name = "a.toml";
    diagnostic.place.line = line;
    diagnostic.place.column = column;
    diagnostic.place.length = length;
    diagnostic.place.source_line = std::move(source_line);
    diagnostic.message = std::move(message);
    diagnostic.hint = std::move(hint);
    return diagnostic;
}

std::string rendered(Diagnostic diagnostic) {
    Diagnostics diagnostics;
    diagnostics.add(std::move(diagnostic));
    return diagnostics.render();
}

TEST(Diagnostics, SayNothingWhenThereIsNothing) {
    EXPECT_EQ(Diagnostics().render(), "");
}

TEST(Diagnostics, UnderlineThePlaceAndPutTheHintBehind) {
    EXPECT_EQ(rendered(in_file(4, 3, 4, "  root = 5", "bad", "did you mean 'x'?")),
              "a.toml:4:3: bad\n"
              "    4 |   root = 5\n"
              "      |   ^^^^ did you mean 'x'?\n"
              "1 error\n");
}

TEST(Diagnostics, UnderlineCodePointsNotBytesAndNotBeyondTheLine) {
    EXPECT_EQ(rendered(in_file(12345, 5, 999, "ä = 'öö'", "bad")),
              "a.toml:12345:5: bad\n"
              "12345 | ä = 'öö'\n"
              "      |     ^^^^\n"
              "1 error\n");
}

TEST(Diagnostics, PointBehindTheEndOfALine) {
    EXPECT_EQ(rendered(in_file(1, 5, 0, "a = ", "bad")),
              "a.toml:1:5: bad\n"
              "    1 | a = \n"
              "      |     ^\n"
              "1 error\n");
}

TEST(Diagnostics, ShowControlCharactersAsBlanks) {
    EXPECT_EQ(rendered(in_file(1, 2, 1, "\t5\x1b[31m\x7f", "bad")),
              "a.toml:1:2: bad\n"
              "    1 |  5 [31m \n"
              "      |  ^\n"
              "1 error\n");
}

TEST(Diagnostics, CutALongLineAroundThePlace) {
    const std::string text = rendered(in_file(1, 5001, 3, std::string(5000, 'a') + "bcd", "bad"));
    EXPECT_NE(text.find("aaaabcd\n"), std::string::npos) << text;
    EXPECT_NE(text.find(std::string(40, ' ') + "^^^\n"), std::string::npos) << text;
    EXPECT_LT(text.size(), 300u);

    const std::string wide = rendered(in_file(1, 1, 9000, std::string(9000, 'a'), "bad"));
    EXPECT_LT(wide.size(), 400u);
}

TEST(Diagnostics, NameTheVariableOrTheFlag) {
    Diagnostic diagnostic;
    diagnostic.message = "bad";
    diagnostic.hint = "did you mean 'x'?";
    diagnostic.place.kind = Place::Kind::Environment;
    diagnostic.place.name = "SLUICE_A__B";
    EXPECT_EQ(rendered(diagnostic), "environment SLUICE_A__B: bad; did you mean 'x'?\n1 error\n");
    diagnostic.place.kind = Place::Kind::Flag;
    diagnostic.place.name = "--set";
    EXPECT_EQ(rendered(diagnostic), "--set: bad; did you mean 'x'?\n1 error\n");
}

TEST(Diagnostics, CountErrorsAndWarningsAndComeInTheOrderOfTheFile) {
    Diagnostics diagnostics;
    Diagnostic warning = in_file(9, 1, 1, "", "late");
    warning.severity = Severity::Warning;
    Diagnostic flag;
    flag.place.kind = Place::Kind::Flag;
    flag.place.name = "--x";
    flag.message = "last";
    diagnostics.add(flag);
    diagnostics.add(warning);
    diagnostics.add(in_file(2, 8, 1, "", "second"));
    diagnostics.add(in_file(2, 3, 1, "", "first"));
    EXPECT_EQ(diagnostics.render(),
              "a.toml:2:3: first\na.toml:2:8: second\na.toml:9:1: late (warning)\n--x: last\n"
              "3 errors, 1 warning\n");
    EXPECT_EQ(diagnostics.errors(), 3u);
    EXPECT_EQ(diagnostics.warnings(), 1u);
    EXPECT_EQ(diagnostics.errors_from(Place::Kind::Flag), 1u);
    EXPECT_EQ(diagnostics.errors_from(Place::Kind::File), 2u);
    EXPECT_EQ(diagnostics.errors_from(Place::Kind::Environment), 0u);
}

TEST(Diagnostics, KeepABoundedNumberAndCountTheRest) {
    Diagnostics diagnostics;
    for (std::uint32_t i = 0; i < 250; ++i) {
        diagnostics.add(in_file(i + 1, 1, 1, "", "bad"));
    }
    EXPECT_EQ(diagnostics.kept().size(), Diagnostics::kKeptMax);
    EXPECT_EQ(diagnostics.errors(), 250u);
    const std::string text = diagnostics.render();
    EXPECT_NE(text.find("\n... and 150 more\n250 errors\n"), std::string::npos);
}

TEST(Place, SaysWhereAValueCameFrom) {
    EXPECT_EQ(Place().text(), "default");
    EXPECT_EQ(in_file(3, 7, 1, "", "").place.text(), "a.toml:3");
    Place place;
    place.kind = Place::Kind::Flag;
    place.name = "--listen";
    EXPECT_EQ(place.text(), "--listen");
}

}  // namespace
}  // namespace sluice::config
