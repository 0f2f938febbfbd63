// A screen as a value: rows of cells, each a character and how it looks.
//
// The full-screen view is drawn into one of these, so that what it shows can be tested without a
// terminal; tui.cpp copies it to a real one. What is outside is cut off. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::load {

enum class Look : std::uint8_t { Plain, Strong, Dim, Good, Warning, Bad };

struct Cell {
    char32_t glyph = U' ';  // one column wide
    Look look = Look::Plain;
};

class Canvas {
public:
    // Larger than any screen; what a terminal says beyond that is a mistake of the terminal.
    static constexpr int kRowsMax = 500;
    static constexpr int kColumnsMax = 1000;

    Canvas(int rows, int columns);

    int rows() const { return rows_; }
    int columns() const { return columns_; }
    // (row, column) lies inside.
    const Cell& at(int row, int column) const;

    void put(int row, int column, char32_t glyph, Look look = Look::Plain);
    // Each byte that is no printable ASCII becomes '?': names and replies of a server must neither
    // command the terminal nor be wider than they are long. Returns the column behind the text.
    int put(int row, int column, std::string_view text, Look look = Look::Plain);

    // For tests: a row in UTF-8, without blanks at its end.
    std::string row_text(int row) const;

private:
    int rows_;
    int columns_;
    std::vector<Cell> cells_;
};

}  // namespace sluice::load
