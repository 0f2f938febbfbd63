// The scenarios with a name: what `sluice-load small-files URL` does, as a mix of work. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "parsed.hpp"

namespace sluice::load {

std::span<const std::string_view> scenario_names();
std::span<const std::string_view> action_names();  // of a workload file
const char* name_of(Action action);
const char* name_of(DataMode mode);
const char* name_of(Arrivals arrivals);
const char* name_of(TlsMode mode);
const char* name_of(TlsResume resume);
const char* name_of(TlsVersion version);

// "download" to Action; false for anything else.
bool action_of(std::string_view name, Action& action);

// What the files of an action are when nobody said: '%' keeps sessions from writing into each
// other's file.
inline constexpr const char* kUploadPath = "load-%.bin";

// The mix of a scenario. `paths` are those of --path; the URL's own path is the folder of them when
// it ends in '/' or the first of them when it does not. Refused when the scenario needs a file to
// read and there is none.
Parsed<std::vector<Work>> mix_of(std::string_view scenario, const std::string& url_path,
                                 const std::vector<std::string>& paths, const Sizes& sizes);

}  // namespace sluice::load
