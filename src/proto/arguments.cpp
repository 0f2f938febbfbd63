#include "sluice/proto/arguments.hpp"

namespace sluice::proto {
namespace {

// Takes a quoted word off the front of `rest`, which begins with its quote.
Result<std::string> take_quoted(std::string_view& rest) {
    std::string word;
    std::size_t at = 1;
    while (true) {
        const std::size_t quote = rest.find('"', at);
        if (quote == std::string_view::npos) { return fail(Errc::BadArgument); }
        word.append(rest.substr(at, quote - at));
        at = quote + 1;
        if (at == rest.size() || rest[at] != '"') { break; }
        word.push_back('"');
        ++at;
    }
    if (word.empty() || (at < rest.size() && rest[at] != ' ')) { return fail(Errc::BadArgument); }
    rest.remove_prefix(at);
    return word;
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view argument, std::size_t words_max) {
    std::vector<std::string> words;
    while (true) {
        const std::size_t first = argument.find_first_not_of(' ');
        if (first == std::string_view::npos) { return words; }
        argument.remove_prefix(first);
        if (words.size() == words_max) { return fail(Errc::BadArgument); }
        if (argument.front() == '"') {
            Result<std::string> word = take_quoted(argument);
            if (!word) { return fail(word.error()); }
            words.push_back(std::move(*word));
        } else {
            words.emplace_back(argument.substr(0, argument.find(' ')));
            argument.remove_prefix(words.back().size());
        }
    }
}

Result<std::string> unquote(std::string_view argument) {
    if (argument.empty() || argument.front() != '"') { return std::string(argument); }
    Result<std::string> name = take_quoted(argument);
    if (name && !argument.empty()) { return fail(Errc::BadArgument); }
    return name;
}

}  // namespace sluice::proto
