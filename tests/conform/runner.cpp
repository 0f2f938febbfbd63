#include "runner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "conversation.hpp"
#include "data_steps.hpp"
#include "tree_steps.hpp"

namespace sluice::conform {
namespace {

class Play {
public:
    Play(const Transcript& transcript, World& world, const RunOptions& options)
        : transcript_(transcript),
          world_(world),
          foreign_(options.foreign),
          tree_(world, contents_, variables_),
          conversation_(world, contents_, variables_, trouble_, options.reference, options.foreign),
          data_(world, conversation_, contents_, variables_, trouble_) {}

    Outcome run() {
        Outcome outcome;
        outcome.message = reason_to_skip();
        if (!outcome.message.empty()) {
            outcome.verdict = Verdict::Skipped;
            return outcome;
        }
        set_endpoint_variables();
        for (at_ = 0; at_ < transcript_.steps.size() && trouble_.none(); ++at_) {
            outcome.line = transcript_.steps[at_].line;
            run_step(transcript_.steps[at_]);
        }
        std::string message = trouble_.message();
        if (message.empty()) {
            message = say_goodbye();
        }
        close_everything();
        if (!message.empty()) {
            outcome.verdict = trouble_.is_inapplicable() ? Verdict::Skipped : Verdict::Failed;
            outcome.message = std::move(message);
            outcome.conversation = conversation_.log().take();
            outcome.command = conversation_.session().exchanges.current();
        }
        outcome.exchanges = conversation_.take_exchanges();
        return outcome;
    }

private:
    std::string reason_to_skip() {
        for (const std::string& need : transcript_.requirements) {
            if (need == "sluice" ? foreign_ != nullptr : !world_.provides(need)) {
                return fmt::format("needs {}", need);
            }
        }
        if (foreign_ == nullptr) {
            return {};
        }
        if (!transcript_.settings.empty()) {
            return "needs settings of sluice";
        }
        if (transcript_.writable && !foreign_->writable) {
            return "needs a writable server";
        }
        if (transcript_.is_readonly && foreign_->writable) {
            return "needs a read-only server";
        }
        if (foreign_->user != "anonymous" && names_a_guest()) {
            return "needs anonymous logins";
        }
        const bool needs_tree = std::any_of(transcript_.steps.begin(), transcript_.steps.end(),
                                            [](const Step& step) { return is_of_tree(step.word); });
        return needs_tree && !foreign_->has_tree ? "needs files on the server" : "";
    }

    bool names_a_guest() const {
        return std::any_of(transcript_.steps.begin(), transcript_.steps.end(),
                           [](const Step& step) {
                               return step.word == Word::Say &&
                                      (step.text == "USER anonymous" || step.text == "USER ftp");
                           });
    }

    static bool is_of_tree(Word word) {
        return word != Word::Let && word != Word::Bytes && TreeSteps::is_tree_word(word);
    }

    void set_endpoint_variables() {
        if (const auto endpoint = world_.control_endpoint(Family::Ipv4)) {
            variables_["control_port"] = fmt::format("{}", endpoint->port);
            variables_["control_high"] = fmt::format("{}", endpoint->port >> 8);
            variables_["control_low"] = fmt::format("{}", endpoint->port & 0xFF);
        }
    }

    void run_step(const Step& step) {
        if (step.word != Word::Let && TreeSteps::is_tree_word(step.word)) {
            std::string wrong = tree_.run(step);
            if (!wrong.empty() && foreign_ != nullptr && tree_.is_unsupported()) {
                trouble_.set_inapplicable(std::move(wrong));
            }
            trouble_.set_unless_empty(std::move(wrong));
            return;
        }
        switch (step.word) {
            case Word::Let:
                let(step);
                return;
            case Word::Connect:
                conversation_.connect(step);
                return;
            case Word::Session:
                conversation_.use_session(step.text);
                return;
            case Word::Login:
                conversation_.login(step.text);
                return;
            case Word::Say:
            case Word::Raw:
            case Word::Pipeline:
                conversation_.say(step);
                return;
            case Word::Repeat:
                conversation_.repeat(step);
                return;
            case Word::Split:
                conversation_.split_into(step.number);
                return;
            case Word::Tls:
                if (step.words.empty() || step.words.front() == "off" ||
                    step.words.front() == "as") {
                    conversation_.change_tls(step.words);
                } else {
                    data_.protect(step.words);
                }
                return;
            case Word::Reply:
                conversation_.expect_reply(step);
                if (foreign_ != nullptr) {
                    skip_inner_lines(step);
                }
                return;
            case Word::ReplyRest:
                skip_reply();
                return;
            case Word::WholeReply:
                conversation_.expect_whole(step.text);
                return;
            case Word::ExpectClose:
                conversation_.expect_close();
                return;
            case Word::CloseControl:
                conversation_.end_control(false);
                return;
            case Word::AbortControl:
                conversation_.end_control(true);
                return;
            case Word::Data:
                data_.set_up(step.words);
                return;
            case Word::Dial:
                data_.dial(step.words);
                return;
            default:
                data_.run(step);
                return;
        }
    }

    void let(const Step& step) {
        const std::optional<std::string> value = contents_.evaluate(step.bytes, variables_);
        if (value) {
            variables_.insert_or_assign(step.text, *value);
        } else {
            trouble_.set("cannot evaluate this expression");
        }
    }

    void skip_reply() {
        const Step* next =
            at_ + 1 < transcript_.steps.size() ? &transcript_.steps[at_ + 1] : nullptr;
        if (next != nullptr && next->word != Word::Reply) {
            next = nullptr;
        }
        if (conversation_.skip_reply(next)) {
            ++at_;
        }
    }

    // Another server's whole reply has been read at its first line; what the transcript says about
    // the lines inside concerns sluice, but for facts.
    void skip_inner_lines(const Step& first) {
        if (first.text.size() < 4 || first.text[3] != '-') {
            return;
        }
        const std::string end = first.text.substr(0, 3) + " ";
        while (at_ + 1 < transcript_.steps.size()) {
            const Step& next = transcript_.steps[at_ + 1];
            if (next.word != Word::Reply && next.word != Word::ReplyRest) {
                return;
            }
            ++at_;
            if (next.word == Word::Reply && next.text.starts_with(end)) {
                return;
            }
            if (next.word == Word::Reply && next.text.starts_with(' ') &&
                next.text.find(';') != std::string::npos && end == "250 ") {
                conversation_.expect_facts(next.text);
            }
        }
    }

    // Whatever is still unread would stand before the 221.
    std::string say_goodbye() {
        conversation_.split_into(0);
        for (const auto& session : conversation_.sessions()) {
            if (!session->channel) {
                continue;
            }
            data_.release_all(*session);
            conversation_.use_session(*session);
            conversation_.send_line("QUIT");
            conversation_.expect_last("221");
            if (trouble_.none()) {
                conversation_.expect_close();
            }
            if (!trouble_.none()) {
                return fmt::format("at the end of session {}: {}", session->name,
                                   trouble_.message());
            }
        }
        return {};
    }

    void close_everything() {
        for (const auto& session : conversation_.sessions()) {
            data_.release_all(*session);
            if (session->channel) {
                world_.close(*session->channel);
            }
        }
    }

    const Transcript& transcript_;
    World& world_;
    const ForeignServer* foreign_;
    Contents contents_;
    Variables variables_;
    Trouble trouble_;
    TreeSteps tree_;
    Conversation conversation_;
    DataSteps data_;
    std::size_t at_ = 0;
};

}  // namespace

Outcome run_transcript(const Transcript& transcript, World& world, const RunOptions& options) {
    return Play(transcript, world, options).run();
}

}  // namespace sluice::conform
