// The command line of conform_run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "world.hpp"

namespace sluice::conform {

inline constexpr std::string_view kUsage =
    "usage: conform_run --server-binary PATH [--engine NAME] [--shards N] [--codes FILE]\n"
    "           [--results FILE] [--match TEXT]... PATH...\n"
    "       conform_run --server ADDRESS:PORT --codes FILE [--user NAME --password WORD]\n"
    "           [--root DIR [--owner UID] | --tree ftp|none] [--reference NAME]\n"
    "           [--patience-ms N] [--results FILE] [--match TEXT]... PATH...\n";

struct Arguments {
    std::string binary;
    std::string engine = "auto";
    std::uint32_t shards = 2;
    Endpoint server;
    std::string root;
    std::uint32_t owner = 0;
    std::string tree = "ftp";  // where no --root is given; or "none"
    std::string user;
    std::string password;
    std::string reference;
    std::string codes;
    std::string results;
    std::uint32_t patience_ms = 10'000;
    std::vector<std::string> matches;
    std::vector<std::filesystem::path> paths;
};

// False: it says nothing that can be run, and kUsage is to be shown.
bool parse_arguments(int count, char** values, Arguments& out);

}  // namespace sluice::conform
