// Whom a client's certificate names.
#pragma once

#include <string>
#include <string_view>

#include "sluice/tls/connection.hpp"
#include "tls/handles.hpp"

namespace sluice::tls {

// Whether `name` is exactly what the certificate says, byte for byte. Of common names it may have
// only one: which of several counts is a question that programs answer differently.
bool is_named(X509* certificate, ClientName kind, std::string_view name);

}  // namespace sluice::tls
