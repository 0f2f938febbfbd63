// Runs a function when the scope is left, unless it is dismissed: for an undo step whose owner is
// not a type of its own. A descriptor, a buffer or a slot has its own type and needs none of this.
#pragma once

#include <utility>

namespace sluice {

template <class Function>
class [[nodiscard]] ScopeExit {
public:
    explicit ScopeExit(Function function) : function_(std::move(function)) {}
    ScopeExit(const ScopeExit&) = delete;
    ScopeExit& operator=(const ScopeExit&) = delete;
    ~ScopeExit() {
        if (armed_) {
            function_();
        }
    }

    // The work is done: there is nothing to undo any more.
    void dismiss() { armed_ = false; }

private:
    Function function_;
    bool armed_ = true;
};

}  // namespace sluice
