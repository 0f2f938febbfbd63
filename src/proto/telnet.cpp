#include "sluice/proto/telnet.hpp"

#include <cstring>

namespace sluice::proto {
namespace {

// RFC 854.
constexpr std::uint8_t kSubEnd = 240;
constexpr std::uint8_t kSubBegin = 250;
constexpr std::uint8_t kWill = 251;
constexpr std::uint8_t kWont = 252;
constexpr std::uint8_t kDo = 253;
constexpr std::uint8_t kDont = 254;
constexpr std::uint8_t kIac = 255;

void answer(TelnetAnswers& answers, std::uint8_t verb, std::uint8_t option) {
    if (answers.size + 3 > answers.bytes.size()) {
        return;
    }
    answers.bytes[answers.size++] = kIac;
    answers.bytes[answers.size++] = verb;
    answers.bytes[answers.size++] = option;
}

}  // namespace

std::size_t TelnetFilter::filter(MutableBytes bytes, TelnetAnswers& answers) {
    std::uint8_t* const data = bytes.data();
    const std::size_t size = bytes.size();
    std::size_t read = 0;
    std::size_t kept = 0;
    while (read < size) {
        if (state_ == State::Text) {
            const void* const found = std::memchr(data + read, kIac, size - read);
            const std::size_t stop =
                found == nullptr
                    ? size
                    : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data);
            if (kept != read) {
                std::memmove(data + kept, data + read, stop - read);
            }
            kept += stop - read;
            read = stop;
            if (found != nullptr) {
                state_ = State::Iac;
                ++read;
            }
            continue;
        }
        const std::uint8_t byte = data[read++];
        switch (state_) {
            case State::Text:
                break;
            case State::Iac:
                state_ = State::Text;
                if (byte == kIac) {
                    data[kept++] = kIac;
                } else if (byte == kWill) {
                    state_ = State::Will;
                } else if (byte == kWont) {
                    state_ = State::Wont;
                } else if (byte == kDo) {
                    state_ = State::Do;
                } else if (byte == kDont) {
                    state_ = State::Dont;
                } else if (byte == kSubBegin) {
                    state_ = State::Sub;
                    skipped_ = 0;
                }
                break;
            case State::Will:
                answer(answers, kDont, byte);
                state_ = State::Text;
                break;
            case State::Do:
                answer(answers, kWont, byte);
                state_ = State::Text;
                break;
            case State::Wont:
            case State::Dont:
                state_ = State::Text;
                break;
            case State::Sub:
            case State::SubIac:
                ++skipped_;
                if (state_ == State::SubIac && byte == kSubEnd) {
                    state_ = State::Text;
                } else if (skipped_ == kSubnegotiationBytesMax) {
                    state_ = State::Text;
                } else {
                    // IAC IAC inside is one data byte, and IAC with anything else is malformed;
                    // both go on being skipped.
                    const bool opens = state_ == State::Sub && byte == kIac;
                    state_ = opens ? State::SubIac : State::Sub;
                }
                break;
        }
    }
    return kept;
}

}  // namespace sluice::proto
