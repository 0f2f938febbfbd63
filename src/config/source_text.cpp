#include "config/source_text.hpp"

namespace sluice::config {

SourceText::SourceText(std::string_view name, std::string_view text) : name_(name), text_(text) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        lines_.push_back(line);
    }
}

std::string_view SourceText::line(std::size_t number) const {
    return number >= 1 && number <= lines_.size() ? lines_[number - 1] : std::string_view();
}

std::size_t SourceText::offset(std::size_t number) const {
    if (number < 1 || number > lines_.size()) {
        return text_.size();
    }
    return static_cast<std::size_t>(lines_[number - 1].data() - text_.data());
}

Place SourceText::place(std::uint32_t line_number, std::uint32_t column,
                        std::uint32_t length) const {
    Place place;
    place.kind = Place::Kind::File;
    place.name = name_;
    place.line = line_number;
    place.column = column;
    place.length = length;
    place.source_line = line(line_number);
    return place;
}

}  // namespace sluice::config
