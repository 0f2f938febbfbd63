#include "sluice/io/mailbox.hpp"

namespace sluice::io {

bool Mailbox::deliver_all() {
    MpscNode* node = queue_.pop_all();
    if (node == nullptr) { return false; }
    while (node != nullptr) {
        Message& message = static_cast<Message&>(*node);
        node = node->next;  // read first: delivering may free the message
        message.deliver(message);
    }
    return true;
}

}  // namespace sluice::io
