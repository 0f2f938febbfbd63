#include "canvas.hpp"

#include <algorithm>

#include "sluice/base/assert.hpp"

namespace sluice::load {
namespace {

// Of the characters that are drawn, none is beyond the basic plane.
void append_utf8(std::string& text, char32_t glyph) {
    const auto code = static_cast<std::uint32_t>(glyph);
    const auto add = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xC0 | code >> 6);
        add(0x80 | (code & 0x3F));
    } else {
        add(0xE0 | (code >> 12 & 0x0F));
        add(0x80 | (code >> 6 & 0x3F));
        add(0x80 | (code & 0x3F));
    }
}

}  // namespace

Canvas::Canvas(int rows, int columns)
    : rows_(std::clamp(rows, 1, kRowsMax)),
      columns_(std::clamp(columns, 1, kColumnsMax)),
      cells_(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_)) {}

const Cell& Canvas::at(int row, int column) const {
    SLUICE_ASSERT(row >= 0 && row < rows_ && column >= 0 && column < columns_);
    return cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
                  static_cast<std::size_t>(column)];
}

void Canvas::put(int row, int column, char32_t glyph, Look look) {
    if (row < 0 || row >= rows_ || column < 0 || column >= columns_) {
        return;
    }
    cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
           static_cast<std::size_t>(column)] = Cell{glyph, look};
}

int Canvas::put(int row, int column, std::string_view text, Look look) {
    for (const char c : text) {
        const bool is_printable = c >= ' ' && c <= '~';
        put(row, column++, is_printable ? static_cast<char32_t>(c) : U'?', look);
    }
    return column;
}

std::string Canvas::row_text(int row) const {
    std::string text;
    for (int column = 0; column < columns_; ++column) {
        append_utf8(text, at(row, column).glyph);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

}  // namespace sluice::load
