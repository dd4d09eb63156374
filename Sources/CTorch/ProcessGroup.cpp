// c10d's process group over TCP: what torch.distributed calls the Gloo back end.

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <vector>

#include "Handles.h"
#include "Heartbeat.h"

struct TorchProcessGroup {
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
    std::shared_ptr<ctorch::Heartbeat> heartbeat;
    /// True once an operation was given up that Gloo still waits for.
    bool is_stuck = false;
};

namespace {

/// A process that lives may take its time: it decodes images, writes a checkpoint or evaluates while others wait.
constexpr auto longest_wait = std::chrono::hours(24);

/// Waits for an operation as long as all processes live.
bool finish(TorchProcessGroup *group, const c10::intrusive_ptr<c10d::Work> &work) {
    const ctorch::Heartbeat &heartbeat = *group->heartbeat;
    int64_t beats = heartbeat.beats();
    int missed = 0;
    while (!work->isCompleted()) {
        try {
            return work->wait(heartbeat.interval());
        } catch (...) {
            if (work->isCompleted()) throw;
        }
        missed = heartbeat.beats() == beats ? missed + 1 : 0;
        beats = heartbeat.beats();
        const int silent = missed >= ctorch::Heartbeat::patience ? 0 : heartbeat.silent_rank();
        if (silent < 0) continue;
        group->is_stuck = true;
        const double seconds = std::chrono::duration<double>(heartbeat.interval()).count() * ctorch::Heartbeat::patience;
        TORCH_CHECK(false, "rank ", silent, " has given no sign of life for ", seconds,
                    " s: its process was stopped, or its machine or network has failed");
    }
    return work->wait();
}

}  // namespace

TorchProcessGroup *torch_process_group(const char *address, int32_t port, int32_t rank, int32_t size,
                                       const char *interface_address, int32_t timeout_seconds,
                                       int32_t silence_milliseconds) {
    return ctorch::guarded<TorchProcessGroup *>(nullptr, [&] {
        const std::chrono::milliseconds timeout = std::chrono::seconds(timeout_seconds);
        c10d::TCPStoreOptions meeting;
        meeting.port = static_cast<uint16_t>(port);
        meeting.isServer = rank == 0;
        meeting.numWorkers = static_cast<size_t>(size);
        meeting.waitWorkers = false;
        meeting.timeout = timeout;
        auto store = c10::make_intrusive<c10d::TCPStore>(address, meeting);
        auto options = c10d::ProcessGroupGloo::Options::create(timeout);
        options->devices.push_back(*interface_address
                                       ? c10d::ProcessGroupGloo::createDeviceForHostname(interface_address)
                                       : c10d::ProcessGroupGloo::createDefaultDevice());
        auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(
            c10::make_intrusive<c10d::PrefixStore>("faster", store), rank, size, options);
        gloo->setTimeout(longest_wait);
        auto heartbeat = ctorch::Heartbeat::start(c10::make_intrusive<c10d::PrefixStore>("heartbeat", store), rank,
                                                  size, std::chrono::milliseconds(silence_milliseconds));
        return new TorchProcessGroup{std::move(gloo), std::move(heartbeat)};
    });
}

void torch_process_group_release(TorchProcessGroup *group) {
    // Threads that wait for a silent process would never be joined.
    if (group->heartbeat->stop() && !group->is_stuck) delete group;
}

bool torch_all_reduce_sum(TorchProcessGroup *group, TorchTensor *tensor) {
    return ctorch::guarded(false, [&] {
        std::vector<at::Tensor> tensors{tensor->value};
        return finish(group, group->gloo->allreduce(tensors));
    });
}

bool torch_all_gather(TorchProcessGroup *group, TorchTensor *all, TorchTensor *own) {
    return ctorch::guarded(false, [&] {
        at::Tensor flat = all->value.view(-1);
        return finish(group, group->gloo->_allgather_base(flat, own->value));
    });
}

bool torch_broadcast(TorchProcessGroup *group, TorchTensor *tensor) {
    return ctorch::guarded(false, [&] {
        std::vector<at::Tensor> tensors{tensor->value};
        return finish(group, group->gloo->broadcast(tensors));
    });
}
