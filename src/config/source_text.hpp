// A configuration file as numbered lines, for messages that quote them. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/diagnostic.hpp"

namespace sluice::config {

// Views `text`, which must outlive it.
class SourceText {
public:
    SourceText(std::string_view name, std::string_view text);

    std::size_t line_count() const { return lines_.size(); }
    // Lines count from 1, as in messages; "" beyond the last one. Without its line end.
    std::string_view line(std::size_t number) const;
    // Offset of the first byte of a line in the text.
    std::size_t offset(std::size_t number) const;
    Place place(std::uint32_t line_number, std::uint32_t column, std::uint32_t length) const;

private:
    std::string name_;
    std::string_view text_;
    std::vector<std::string_view> lines_;
};

}  // namespace sluice::config
