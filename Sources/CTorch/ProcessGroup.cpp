// c10d's process groups over TCP, the back ends that torch.distributed calls Gloo and NCCL.

#include "ProcessGroup.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
// A build on libtorch for NVIDIA GPUs has these headers.
#if __has_include(<nccl.h>) && __has_include(<cuda_runtime_api.h>)
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>
#include <vector>

#include "Handles.h"

namespace {

/// A process that lives may take its time: it decodes images, writes a checkpoint or evaluates while others wait.
constexpr auto longest_wait = std::chrono::hours(24);

c10::intrusive_ptr<c10d::Backend> gloo_backend(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size,
                                       const std::string &interface_address, std::chrono::milliseconds timeout) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(interface_address.empty()
                                   ? c10d::ProcessGroupGloo::createDefaultDevice()
                                   : c10d::ProcessGroupGloo::createDeviceForHostname(interface_address));
    auto group = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
    group->setTimeout(longest_wait);
    return group;
}

c10::intrusive_ptr<c10d::Backend> nccl_backend(const c10::intrusive_ptr<c10d::Store> &store, int rank, int size) {
#ifdef USE_C10D_NCCL
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = longest_wait;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
#else
    TORCH_CHECK(false, "this build has no NCCL");
#endif
}

/// The store that rank 0 hosts.
c10::intrusive_ptr<c10d::Store> meet(const char *address, const c10d::TCPStoreOptions &meeting) {
    try {
        return c10::make_intrusive<c10d::TCPStore>(address, meeting);
    } catch (const std::exception &) {
        const double seconds = std::chrono::duration<double>(meeting.timeout).count();
        TORCH_CHECK(meeting.isServer, "rank 0 was not reached within ", seconds, " s");
        throw;
    }
}

/// Waits until all processes are here, so that those which are missing can be named: rank 0 does, and tells the others.
void call_roll(c10d::Store &store, int rank, int size, std::chrono::milliseconds timeout) {
    const std::string count_key = "joined", missing_key = "missing";
    const auto key = [](int other) { return "joined/" + std::to_string(other); };
    const auto pause = std::min(timeout / 10, std::chrono::milliseconds(500));
    const auto end = std::chrono::steady_clock::now() + timeout;
    store.add(key(rank), 1);
    for (int64_t joined = store.add(count_key, 1); joined < size; joined = store.add(count_key, 0)) {
        if (rank > 0 && store.check({missing_key})) {
            const auto bytes = store.get(missing_key);
            TORCH_CHECK(false, std::string(bytes.begin(), bytes.end()));
        }
        if (rank == 0 && std::chrono::steady_clock::now() > end) {
            std::ostringstream text;
            text << joined << " of " << size << " have joined within " << std::chrono::duration<double>(timeout).count()
                 << " s; missing:";
            for (int other = 0; other < size; ++other) {
                if (!store.check({key(other)})) text << " " << other;
            }
            const std::string missing = text.str();
            store.set(missing_key, std::vector<uint8_t>(missing.begin(), missing.end()));
            // The store ends with this process; the others read it once more before.
            std::this_thread::sleep_for(2 * pause);
            TORCH_CHECK(false, missing);
        }
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace

bool torch_has_nccl(void) {
#ifdef USE_C10D_NCCL
    return true;
#else
    return false;
#endif
}

bool TorchProcessGroup::finish(const c10::intrusive_ptr<c10d::Work> &work) {
    const ctorch::Heartbeat::Waiting waiting(*heartbeat);
    const auto interval = heartbeat->interval();
    int64_t beats = heartbeat->beats();
    int missed = 0;
    while (!work->isCompleted()) {
        if (device.is_cpu()) {
            try {
                return work->wait(interval);
            } catch (...) {
                if (work->isCompleted()) throw;
            }
        } else {
            const auto end = std::chrono::steady_clock::now() + interval;
            while (!work->isCompleted() && std::chrono::steady_clock::now() < end) {
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            }
        }
        missed = heartbeat->beats() == beats ? missed + 1 : 0;
        beats = heartbeat->beats();
        const bool is_store_silent = missed >= ctorch::Heartbeat::patience;
        const std::string failure = is_store_silent ? heartbeat->silence_of(0) : heartbeat->failure();
        if (failure.empty()) continue;
        is_stuck = true;
        TORCH_CHECK(false, failure);
    }
    return work->wait();
}

TorchProcessGroup *torch_process_group(const char *address, int32_t port, int32_t rank, int32_t size,
                                       const char *interface_address, const char *device, int32_t timeout_seconds,
                                       int32_t silence_milliseconds) {
    return ctorch::guarded<TorchProcessGroup *>(nullptr, [&] {
        const std::chrono::milliseconds timeout = std::chrono::seconds(timeout_seconds);
        c10d::TCPStoreOptions meeting;
        meeting.port = static_cast<uint16_t>(port);
        meeting.isServer = rank == 0;
        meeting.numWorkers = static_cast<size_t>(size);
        meeting.waitWorkers = false;
        meeting.timeout = timeout;
        auto store = meet(address, meeting);
        call_roll(*store, rank, size, timeout);
        auto own = c10::make_intrusive<c10d::PrefixStore>("faster", store);
        c10::Device target{std::string(device)};
        auto backend = target.is_cuda() ? nccl_backend(own, rank, size)
                                        : gloo_backend(own, rank, size, interface_address, timeout);
        auto heartbeat = ctorch::Heartbeat::start(c10::make_intrusive<c10d::PrefixStore>("heartbeat", store), rank,
                                                  size, std::chrono::milliseconds(silence_milliseconds));
        return new TorchProcessGroup{std::move(backend), target, std::move(heartbeat)};
    });
}

void torch_process_group_release(TorchProcessGroup *group) {
    // Threads that wait for a silent process would never be joined.
    if (group->heartbeat->stop() && !group->is_stuck) delete group;
}

bool torch_all_reduce_sum(TorchProcessGroup *group, TorchTensor *tensor) {
    return ctorch::guarded(false, [&] {
        std::vector<at::Tensor> tensors{tensor->value};
        return group->finish(group->backend->allreduce(tensors));
    });
}

bool torch_all_gather(TorchProcessGroup *group, TorchTensor *all, TorchTensor *own) {
    return ctorch::guarded(false, [&] {
        at::Tensor flat = all->value.view(-1);
        return group->finish(group->backend->_allgather_base(flat, own->value));
    });
}

bool torch_broadcast(TorchProcessGroup *group, TorchTensor *tensor) {
    return ctorch::guarded(false, [&] {
        std::vector<at::Tensor> tensors{tensor->value};
        return group->finish(group->backend->broadcast(tensors));
    });
}
