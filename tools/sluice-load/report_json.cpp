#include "report_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "health.hpp"
#include "json_fields.hpp"
#include "scenarios.hpp"
#include "url.hpp"

namespace sluice::load {
namespace {

// More than any histogram has buckets.
constexpr std::size_t kBucketsMax = 10'000;
// Above this, a double of another program's parser is no longer exact, and sums could overflow.
constexpr std::uint64_t kCountMax = std::uint64_t{1} << 53;

// The fields that are read back as they were written: one list of names for both ways.
template <class AnyOptions, class Visit>
void visit_options(AnyOptions& options, const Visit& visit) {
    visit("scenario", options.scenario);
    visit("sessions", options.sessions);
    visit("threads", options.threads);
    visit("duration_ns", options.duration.ns);
    visit("warmup_ns", options.warmup.ns);
    visit("transfers_max", options.transfers_max);
    visit("congestion", options.congestion, Since::Later);
    visit("verify", options.verify);
    visit("seed", options.seed);
    visit("data_protected", options.tls.protects_data, Since::Later);
    visit("tls_ciphers", options.tls.ciphers, Since::Later);
    visit("tls_authorities", options.tls.authorities_file, Since::Later);
}

template <class AnyRun, class Visit>
void visit_totals(AnyRun& run, const Visit& visit) {
    visit("measured_seconds", run.measured_seconds);
    visit("actions_started", run.total.actions_started);
    visit("actions_done", run.total.actions_done);
    visit("actions_late", run.total.actions_late);
    visit("logins", run.total.logins);
    visit("bytes_received", run.total.bytes_received);
    visit("bytes_sent", run.total.bytes_sent);
    visit("tls_control_full", run.total.tls_control_full, Since::Later);
    visit("tls_control_resumed", run.total.tls_control_resumed, Since::Later);
    visit("tls_data_full", run.total.tls_data_full, Since::Later);
    visit("tls_data_resumed", run.total.tls_data_resumed, Since::Later);
}

template <class AnyFacts, class Visit>
void visit_tls(AnyFacts& facts, const Visit& visit) {
    visit("version", facts.version);
    visit("cipher", facts.cipher);
    visit("failure", facts.failure);
}

template <class AnyServer, class Visit>
void visit_server(AnyServer& server, const Visit& visit) {
    visit("known", server.known);
    visit("cpu_seconds", server.cpu_seconds);
    visit("resident_bytes", server.resident_bytes);
    visit("resident_before_bytes", server.resident_before);
    visit("proportional_bytes", server.proportional_bytes);
    visit("proportional_before_bytes", server.proportional_before, Since::Later);
    visit("context_switches", server.context_switches);
    visit("descriptors", server.descriptors);
    visit("sessions", server.sessions, Since::Later);
}

Json histogram_json(const Histogram& histogram) {
    Json buckets = Json::array();
    for (const Histogram::Bucket& bucket : histogram.buckets()) {
        buckets.push_back(Json::array({bucket.lowest_ns, bucket.count}));
    }
    Json json;
    json["count"] = histogram.count();
    json["sum_ns"] = histogram.sum();
    json["min_ns"] = histogram.min();
    json["max_ns"] = histogram.max();
    // For readers that want no histogram: derived, and not read back.
    json["mean_ns"] = histogram.mean();
    json["p50_ns"] = histogram.percentile(0.5);
    json["p90_ns"] = histogram.percentile(0.9);
    json["p99_ns"] = histogram.percentile(0.99);
    json["p999_ns"] = histogram.percentile(0.999);
    json["buckets"] = std::move(buckets);
    return json;
}

Json options_json(const Options& options) {
    Json phases = Json::array();
    for (const Phase& phase : options.phases) {
        phases.push_back({{"sessions", phase.sessions},
                          {"rate", phase.rate},
                          {"ramp_ns", phase.ramp.ns},
                          {"hold_ns", phase.hold.ns}});
    }
    Json json;
    json["url"] = show(options.url);
    json["arrivals"] = name_of(options.arrivals);
    json["data"] = name_of(options.data_mode);
    json["tls"] = name_of(options.url.tls);
    json["tls_resume"] = name_of(options.tls.resume);
    json["tls_version"] = name_of(options.tls.version);
    visit_options(options, WriteField(json));
    // Told, and never read back.
    json["timeout_ns"] = options.timeout.ns;
    json["source"] = options.source_network;
    json["engine"] = options.engine;
    json["phases"] = std::move(phases);
    return json;
}

Json totals_json(const Run& run) {
    Json json;
    visit_totals(run, WriteField(json));
    json["errors"] = run.total.troubles_total();
    json["throughput_bytes_per_second"] = throughput_of(run);
    json["actions_per_second"] = rate_of(run);
    return json;
}

Json seconds_json(const Run& run) {
    Json rows = Json::array();
    for (const Second& second : run.seconds) {
        rows.push_back(Json::array({second.bytes, second.actions, second.troubles, second.p50_ns,
                                    second.p99_ns, second.sessions}));
    }
    Json json;
    json["columns"] = {"bytes", "actions", "errors", "p50_ns", "p99_ns", "sessions"};
    json["rows"] = std::move(rows);
    return json;
}

Json server_json(const Run& run) {
    Json json;
    visit_server(run.server, WriteField(json));
    json["bytes_per_session"] = run.server.bytes_per_session();
    return json;
}

Json environment_json(const Report& report) {
    Json json;
    json["kernel"] = report.environment.kernel;
    json["processor"] = report.environment.processor;
    json["cores"] = report.environment.cores;
    json["loopback"] = report.environment.is_loopback;
    json["banner"] = report.run.banner;
    json["features"] = report.run.features;
    return json;
}

std::optional<std::uint64_t> whole(const Json& json) {
    return json.is_number_unsigned() ? std::optional(json.get<std::uint64_t>()) : std::nullopt;
}

void read_histogram(const Fields& fields, Histogram& histogram) {
    const Json& buckets = fields.list("buckets");
    std::uint64_t total = 0;
    for (const Json& pair : buckets) {
        const bool is_pair = pair.is_array() && pair.size() == 2 && pair[0].is_number_unsigned() &&
                             pair[1].is_number_unsigned();
        const std::uint64_t count = is_pair ? pair[1].get<std::uint64_t>() : kCountMax;
        if (buckets.size() > kBucketsMax || count >= kCountMax - total) {
            fields.complain("buckets", "a list of [lowest, count]");
            return;
        }
        total += count;
        histogram.add_bucket(Histogram::Bucket{pair[0].get<std::uint64_t>(), count});
    }
    std::uint64_t sum = 0;
    std::uint64_t min = 0;
    std::uint64_t max = 0;
    fields.read("sum_ns", sum);
    fields.read("min_ns", min);
    fields.read("max_ns", max);
    if (min > max) {
        fields.complain("min_ns", "at most max_ns");
        return;
    }
    histogram.restore(sum, min, max);
}

void read_options(const Fields& fields, Options& options, std::string& wrong) {
    std::string url;
    fields.read("url", url);
    visit_options(options, ReadField(fields));
    std::string arrivals;
    std::string data;
    fields.read("arrivals", arrivals);
    fields.read("data", data);
    for (const Arrivals each : {Arrivals::Closed, Arrivals::Constant, Arrivals::Poisson}) {
        options.arrivals = arrivals == name_of(each) ? each : options.arrivals;
    }
    for (const DataMode each : {DataMode::Epsv, DataMode::Pasv, DataMode::Eprt, DataMode::Port}) {
        options.data_mode = data == name_of(each) ? each : options.data_mode;
    }
    Parsed<Url> parsed = parse_url(url);
    if (parsed) {
        options.url = *std::move(parsed);
    } else if (wrong.empty()) {
        wrong = "'options.url': " + parsed.error();
    }
    std::string resume;
    std::string version;
    fields.read_if("tls_resume", resume);
    fields.read_if("tls_version", version);
    for (const TlsResume each : {TlsResume::None, TlsResume::Data, TlsResume::All}) {
        options.tls.resume = resume == name_of(each) ? each : options.tls.resume;
    }
    for (const TlsVersion each : {TlsVersion::Any, TlsVersion::Tls12, TlsVersion::Tls13}) {
        options.tls.version = version == name_of(each) ? each : options.tls.version;
    }
    for (const Json& item : fields.list("phases")) {
        Phase phase;
        const Fields each(item, "options.phases", wrong);
        each.read("sessions", phase.sessions);
        each.read("rate", phase.rate);
        each.read("ramp_ns", phase.ramp.ns);
        each.read("hold_ns", phase.hold.ns);
        options.phases.push_back(phase);
    }
}

void read_tally(const Fields& root, Tally& total) {
    const Fields histograms = root.child("histograms");
    for (std::size_t i = 0; i < total.steps.size(); ++i) {
        const char* const name = name_of(static_cast<Step>(i));
        // A step that never happened is left out.
        if (!histograms.find(name).is_null()) {
            read_histogram(histograms.child(name), total.steps[i]);
        }
    }
    const Fields errors = root.child("errors");
    for (std::size_t i = 0; i < total.troubles.size(); ++i) {
        const char* const name = name_of(static_cast<Trouble>(i));
        errors.read_if(name, total.troubles[i]);
    }
    const Fields replies = root.child("replies");
    for (std::size_t code = 0; code < total.replies.size(); ++code) {
        const std::string name = fmt::format("{:03}", code);
        replies.read_if(name.c_str(), total.replies[code]);
    }
}

void read_seconds(const Fields& fields, std::vector<Second>& seconds) {
    for (const Json& row : fields.list("rows")) {
        if (!row.is_array() || row.size() < 6 || seconds.size() >= kSecondsMax) {
            fields.complain("rows", "a list of rows with six numbers");
            return;
        }
        std::uint64_t cells[6] = {};
        for (std::size_t i = 0; i < 6; ++i) {
            const std::optional<std::uint64_t> cell = whole(row[i]);
            if (!cell) {
                fields.complain("rows", "a list of rows with six numbers");
                return;
            }
            cells[i] = *cell;
        }
        seconds.push_back(Second{cells[0], cells[1], cells[2], cells[3], cells[4],
                                 static_cast<std::uint32_t>(cells[5])});
    }
}

void read_rest(const Fields& root, Report& report, std::string& wrong) {
    root.read("tool", report.environment.tool);
    root.read("label", report.options.label);
    root.read("began_unix_ms", report.run.began_unix_ms);
    const Fields environment = root.child("environment");
    environment.read("kernel", report.environment.kernel);
    environment.read("processor", report.environment.processor);
    environment.read("cores", report.environment.cores);
    environment.read("loopback", report.environment.is_loopback);
    environment.read("banner", report.run.banner);
    environment.read("features", report.run.features);
    if (!root.find("tls").is_null()) {
        visit_tls(report.run.tls, ReadField(root.child("tls")));
    }
    const Fields generator = root.child("generator");
    generator.read("cpu_share", report.run.own_cpu_share);
    generator.read("lag_p99_ns", report.run.worst_lag_ns);
    for (const Json& item : root.list("requirements")) {
        Verdict verdict;
        const Fields each(item, "requirements", wrong);
        each.read("text", verdict.text);
        each.read("actual", verdict.actual);
        each.read("met", verdict.is_met);
        report.verdicts.push_back(std::move(verdict));
    }
}

}  // namespace

std::string to_json(const Report& report) {
    const Run& run = report.run;
    Json json;
    json["schema"] = kSchema;
    json["tool"] = report.environment.tool;
    json["label"] = report.options.label;
    json["began_unix_ms"] = run.began_unix_ms;
    json["environment"] = environment_json(report);
    json["options"] = options_json(report.options);
    json["totals"] = totals_json(run);
    json["generator"] = {{"cpu_share", run.own_cpu_share},
                         {"lag_p99_ns", run.worst_lag_ns},
                         {"warning", generator_warning(run)}};
    json["server"] = server_json(run);
    json["tls"] = Json::object();
    visit_tls(run.tls, WriteField(json["tls"]));
    json["errors"] = Json::object();
    for (std::size_t i = 0; i < run.total.troubles.size(); ++i) {
        json["errors"][name_of(static_cast<Trouble>(i))] = run.total.troubles[i];
    }
    json["replies"] = Json::object();
    for (std::size_t code = 0; code < run.total.replies.size(); ++code) {
        if (run.total.replies[code] > 0) {
            json["replies"][fmt::format("{:03}", code)] = run.total.replies[code];
        }
    }
    json["requirements"] = Json::array();
    for (const Verdict& verdict : report.verdicts) {
        json["requirements"].push_back(
            {{"text", verdict.text}, {"actual", verdict.actual}, {"met", verdict.is_met}});
    }
    json["seconds"] = seconds_json(run);
    json["histograms"] = Json::object();
    for (std::size_t i = 0; i < run.total.steps.size(); ++i) {
        if (run.total.steps[i].count() > 0) {
            json["histograms"][name_of(static_cast<Step>(i))] = histogram_json(run.total.steps[i]);
        }
    }
    // A banner may be in any encoding; what is no UTF-8 becomes U+FFFD instead of an abort.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Parsed<Report> from_json(std::string_view text) {
    const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) {
        return refuse("is no JSON");
    }
    std::string wrong;
    const Fields root(json, "", wrong);
    std::string schema;
    root.read("schema", schema);
    if (schema != kSchema) {
        return refuse(schema.empty() ? "is no report of sluice-load: it has no 'schema'"
                                     : fmt::format("has the schema '{}', and '{}' is what this "
                                                   "version reads",
                                                   schema, kSchema));
    }
    Report report;
    read_rest(root, report, wrong);
    read_options(root.child("options"), report.options, wrong);
    visit_totals(report.run, ReadField(root.child("totals")));
    read_tally(root, report.run.total);
    read_seconds(root.child("seconds"), report.run.seconds);
    visit_server(report.run.server, ReadField(root.child("server")));
    if (!wrong.empty()) {
        return refuse(wrong);
    }
    return report;
}

}  // namespace sluice::load
