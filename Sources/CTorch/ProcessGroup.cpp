// c10d's process group over TCP: what torch.distributed calls the Gloo back end.

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <vector>

#include "Handles.h"

struct TorchProcessGroup {
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

TorchProcessGroup *torch_process_group(const char *address, int32_t port, int32_t rank, int32_t size,
                                       const char *interface_address, int32_t timeout_seconds) {
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
        return new TorchProcessGroup{std::move(gloo)};
    });
}

void torch_process_group_release(TorchProcessGroup *group) { delete group; }

bool torch_all_reduce_sum(TorchProcessGroup *group, TorchTensor *tensor) {
    return ctorch::guarded(false, [&] {
        std::vector<at::Tensor> tensors{tensor->value};
        return group->gloo->allreduce(tensors)->wait();
    });
}

bool torch_broadcast(TorchProcessGroup *group, TorchTensor *tensor) {
    return ctorch::guarded(false, [&] {
        std::vector<at::Tensor> tensors{tensor->value};
        return group->gloo->broadcast(tensors)->wait();
    });
}
