// What stands on the command line, not yet understood. Owned by interpret() (options_parse.cpp).
#pragma once

#include <string>
#include <vector>

namespace sluice::load {

struct Flags {
    std::vector<std::string> words;  // the scenario and the URL
    std::string scenario, workload, sessions, rate, duration, warmup, ramp, transfers, threads;
    std::vector<std::string> paths;
    std::string size, data, source, engine, congestion, manifest, timeout, seed, label;
    std::string server_pid, server_cgroup, json, html, progress;
    std::string tls, data_protection, tls_version, tls_ciphers, tls_resume, tls_ca;
    std::vector<std::string> require;
    bool poisson = false;
    bool verify = false;
    bool tui = false;
};

struct TextOption {
    const char* name;
    std::string Flags::*target;
};
inline constexpr TextOption kTextOptions[] = {
    {"--scenario", &Flags::scenario},
    {"--workload", &Flags::workload},
    {"--sessions", &Flags::sessions},
    {"--rate", &Flags::rate},
    {"--duration", &Flags::duration},
    {"--warmup", &Flags::warmup},
    {"--ramp", &Flags::ramp},
    {"--transfers", &Flags::transfers},
    {"--threads", &Flags::threads},
    {"--size", &Flags::size},
    {"--data", &Flags::data},
    {"--source", &Flags::source},
    {"--engine", &Flags::engine},
    {"--congestion", &Flags::congestion},
    {"--manifest", &Flags::manifest},
    {"--timeout", &Flags::timeout},
    {"--seed", &Flags::seed},
    {"--label", &Flags::label},
    {"--server-pid", &Flags::server_pid},
    {"--server-cgroup", &Flags::server_cgroup},
    {"--json", &Flags::json},
    {"--html", &Flags::html},
    {"--progress", &Flags::progress},
    {"--tls", &Flags::tls},
    {"--data-protection", &Flags::data_protection},
    {"--tls-version", &Flags::tls_version},
    {"--tls-ciphers", &Flags::tls_ciphers},
    {"--tls-resume", &Flags::tls_resume},
    {"--tls-ca", &Flags::tls_ca},
};

}  // namespace sluice::load
