// The words of a transcript that set up and check the tree.
#pragma once

#include <string>
#include <string_view>

#include "contents.hpp"
#include "pattern.hpp"
#include "transcript.hpp"
#include "world.hpp"

namespace sluice::conform {

class TreeSteps {
public:
    TreeSteps(World& world, Contents& contents, const Variables& variables)
        : world_(world), contents_(contents), variables_(variables) {}

    static bool is_tree_word(Word word) { return word <= Word::Only; }

    // "" when the step held, else what was wrong.
    std::string run(const Step& step);
    // The last step did not hold because this World cannot do such a thing.
    bool is_unsupported() const { return is_unsupported_; }

private:
    std::string problem(std::string_view what, const Status& status);
    std::string change(const Step& step);
    std::string make_file(const Step& step, const std::string& path);
    std::string check(const Step& step);
    std::string check_content(const Step& step, const std::string& path);
    std::string check_only(const Step& step, const std::string& path);

    World& world_;
    Contents& contents_;
    const Variables& variables_;
    bool is_unsupported_ = false;
};

// "20200102030405" as seconds since 1970, UTC; negative when it is not a date.
std::int64_t parse_timestamp(std::string_view text);

}  // namespace sluice::conform
