#include "tree_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace sluice::conform {
namespace {

std::string_view name_of(NodeKind kind) {
    switch (kind) {
        case NodeKind::Missing:
            return "nothing";
        case NodeKind::File:
            return "a file";
        case NodeKind::Directory:
            return "a directory";
        case NodeKind::Link:
            return "a symbolic link";
        case NodeKind::Other:
            return "a special file";
    }
    return "?";
}

}  // namespace

std::int64_t parse_timestamp(std::string_view text) {
    constexpr std::size_t kDigits = 14;
    if (text.size() != kDigits ||
        !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        return -1;
    }
    const auto field = [text](std::size_t at, std::size_t size) {
        int value = 0;
        for (const char c : text.substr(at, size)) {
            value = value * 10 + (c - '0');
        }
        return value;
    };
    std::tm date = {};
    date.tm_year = field(0, 4) - 1900;
    date.tm_mon = field(4, 2) - 1;
    date.tm_mday = field(6, 2);
    date.tm_hour = field(8, 2);
    date.tm_min = field(10, 2);
    date.tm_sec = field(12, 2);
    return ::timegm(&date);
}

std::string TreeSteps::problem(std::string_view what, const Status& status) {
    is_unsupported_ = !status && status.error() == Errc::NotSupported;
    return status ? std::string() : fmt::format("{}: {}", what, text_of(status.error()));
}

std::string TreeSteps::run(const Step& step) {
    if (step.word < Word::Exists) {
        return change(step);
    }
    world_.begin_patience();
    std::string wrong = check(step);
    while (!wrong.empty() && step.eventually && world_.pass_moment()) {
        wrong = check(step);
    }
    return wrong;
}

std::string TreeSteps::make_file(const Step& step, const std::string& path) {
    if (!step.bytes.empty()) {
        std::optional<std::string> value = contents_.evaluate(step.bytes, variables_);
        if (!value) {
            return "cannot evaluate this expression";
        }
        contents_.put(path, std::move(*value));
    } else {
        contents_.generate(path, step.number);
    }
    if (step.word == Word::Bytes) {
        return {};
    }
    if (contents_.is_sparse(path)) {
        const Status made = world_.tree().make_file(path, {});
        return problem("cannot make the file",
                       made ? world_.tree().truncate(path, step.number) : made);
    }
    return problem("cannot make the file", world_.tree().make_file(path, *contents_.find(path)));
}

std::string TreeSteps::change(const Step& step) {
    const std::string path = expand(step.text, variables_);
    const std::string second = step.words.empty() ? "" : expand(step.words[0], variables_);
    switch (step.word) {
        case Word::Dir:
            return problem("cannot make the directory", world_.tree().make_directory(path));
        case Word::File:
        case Word::Bytes:
            return make_file(step, path);
        case Word::Link: {
            std::string target = second;
            constexpr std::string_view kOutside = "@outside";
            if (target.starts_with(kOutside)) {
                target.replace(0, kOutside.size(), world_.tree().outside_path());
            }
            return problem("cannot make the link", world_.tree().make_link(path, target));
        }
        case Word::Fifo:
            return problem("cannot make the fifo", world_.tree().make_fifo(path));
        case Word::Mode:
            return problem(
                "cannot set the mode",
                world_.tree().set_permissions(path, static_cast<std::uint32_t>(step.number)));
        case Word::Mtime: {
            const std::int64_t seconds = parse_timestamp(second);
            return seconds < 0
                       ? "not a time: YYYYMMDDhhmmss"
                       : problem("cannot set the time", world_.tree().set_modified(path, seconds));
        }
        case Word::Truncate:
            return problem("cannot truncate", world_.tree().truncate(path, step.number));
        case Word::Rename:
            return problem("cannot rename", world_.tree().rename(path, second));
        case Word::Remove:
            return problem("cannot remove", world_.tree().remove(path));
        default:
            return "not a word of the tree";
    }
}

std::string TreeSteps::check(const Step& step) {
    const std::string path = expand(step.text, variables_);
    const Node node = world_.tree().look(path);
    switch (step.word) {
        case Word::Exists:
            return node.kind != NodeKind::Missing ? "" : fmt::format("'{}' is missing", path);
        case Word::Missing:
            return node.kind == NodeKind::Missing
                       ? ""
                       : fmt::format("'{}' is {}", path, name_of(node.kind));
        case Word::Content:
            return check_content(step, path);
        case Word::Size:
            return node.kind == NodeKind::File && node.size == step.number
                       ? ""
                       : fmt::format("'{}' is {} of {} bytes", path, name_of(node.kind), node.size);
        case Word::Permissions:
            if (world_.provides("remote-tree")) {
                return problem("cannot see permissions", fail(Errc::NotSupported));
            }
            return node.permissions == step.number
                       ? ""
                       : fmt::format("'{}' has permissions {:04o}", path, node.permissions);
        case Word::Modified:
            return node.modified_seconds == parse_timestamp(expand(step.words[0], variables_))
                       ? ""
                       : fmt::format("'{}' was modified at {}", path, node.modified_seconds);
        case Word::Only:
            return check_only(step, path);
        default:
            return "not a check of the tree";
    }
}

std::string TreeSteps::check_content(const Step& step, const std::string& path) {
    const std::optional<std::string> expected = contents_.evaluate(step.bytes, variables_);
    if (!expected) {
        return "cannot evaluate this expression";
    }
    const Result<std::string> found = world_.tree().content(path);
    if (!found) {
        return fmt::format("cannot read '{}': {}", path, text_of(found.error()));
    }
    if (*found == *expected) {
        return {};
    }
    return fmt::format("'{}' holds {} bytes: {}; expected {}: {}", path, found->size(),
                       printable(*found, 80), expected->size(), printable(*expected, 80));
}

std::string TreeSteps::check_only(const Step& step, const std::string& path) {
    Result<std::vector<std::string>> found = world_.tree().entries(path);
    if (!found) {
        return fmt::format("cannot list '{}': {}", path, text_of(found.error()));
    }
    std::vector<std::string> expected;
    for (const std::string& name : step.words) {
        expected.push_back(expand(name, variables_));
    }
    std::sort(expected.begin(), expected.end());
    std::sort(found->begin(), found->end());
    if (*found == expected) {
        return {};
    }
    std::string names;
    for (const std::string& name : *found) {
        names += " '" + printable(name, 80) + "'";
    }
    return fmt::format("'{}' holds{}", path, names.empty() ? " nothing" : names);
}

}  // namespace sluice::conform
