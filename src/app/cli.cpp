#include "app/cli.hpp"

#include <fmt/format.h>
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/config/loader.hpp"
#include "sluice/config/near_miss.hpp"
#include "sluice/config/print.hpp"

namespace sluice::app {
namespace {

constexpr const char* kFooter =
    "Flags override the environment (SLUICE_<SECTION>__<KEY>), which overrides FILE.\n"
    "All keys with their units and defaults: sluiced --print-default-config\n";

// Help that fits a screen of 24 x 80: one line an option, no headings.
class OneScreen final : public CLI::Formatter {
public:
    std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
        std::string text = "Usage: sluiced [DIR] [OPTION]...\n" + app->get_description() + "\n\n";
        for (const CLI::Option* option : app->get_options({})) {
            text += make_option(option, !option->nonpositional());
        }
        return text + "\n" + app->get_footer();
    }

    std::string make_option(const CLI::Option* option, bool is_positional) const override {
        std::string left = "  ";
        if (is_positional) {
            left += option->get_name(true);
        } else {
            const std::vector<std::string>& letters = option->get_snames();
            left += letters.empty() ? "    " : "-" + letters.front() + ", ";
            left += "--" + option->get_lnames().front();
            if (option->get_type_size() > 0) {
                left += " " + option->get_type_name();
            }
        }
        return fmt::format("{:<29} {}\n", left, option->get_description());
    }
};

// What stands on the command line, not yet checked against the schema.
struct Flags {
    std::string directory;
    std::string config;
    std::vector<std::string> listen;
    std::string passive_ports;
    std::string public_address;
    std::string engine;
    std::string shards;
    bool is_writable = false;
    bool speaks_tls = false;
    std::vector<std::string> settings;
    bool check_config = false;
    bool dump_config = false;
    bool print_default_config = false;
};

// Options that stand for one key each: they are given to the loader as text.
struct KeyOption {
    const char* flag;
    const char* key;
    std::string Flags::*value;
};
constexpr KeyOption kKeyOptions[] = {
    {"--passive-ports", "server.passive_ports", &Flags::passive_ports},
    {"--public-address", "server.public_address", &Flags::public_address},
    {"--engine", "server.engine", &Flags::engine},
    {"--shards", "server.shards", &Flags::shards},
    {"DIR", "server.root", &Flags::directory},
};

void add_options(CLI::App& app, Flags& flags) {
    app.description("Serves the folder DIR over FTP, to anonymous users, read-only.");
    app.footer(kFooter);
    app.formatter(std::make_shared<OneScreen>());
    app.set_help_flag();  // the one of CLI11 would come first in the list

    app.add_option("DIR", flags.directory, "Folder to serve (default: the current one)");
    const auto text = [&](const char* name, std::string& target, const char* type,
                          const char* help) {
        app.add_option(name, target, help)->type_name(type);
    };
    // One argument each time: "--listen A DIR" must leave DIR alone.
    const auto repeated = [&](const char* name, std::vector<std::string>& target, const char* type,
                              const char* help) {
        app.add_option(name, target, help)->type_name(type)->allow_extra_args(false);
    };
    text("-c,--config", flags.config, "FILE", "Read the configuration from FILE");
    repeated("--listen", flags.listen, "ADDR:PORT", "Listen there, like \"*:21\"; repeatable");
    text("--passive-ports", flags.passive_ports, "A-B", "Ports for passive data connections");
    text("--public-address", flags.public_address, "IP", "Address to announce, behind NAT");
    text("--engine", flags.engine, "NAME", "auto, io_uring or epoll");
    text("--shards", flags.shards, "N", "Event loops, 0 = one per core");
    app.add_flag("--writable", flags.is_writable, "Let anonymous users change files");
    app.add_flag("--tls", flags.speaks_tls, "Offer AUTH TLS, self-signed unless configured");
    repeated("--set", flags.settings, "KEY=VALUE", "Set any key, like log.level=debug; repeatable");
    app.add_flag("-C,--check-config", flags.check_config, "Print OK or all that hinders a start, exit");
    app.add_flag("--dump-config", flags.dump_config, "Print all values and their origins");
    app.add_flag("--print-default-config", flags.print_default_config,
                 "Print a commented configuration file");
    app.set_version_flag("--version", "sluiced " SLUICE_VERSION, "Print the version and exit");
    app.set_help_flag("-h,--help", "Print this and exit");
}

Invocation exit_with(int code, std::string output, std::string messages) {
    Invocation invocation;
    invocation.exit_code = code;
    invocation.output = std::move(output);
    invocation.messages = std::move(messages);
    return invocation;
}

Invocation usage_error(std::string_view what) {
    return exit_with(EX_USAGE, "", fmt::format("sluiced: {}\nTry 'sluiced --help'.\n", what));
}

// What CLI11 could not place: an option it does not know, or a second DIR.
Invocation unexpected(const CLI::App& app) {
    const std::vector<std::string> rest = app.remaining();
    const std::string first = rest.empty() ? "" : rest.front();
    if (first.size() < 2 || first.front() != '-') {
        return usage_error(fmt::format("only one DIR can be served, what is '{}'?", first));
    }
    const std::string flag = first.substr(0, first.find('='));
    const std::vector<const CLI::Option*> options = app.get_options({});
    std::vector<std::string_view> names;
    for (const CLI::Option* option : options) {
        for (const std::string& name : option->get_lnames()) {
            names.push_back(name);
        }
    }
    const std::size_t dashes = std::min(flag.find_first_not_of('-'), flag.size());
    const std::string_view bare = std::string_view(flag).substr(dashes);
    const std::string_view near = config::near_miss(bare, names);
    return usage_error(near.empty()
                           ? fmt::format("unknown option '{}'", flag)
                           : fmt::format("unknown option '{}'; did you mean '--{}'?", flag, near));
}

void add_flags(config::Loader& loader, const CLI::App& app, const Flags& flags) {
    // --set first: an option with a name of its own is the more deliberate one.
    for (const std::string& setting : flags.settings) {
        loader.add_assignment("--set", setting);
    }
    if (!flags.listen.empty()) {
        loader.add_flag("--listen", "server.listen",
                        fmt::format("{}", fmt::join(flags.listen, ",")));
    }
    for (const KeyOption& option : kKeyOptions) {
        // An empty text is a value too, and mostly a wrong one.
        if (app.count(option.flag) > 0) {
            loader.add_flag(option.flag, option.key, flags.*option.value);
        }
    }
    if (flags.is_writable) {
        loader.add_flag("--writable", "anonymous.writable", "true");
    }
    if (flags.speaks_tls) {
        loader.add_flag("--tls", "tls.mode", "optional");
        loader.add_flag("--tls", "tls.self_signed", "true");
    }
}

int code_of(const config::Diagnostics& diagnostics) {
    if (diagnostics.errors() == 0) {
        return EX_OK;
    }
    const bool is_flag_only =
        diagnostics.errors_from(config::Place::Kind::Flag) == diagnostics.errors();
    return is_flag_only ? EX_USAGE : EX_CONFIG;
}

Invocation load(const CLI::App& app, const Flags& flags, const char* const* environment,
                const ReadFile& read_file) {
    config::Loader loader;
    if (app.count("--config") > 0) {
        const Result<std::string> text = read_file(flags.config, config::kFileBytesMax);
        if (!text) {
            return exit_with(EX_NOINPUT, "",
                             fmt::format("sluiced: cannot read '{}': {}\n", flags.config,
                                         text_of(text.error())));
        }
        loader.add_file(flags.config, *text);
    }
    loader.add_environment(environment);
    add_flags(loader, app, flags);

    config::Loaded loaded = std::move(loader).finish();
    Invocation invocation;
    invocation.config_file = flags.config;
    invocation.messages = loaded.diagnostics.render();
    invocation.exit_code = code_of(loaded.diagnostics);
    if (!loaded.is_valid()) {
        return invocation;
    }
    if (flags.dump_config) {
        invocation.output = config::print_config_with_places(loaded);
        return invocation;
    }
    invocation.action =
        flags.check_config ? Invocation::Action::Check : Invocation::Action::Serve;
    invocation.snapshot = std::move(loaded.snapshot);
    return invocation;
}

}  // namespace

Invocation interpret(int argc, const char* const* argv, const char* const* environment,
                     const ReadFile& read_file) {
    CLI::App app("", "sluiced");
    Flags flags;
    try {
        add_options(app, flags);
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return exit_with(EX_OK, app.help(), "");
    } catch (const CLI::CallForVersion& version) {
        return exit_with(EX_OK, std::string(version.what()) + "\n", "");
    } catch (const CLI::ExtrasError&) {
        return unexpected(app);
    } catch (const CLI::Error& error) {
        return usage_error(error.what());
    }
    if (flags.print_default_config) {
        return exit_with(EX_OK, config::print_default_config(), "");
    }
    return load(app, flags, environment, read_file);
}

}  // namespace sluice::app
