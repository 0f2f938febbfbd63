#include "scenarios.hpp"

#include <fmt/format.h>

#include <array>

namespace sluice::load {
namespace {

constexpr std::array<std::string_view, 10> kScenarios = {
    "download", "upload", "mixed", "login",        "small-files",
    "list",     "noop",   "idle",  "slow-readers", "abort",
};
// In the order of Action.
constexpr std::array<std::string_view, 9> kActions = {
    "download", "upload", "login", "small-files", "list", "noop", "idle", "slow-reader", "abort",
};

bool reads_files(Action action) {
    return action == Action::Download || action == Action::SmallFiles ||
           action == Action::SlowReader || action == Action::Abort;
}

std::vector<std::string> below(const std::string& url_path, const std::vector<std::string>& paths) {
    if (url_path.ends_with('/')) {
        std::vector<std::string> all;
        for (const std::string& path : paths) {
            all.push_back(url_path + path);
        }
        return all;
    }
    std::vector<std::string> all = paths;
    if (!url_path.empty()) {
        all.insert(all.begin(), url_path);
    }
    return all;
}

Work work_of(Action action, double weight) {
    Work work;
    work.action = action;
    work.weight = weight;
    return work;
}

}  // namespace

std::span<const std::string_view> scenario_names() {
    return kScenarios;
}
std::span<const std::string_view> action_names() {
    return kActions;
}

const char* name_of(Action action) {
    return kActions[static_cast<std::size_t>(action)].data();
}

const char* name_of(DataMode mode) {
    constexpr const char* kNames[] = {"epsv", "pasv", "eprt", "port"};
    return kNames[static_cast<std::size_t>(mode)];
}

const char* name_of(Arrivals arrivals) {
    constexpr const char* kNames[] = {"closed", "constant", "poisson"};
    return kNames[static_cast<std::size_t>(arrivals)];
}

const char* name_of(TlsMode mode) {
    constexpr const char* kNames[] = {"off", "explicit", "implicit"};
    return kNames[static_cast<std::size_t>(mode)];
}

const char* name_of(TlsResume resume) {
    constexpr const char* kNames[] = {"none", "data", "all"};
    return kNames[static_cast<std::size_t>(resume)];
}

const char* name_of(TlsVersion version) {
    constexpr const char* kNames[] = {"any", "1.2", "1.3"};
    return kNames[static_cast<std::size_t>(version)];
}

bool action_of(std::string_view name, Action& action) {
    for (std::size_t i = 0; i < kActions.size(); ++i) {
        if (kActions[i] == name) {
            action = static_cast<Action>(i);
            return true;
        }
    }
    return false;
}

Parsed<std::vector<Work>> mix_of(std::string_view scenario, const std::string& url_path,
                                 const std::vector<std::string>& paths, const Sizes& sizes) {
    std::vector<Work> mix;
    Action action = Action::SlowReader;  // "slow-readers" is the one plural
    if (scenario == "mixed") {
        // A mirror with guests who also leave files: reads lead, listings are what clients do
        // first.
        mix = {work_of(Action::Download, 60), work_of(Action::Upload, 20),
               work_of(Action::List, 20)};
    } else if (scenario == "slow-readers" || action_of(scenario, action)) {
        mix = {work_of(action, 1)};
    } else {
        return refuse(fmt::format("'{}' is no scenario", scenario));
    }
    const std::vector<std::string> files = below(url_path, paths);
    const std::string folder = url_path.ends_with('/') ? url_path : "";
    for (Work& work : mix) {
        work.sizes = sizes;
        if (reads_files(work.action)) {
            work.paths = files;
            if (files.empty()) {
                return refuse(fmt::format(
                    "'{}' reads files, so it needs one: put its path into the URL, like "
                    "ftp://host/file, or give --path FILE",
                    scenario));
            }
        } else if (work.action == Action::Upload) {
            // The files of a mix are those to read: uploads must not replace them.
            const bool is_named = mix.size() == 1 && !files.empty();
            work.paths = is_named ? files : std::vector<std::string>{folder + kUploadPath};
        } else if (work.action == Action::List) {
            const bool is_named = mix.size() == 1 && !files.empty();
            work.paths = is_named ? files : std::vector<std::string>{folder};
        }
    }
    return mix;
}

}  // namespace sluice::load
