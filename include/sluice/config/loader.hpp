// From the sources of configuration to one checked Snapshot.
//
//     Loader loader;
//     loader.add_file("/etc/sluice/sluice.toml", text);
//     loader.add_environment(environ);
//     loader.add_flag("--shards", "server.shards", "2");
//     const Loaded loaded = std::move(loader).finish();
//     if (!loaded.is_valid()) { print(loaded.diagnostics.render()); }
//
// What is added later wins, so the order of the calls is the order of precedence: file,
// environment, flags. A wrong value is an error also where a later source overrides it.
// No I/O: the caller has read the file. Owned by: main. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/diagnostic.hpp"
#include "sluice/config/snapshot.hpp"

namespace sluice::config {

// A thousand times a full configuration. The reader of the file must stop here; the loader refuses
// more as well.
inline constexpr std::size_t kFileBytesMax = 1 << 20;
// Environment variables are SLUICE_<SECTION>__<KEY>, in capitals.
inline constexpr std::string_view kEnvironmentPrefix = "SLUICE_";

struct Loaded {
    Snapshot snapshot;          // the defaults where a value was refused
    std::vector<Place> places;  // where each field has its value from, in the order of the schema
    Diagnostics diagnostics;

    bool is_valid() const { return diagnostics.errors() == 0; }
};

class Loader {
public:
    Loader();

    // `file_name` is only for messages.
    void add_file(std::string_view file_name, std::string_view text);

    // Takes the "NAME=value" strings that start with the prefix and have "__" in the name; the
    // others (Kubernetes sets SLUICE_PORT for a service of that name) are not ours. `environment`
    // ends with a null pointer; null itself is an empty one.
    void add_environment(const char* const* environment);

    // A flag that stands for one key; `flag` is its spelling for messages.
    void add_flag(std::string_view flag, std::string_view key, std::string_view value);

    // The argument of --set: "section.key=value".
    void add_assignment(std::string_view flag, std::string_view assignment);

    Loaded finish() &&;

private:
    void add_word(Place place, std::string_view key, std::string_view value);
    void report(Place place, std::string message, std::string hint);

    Loaded loaded_;
};

}  // namespace sluice::config
