#include "sluice/io/stop.hpp"

namespace sluice::io {

std::string_view text_of(StopReason reason) {
    switch (reason) {
        case StopReason::None: return "none";
        case StopReason::ClientGone: return "client-gone";
        case StopReason::Quit: return "quit";
        case StopReason::Abor: return "abor";
        case StopReason::IdleTimeout: return "idle-timeout";
        case StopReason::LoginTimeout: return "login-timeout";
        case StopReason::Stalled: return "stalled";
        case StopReason::Drain: return "drain";
        case StopReason::Kill: return "kill";
        case StopReason::Limit: return "limit";
        case StopReason::Protocol: return "protocol";
    }
    return "none";
}

}  // namespace sluice::io
