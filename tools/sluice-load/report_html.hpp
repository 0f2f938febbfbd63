// The results as a page: one file with its plots, its script and its data, and no request to
// anywhere.
//
// The page is page/report.html with the JSON of the runs inside; page/report.js draws it with uPlot
// (page/LICENSE.uPlot). Shared by a run, which is one report, and by `compare`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compare.hpp"

namespace sluice::load {

std::string to_html(const std::vector<NamedReport>& reports, const std::vector<Pair>& pairs);

// The files of page/, put into the binary by page/embed.py.
extern const std::string_view kPageHtml;
extern const std::string_view kPageCss;
extern const std::string_view kPageScript;
extern const std::string_view kPlotCss;
extern const std::string_view kPlotScript;

}  // namespace sluice::load
