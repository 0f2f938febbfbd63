#include "sluice/io/mailbox.hpp"

namespace sluice::io {

bool Mailbox::deliver_all() {
    MpscQueue<Message>::Chain arrived = queue_.pop_all();
    if (arrived.is_empty()) { return false; }
    while (Message* message = arrived.pop_front()) { message->deliver(*message); }
    return true;
}

}  // namespace sluice::io
