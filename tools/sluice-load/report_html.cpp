#include "report_html.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "report_json.hpp"

namespace sluice::load {
namespace {

// JSON that can stand inside <script>: "</script>" and "<!--" in a banner would end or open one.
std::string for_script(std::string_view json) {
    std::string text;
    text.reserve(json.size() + json.size() / 64);
    for (const char c : json) {
        if (c == '<') {
            text += "\\u003c";
        } else {
            text += c;
        }
    }
    return text;
}

std::string json_string(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string data_of(const std::vector<NamedReport>& reports, const std::vector<Pair>& pairs) {
    std::string runs;
    for (const NamedReport& one : reports) {
        const std::string json = to_json(one.report);
        // The name is not part of the schema: it is put in front of the first field.
        runs += (runs.empty() ? "{\"name\":" : ",{\"name\":") + json_string(one.name) + "," +
                json.substr(1);
    }
    return "{\"runs\":[" + runs + "],\"comparison\":" + comparison_json(pairs) + "}";
}

}  // namespace

std::string to_html(const std::vector<NamedReport>& reports, const std::vector<Pair>& pairs) {
    const std::string data = for_script(data_of(reports, pairs));
    const std::pair<std::string_view, std::string_view> parts[] = {
        {"@UPLOT_CSS@", kPlotCss},   {"@REPORT_CSS@", kPageCss},   {"@DATA@", data},
        {"@UPLOT_JS@", kPlotScript}, {"@REPORT_JS@", kPageScript},
    };
    // In the order of the page, once each: what is put in is not searched again.
    std::string page;
    std::string_view rest = kPageHtml;
    for (const auto& [mark, text] : parts) {
        const std::size_t at = rest.find(mark);
        if (at == std::string_view::npos) {
            continue;
        }
        page += rest.substr(0, at);
        page += text;
        rest.remove_prefix(at + mark.size());
    }
    page += rest;
    return page;
}

}  // namespace sluice::load
