// The mark of a control connection inside a ticket (the application data of OpenSSL's sessions).
#pragma once

#include <optional>

#include "sluice/tls/connection.hpp"
#include "tls/handles.hpp"

namespace sluice::tls {

// Nothing: a ticket of a data connection that showed nothing.
std::optional<Mark> mark_of(SSL_SESSION* session);
bool set_mark(SSL_SESSION* session, const std::optional<Mark>& mark);

}  // namespace sluice::tls
