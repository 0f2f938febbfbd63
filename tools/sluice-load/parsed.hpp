// What a person wrote, understood, or the sentence that says what is wrong with it.
//
// The server's Result carries an Errc, which a program handles; here a human is on the other side,
// so the error is a text: without a program name in front, without a line end, and with what to do.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace sluice::load {

template <class T>
using Parsed = tl::expected<T, std::string>;

inline tl::unexpected<std::string> refuse(std::string sentence) {
    return tl::unexpected<std::string>(std::move(sentence));
}

}  // namespace sluice::load
