#include "human.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice::load {
namespace {

struct Unit {
    double factor;
    const char* name;
};

template <std::size_t kCount>
std::string in_unit(double value, const Unit (&units)[kCount]) {
    for (const Unit& unit : units) {
        // 999.95 would be shown as 1000: such a value belongs to the next unit.
        if (value >= unit.factor * 0.9995) {
            return fmt::format("{} {}", amount(value / unit.factor), unit.name);
        }
    }
    return fmt::format("{} {}", amount(value / units[kCount - 1].factor), units[kCount - 1].name);
}

}  // namespace

std::string with_commas(std::uint64_t number) {
    std::string text = fmt::format("{}", number);
    for (std::size_t at = text.size(); at > 3; at -= 3) {
        text.insert(at - 3, ",");
    }
    return text;
}

std::string amount(double number) {
    if (!std::isfinite(number) || number <= 0) {
        return "0";
    }
    if (number < 9.995) {
        return fmt::format("{:.2f}", number);
    }
    if (number < 99.95) {
        return fmt::format("{:.1f}", number);
    }
    return with_commas(static_cast<std::uint64_t>(std::llround(std::min(number, 1e18))));
}

std::string bytes_text(double bytes) {
    if (bytes < 1000) {
        return fmt::format("{:.0f} B", std::max(bytes, 0.0));
    }
    constexpr Unit kUnits[] = {{1e15, "PB"}, {1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}};
    return in_unit(bytes, kUnits);
}

std::string bits_per_second(double bytes_a_second) {
    constexpr Unit kUnits[] = {
        {1e12, "Tbit/s"}, {1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}, {1, "bit/s"}};
    return in_unit(bytes_a_second * 8, kUnits);
}

std::string milliseconds(double ns) {
    const double ms = ns / 1e6;
    // Below 10 us two decimals would say nothing.
    return ms > 0 && ms < 0.01 ? fmt::format("{:.4f}", ms) : amount(ms);
}

std::string time_text(double ns) {
    constexpr Unit kUnits[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
    return in_unit(ns, kUnits);
}

std::string percent(double share) {
    return fmt::format("{:.0f} %", share * 100);
}

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

}  // namespace sluice::load
