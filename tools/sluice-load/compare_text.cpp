// A comparison as people and as the page read it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "compare.hpp"
#include "human.hpp"

namespace sluice::load {
namespace {

std::string shortened(const std::string& text, std::size_t columns) {
    return text.size() <= columns ? text : text.substr(0, columns - 2) + "..";
}

// At most six columns up to a million.
std::string ratio_text(double ratio) {
    const int decimals = ratio < 9.9995 ? 3 : (ratio < 999.995 ? 2 : 0);
    return fmt::format("{:.{}f}", ratio, decimals);
}

// Breaks a sentence at blanks to fit the screen.
std::string wrapped(std::string_view text) {
    constexpr std::size_t kColumns = 80;
    std::string out = " ";
    std::size_t used = 1;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        if (used > 2 && used + 1 + columns_of(word) > kColumns) {
            out += "\n  ";
            used = 2;
        }
        out += fmt::format(" {}", word);
        used += 1 + columns_of(word);
        text.remove_prefix(std::min(word.size() + 1, text.size()));
    }
    return out + "\n";
}

}  // namespace

std::string_view words_of(Compared::Says says) {
    switch (says) {
        case Compared::Says::Nothing:
            return "";
        case Compared::Says::Same:
            return "no difference";
        case Compared::Says::Better:
            return "better";
        case Compared::Says::Worse:
            return "worse";
    }
    return "";
}

std::string comparison_text(const std::vector<Pair>& pairs) {
    std::string text;
    const auto out = std::back_inserter(text);
    for (const Pair& pair : pairs) {
        fmt::format_to(out, "{:<17}{:>13} {:>13} {:>6}  {}\n", "", shortened(pair.base_name, 13),
                       shortened(pair.other_name, 13), "ratio", "95 % interval");
        for (const Compared& row : pair.rows) {
            fmt::format_to(out, "{:<17}{:>13} {:>13} {:>6}", row.name, row.base, row.other,
                           ratio_text(row.ratio));
            if (row.high > 0) {
                const std::string interval = ratio_text(row.low) + "-" + ratio_text(row.high);
                fmt::format_to(out, "  {:<13} {}", interval, words_of(row.says));
            }
            text.erase(text.find_last_not_of(' ') + 1);
            text += '\n';
        }
        text += wrapped("=> " + pair.verdict);
        for (const std::string& note : pair.notes) {
            text += wrapped("note: " + note);
        }
        text += "\n";
    }
    return text;
}

std::string comparison_json(const std::vector<Pair>& pairs) {
    using Json = nlohmann::ordered_json;
    Json list = Json::array();
    for (const Pair& pair : pairs) {
        Json rows = Json::array();
        for (const Compared& row : pair.rows) {
            rows.push_back({{"name", row.name},
                            {"base", row.base},
                            {"other", row.other},
                            {"ratio", row.ratio},
                            {"low", row.low},
                            {"high", row.high},
                            {"says", std::string(words_of(row.says))}});
        }
        list.push_back({{"base", pair.base_name},
                        {"other", pair.other_name},
                        {"verdict", pair.verdict},
                        {"notes", pair.notes},
                        {"rows", std::move(rows)}});
    }
    return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::load
