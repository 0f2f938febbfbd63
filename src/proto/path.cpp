#include "sluice/proto/path.hpp"

#include <algorithm>

namespace sluice::proto {
namespace {

bool has_forbidden_byte(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
}

}  // namespace

Result<std::string> normalise(std::string_view cwd, std::string_view argument) {
    if (has_forbidden_byte(argument)) {
        return fail(Errc::BadName);
    }
    std::string path;
    path.reserve(cwd.size() + argument.size() + 1);
    // While it is built, the root is the empty text, so that every component begins with '/'.
    const bool is_absolute = !argument.empty() && argument.front() == '/';
    if (!is_absolute && cwd != "/") {
        path = cwd;
    }

    std::size_t at = 0;
    while (at < argument.size()) {
        const std::size_t end = std::min(argument.find('/', at), argument.size());
        const std::string_view component = argument.substr(at, end - at);
        at = end + 1;
        if (component.empty() || component == ".") {
            continue;
        }
        if (component == "..") {
            const std::size_t slash = path.rfind('/');
            path.resize(slash == std::string::npos ? 0 : slash);
            continue;
        }
        if (component.size() > kPathComponentBytesMax) {
            return fail(Errc::NameTooLong);
        }
        path += '/';
        path += component;
    }
    if (path.size() > kPathBytesMax) {
        return fail(Errc::NameTooLong);
    }
    if (path.empty()) {
        path = "/";
    }
    return path;
}

bool is_component(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= kPathComponentBytesMax &&
           name.find('/') == std::string_view::npos && !has_forbidden_byte(name);
}

bool is_normal(std::string_view path) {
    if (path == "/") {
        return true;
    }
    if (path.empty() || path.front() != '/' || path.size() > kPathBytesMax) {
        return false;
    }
    std::size_t at = 1;
    while (at <= path.size()) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (!is_component(path.substr(at, end - at))) {
            return false;
        }
        at = end + 1;
    }
    return true;
}

SplitPath split_parent(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        return {"/", path};
    }
    return {slash == 0 ? path.substr(0, 1) : path.substr(0, slash), path.substr(slash + 1)};
}

std::string_view relative_to_root(std::string_view path) {
    return path.size() <= 1 ? std::string_view(".") : path.substr(1);
}

void append_quoted(std::string& out, std::string_view path) {
    out += '"';
    for (const char c : path) {
        out += c;
        if (c == '"') {
            out += '"';
        }
    }
    out += '"';
}

}  // namespace sluice::proto
