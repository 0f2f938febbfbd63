#include "arguments.hpp"

#include <charconv>
#include <map>

namespace sluice::conform {
namespace {

bool parse_number(const std::string& text, std::uint32_t& out) {
    const char* const end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, out);
    return error == std::errc() && last == end;
}

bool parse_server(const std::string& value, Endpoint& out) {
    const std::size_t colon = value.rfind(':');
    std::uint32_t port = 0;
    if (colon == std::string::npos || !parse_number(value.substr(colon + 1), port) || port == 0 ||
        port > 65535) {
        return false;
    }
    out.host = value.substr(0, colon);
    out.port = static_cast<std::uint16_t>(port);
    return true;
}

}  // namespace

bool parse_arguments(int count, char** values, Arguments& out) {
    const std::map<std::string_view, std::string*> texts = {{"--server-binary", &out.binary},
                                                            {"--engine", &out.engine},
                                                            {"--root", &out.root},
                                                            {"--tree", &out.tree},
                                                            {"--user", &out.user},
                                                            {"--password", &out.password},
                                                            {"--reference", &out.reference},
                                                            {"--codes", &out.codes},
                                                            {"--results", &out.results}};
    const std::map<std::string_view, std::uint32_t*> numbers = {
        {"--shards", &out.shards}, {"--owner", &out.owner}, {"--patience-ms", &out.patience_ms}};
    for (int i = 1; i < count; ++i) {
        const std::string_view word(values[i]);
        if (!word.starts_with("--")) {
            out.paths.emplace_back(word);
            continue;
        }
        if (++i == count) {
            return false;
        }
        const std::string value(values[i]);
        if (const auto text = texts.find(word); text != texts.end()) {
            *text->second = value;
        } else if (const auto number = numbers.find(word); number != numbers.end()) {
            if (!parse_number(value, *number->second)) {
                return false;
            }
        } else if (word == "--match") {
            out.matches.push_back(value);
        } else if (word != "--server" || !parse_server(value, out.server)) {
            return false;
        }
    }
    const bool is_other = out.server.port != 0;
    return !out.paths.empty() && out.binary.empty() == is_other &&
           !(is_other && out.codes.empty()) && (out.tree == "ftp" || out.tree == "none");
}

}  // namespace sluice::conform
