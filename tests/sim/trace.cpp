#include "sim/trace.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace sluice::sim {

void Trace::note(const char* what, std::uint64_t a, std::uint64_t b, std::uint64_t c) {
    const Event event = {clock_.now().ns, what, a, b, c};
    mix(static_cast<std::uint64_t>(event.at));
    for (const char* p = what; *p != '\0'; ++p) {
        mix(static_cast<std::uint8_t>(*p));
    }
    mix(a);
    mix(b);
    mix(c);
    ring_[count_++ % kKept] = event;
    if (verbose_) { print(event); }
}

void Trace::note_text(const char* what, std::uint64_t who, std::string_view text) {
    std::uint64_t sum = text.size();
    for (const char c : text) {
        sum = sum * 31 + static_cast<std::uint8_t>(c);
    }
    note(what, who, text.size(), sum);
    if (!verbose_) { return; }
    const int shown = static_cast<int>(std::min<std::size_t>(text.size(), 120));
    std::fprintf(stderr, "             | ");
    for (int i = 0; i < shown; ++i) {
        const unsigned char c = static_cast<unsigned char>(text[static_cast<std::size_t>(i)]);
        if (c >= 0x20 && c < 0x7F) {
            std::fputc(c, stderr);
        } else {
            std::fprintf(stderr, "\\x%02x", static_cast<unsigned>(c));
        }
    }
    std::fputc('\n', stderr);
}

void Trace::print(const Event& event) const {
    std::fprintf(stderr, "%14.6f %-24s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                 static_cast<double>(event.at) / 1e9, event.what, event.a, event.b, event.c);
}

void Trace::dump() const {
    const std::uint64_t first = count_ > kKept ? count_ - kKept : 0;
    for (std::uint64_t i = first; i < count_; ++i) {
        print(ring_[i % kKept]);
    }
}

}  // namespace sluice::sim
