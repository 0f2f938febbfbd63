#include "runner.hpp"

#include <fmt/format.h>

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
          tree_(world, contents_, variables_),
          conversation_(world, contents_, variables_, trouble_, options.reference),
          data_(world, conversation_, contents_, variables_, trouble_) {}

    Outcome run() {
        Outcome outcome;
        for (const std::string& need : transcript_.requirements) {
            if (!world_.provides(need)) {
                outcome.verdict = Verdict::Skipped;
                outcome.message = fmt::format("needs {}", need);
                return outcome;
            }
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
            outcome.verdict = Verdict::Failed;
            outcome.message = std::move(message);
            outcome.conversation = conversation_.log().take();
        }
        return outcome;
    }

private:
    void set_endpoint_variables() {
        if (const auto endpoint = world_.control_endpoint(Family::Ipv4)) {
            variables_["control_port"] = fmt::format("{}", endpoint->port);
            variables_["control_high"] = fmt::format("{}", endpoint->port >> 8);
            variables_["control_low"] = fmt::format("{}", endpoint->port & 0xFF);
        }
    }

    void run_step(const Step& step) {
        if (step.word != Word::Let && TreeSteps::is_tree_word(step.word)) {
            trouble_.set_unless_empty(tree_.run(step));
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
            case Word::Split:
                conversation_.split_into(step.number);
                return;
            case Word::Reply:
                conversation_.expect_reply(step);
                return;
            case Word::ReplyRest:
                skip_reply();
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
