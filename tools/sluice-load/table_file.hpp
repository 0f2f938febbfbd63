// A file of TOML tables, and what is said of its mistakes: each with line and column, all together.
//
// It knows TOML and no workload: the keys, and what their values mean, are its caller's. Made for
// one file by main, before a run; one thread.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/corrected_toml.hpp"
#include "config/source_text.hpp"
#include "parsed.hpp"
#include "sluice/config/diagnostic.hpp"

namespace sluice::load {

class TableFile {
public:
    // `text` must outlive this.
    TableFile(std::string_view name, std::string_view text) : source_(name, text), text_(text) {}

    // Nothing when it is no TOML, or beyond the bounds of what toml++ reads in bounded stack; then
    // there is an error to tell.
    std::optional<toml::table> parse();

    bool has_errors() const { return diagnostics_.errors() > 0; }
    // Ready to print: messages with their places, and a line end.
    std::string complaints() const { return diagnostics_.render(); }

    // What is wrong, and where; `hint` stands behind it.
    void wrong(const toml::source_region& region, std::string message, std::string hint = "");
    // Of the file as a whole.
    void wrong_altogether(std::string message);

    // Tells every key that is not among `known`.
    void check_keys(const toml::table& table, const char* where,
                    std::initializer_list<std::string_view> known);

    // Reads table[key], where it is, into `target` by `read_value`, which refuses with a sentence.
    // A value that `is_number` is given to it as it is written, any other must be a text.
    template <class T, class Target, class Parse>
    void take(const toml::table& table, const char* key, bool is_number, Target& target,
              Parse read_value) {
        const toml::node* const node = table.get(key);
        if (node == nullptr) {
            return;
        }
        const std::optional<std::string> text = text_of(*node, key, is_number);
        if (!text) {
            return;
        }
        Parsed<T> value = read_value(std::string_view(*text));
        if (value) {
            target = static_cast<Target>(*std::move(value));
        } else {
            wrong(node->source(), value.error());
        }
    }

    // Calls `read` with each table of the list [[key]], of which there may be `count_max`.
    template <class Read>
    void for_each(const toml::table& root, const char* key, std::size_t count_max, Read read) {
        const toml::node* const node = root.get(key);
        if (node == nullptr) {
            return;
        }
        const toml::array* const list = node->as_array();
        if (list == nullptr) {
            wrong(node->source(), fmt::format("'{0}' is a list of tables: [[{0}]]", key));
            return;
        }
        if (list->size() > count_max) {
            wrong(list->get(count_max)->source(), fmt::format("more than {} of them", count_max));
            return;
        }
        for (const toml::node& item : *list) {
            if (item.as_table() != nullptr) {
                read(*item.as_table());
            } else {
                wrong(item.source(), fmt::format("'{0}' is a list of tables: [[{0}]]", key));
            }
        }
    }

private:
    bool is_within_limits();
    void add(config::Place place, std::string message, std::string hint);
    std::optional<std::string> text_of(const toml::node& node, const char* key, bool is_number);

    config::SourceText source_;
    std::string_view text_;
    config::Diagnostics diagnostics_;
};

}  // namespace sluice::load
