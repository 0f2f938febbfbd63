// A descriptor with one owner. Closes through the Kernel it came from, so that simulated
// descriptors work alike. Sockets that were given to a Backend are closed by io::Socket instead,
// which tells the Backend first.
#pragma once

#include <utility>

#include "sluice/sys/kernel.hpp"

namespace sluice::sys {

class Fd {
public:
    Fd() = default;
    Fd(Kernel& kernel, int number) : kernel_(&kernel), number_(number) {}
    Fd(Fd&& other) noexcept
        : kernel_(other.kernel_), number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            kernel_ = other.kernel_;
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    ~Fd() { reset(); }

    int number() const { return number_; }
    bool is_open() const { return number_ >= 0; }
    // Gives the number away; the caller closes it from now on.
    int release() { return std::exchange(number_, -1); }
    void reset() {
        if (number_ >= 0) { kernel_->close(std::exchange(number_, -1)); }
    }

private:
    Kernel* kernel_ = nullptr;
    int number_ = -1;
};

}  // namespace sluice::sys
