// The record of a conversation, for the report of a failed transcript.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "pattern.hpp"

namespace sluice::conform {

class WireLog {
public:
    // `mark` says who speaks: "A>", "A<", "A data>".
    void note(std::string_view mark, std::string_view bytes) {
        if (lines_ < kLinesMax) {
            text_.append(mark).append(" ").append(printable(bytes, 200)).append("\n");
        } else if (lines_ == kLinesMax) {
            text_ += "(more)\n";
        }
        ++lines_;
    }
    std::string take() { return std::move(text_); }

private:
    static constexpr std::size_t kLinesMax = 200;
    std::string text_;
    std::size_t lines_ = 0;
};

}  // namespace sluice::conform
