// Choosing the engine: try what was asked for, and say once what was refused.
#pragma once

#include <memory>
#include <string>

#include "sluice/base/result.hpp"
#include "sluice/io/backend.hpp"
#include "sluice/io/ready_queue.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::io {

enum class EngineKind : std::uint8_t { IoUring, Epoll };

// A backend for the calling thread.
Result<std::unique_ptr<Backend>> make_backend(EngineKind kind, sys::Kernel& kernel,
                                              ReadyQueue& ready);

// Tries io_uring on this thread with everything a shard would use. On refusal the text says what
// was refused and the likely reason, for one log line.
Status probe_io_uring(sys::Kernel& kernel, std::string& refusal);

}  // namespace sluice::io
