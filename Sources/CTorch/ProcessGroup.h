// What the handle of a process group is.
#pragma once

#include <c10/core/Device.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>

#include <memory>

#include "Heartbeat.h"
#include "include/ctorch.h"

struct TorchProcessGroup {
    /// Gloo, or NCCL.
    c10::intrusive_ptr<c10d::Backend> backend;
    /// Where tensors lie that the back end transfers.
    c10::Device device;
    std::shared_ptr<ctorch::Heartbeat> heartbeat;
    /// True once an operation was given up that the back end still waits for.
    bool is_stuck = false;

    /// Waits for an operation as long as all processes live.
    bool finish(const c10::intrusive_ptr<c10d::Work> &work);
};
