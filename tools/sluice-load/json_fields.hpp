// Fields of JSON objects, written and read back by one list of their names. Used by
// report_json.cpp. Pure; a file of anybody may be read, so nothing here asserts what it says.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>

namespace sluice::load {

using Json = nlohmann::ordered_json;

// What a file must have: fields of Later were added within a version and may be missing.
enum class Since : std::uint8_t { Begin, Later };

class WriteField {
public:
    explicit WriteField(Json& json) : json_(json) {}
    template <class T>
    void operator()(const char* name, const T& value, Since = Since::Begin) const {
        json_[name] = value;
    }

private:
    Json& json_;
};

// Reads the fields of one object; a field that is missing or of another kind is told once.
class Fields {
public:
    Fields(const Json& json, std::string where, std::string& wrong)
        : json_(json), where_(std::move(where)), wrong_(wrong) {}

    // The field, or a null that answers no question; where files of version 1 may leave it out.
    const Json& find(const char* name) const {
        static const Json kNothing;
        if (!json_.is_object()) {
            return kNothing;
        }
        const auto found = json_.find(name);
        return found == json_.end() ? kNothing : *found;
    }

    template <class T>
    void read(const char* name, T& target) const {
        const Json& field = find(name);
        if constexpr (std::is_same_v<T, std::string>) {
            const std::string* const text = field.get_ptr<const std::string*>();
            text != nullptr ? void(target = *text) : complain(name, "a text");
        } else if constexpr (std::is_same_v<T, bool>) {
            field.is_boolean() ? void(target = field.get<bool>()) : complain(name, "true or false");
        } else if constexpr (std::is_floating_point_v<T>) {
            field.is_number() ? void(target = field.get<T>()) : complain(name, "a number");
        } else {
            read_whole(name, field, target);
        }
    }

    // A field that older files of version 1 do not have.
    template <class T>
    void read_if(const char* name, T& target) const {
        if (!find(name).is_null()) {
            read(name, target);
        }
    }

    Fields child(const char* name) const {
        const Json& field = find(name);
        if (!field.is_object()) {
            complain(name, "an object");
        }
        return Fields(field, path(name), wrong_);
    }

    const Json& list(const char* name) const {
        static const Json kEmpty = Json::array();
        const Json& field = find(name);
        if (!field.is_array()) {
            complain(name, "a list");
            return kEmpty;
        }
        return field;
    }

    void complain(const char* name, const char* wanted) const {
        if (wrong_.empty()) {
            wrong_ = fmt::format("'{}' is missing or not {}", path(name), wanted);
        }
    }

private:
    template <class T>
    void read_whole(const char* name, const Json& field, T& target) const {
        // All our whole numbers are at least 0; those of time are signed for arithmetic alone.
        const bool fits =
            field.is_number_unsigned() &&
            field.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<T>::max());
        fits ? void(target = static_cast<T>(field.get<std::uint64_t>()))
             : complain(name, "a whole number");
    }

    std::string path(const char* name) const { return where_.empty() ? name : where_ + "." + name; }

    const Json& json_;
    std::string where_;
    std::string& wrong_;
};

class ReadField {
public:
    explicit ReadField(const Fields& fields) : fields_(fields) {}
    template <class T>
    void operator()(const char* name, T& target, Since since = Since::Begin) const {
        since == Since::Begin ? fields_.read(name, target) : fields_.read_if(name, target);
    }

private:
    const Fields& fields_;
};

}  // namespace sluice::load
