// What belongs to the whole process: errors, threads, random numbers, devices.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/version.h>

#include <mutex>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "Handles.h"

namespace {
thread_local std::string last_error;
}

void ctorch::set_last_error(const std::string &message) { last_error = message; }

const char *torch_last_error(void) { return last_error.c_str(); }

const char *torch_version(void) { return TORCH_VERSION; }

void torch_manual_seed(uint64_t seed) { at::manual_seed(seed); }

TorchTensor *torch_random_state(void) {
    return ctorch::guarded<TorchTensor *>(nullptr, [&] {
        auto generator = at::detail::getDefaultCPUGenerator();
        std::lock_guard<std::mutex> lock(generator.mutex());
        return ctorch::wrap(generator.get_state());
    });
}

bool torch_set_random_state(const TorchTensor *state) {
    return ctorch::guarded(false, [&] {
        auto generator = at::detail::getDefaultCPUGenerator();
        std::lock_guard<std::mutex> lock(generator.mutex());
        generator.set_state(state->value);
        return true;
    });
}

void torch_set_thread_count(int32_t count) { at::set_num_threads(count); }

int32_t torch_thread_count(void) { return at::get_num_threads(); }

void torch_keep_freed_memory(void) {
#if defined(__GLIBC__)
    // Older glibc refuses thresholds above 32 MiB.
    if (!mallopt(M_MMAP_THRESHOLD, 1 << 30)) mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 64 << 20);
    // An arena of a thread maps what is larger than 64 MiB anew each time.
    mallopt(M_ARENA_MAX, 1);
#endif
}

bool torch_has_cuda(void) { return c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA); }

void torch_round_to_single_precision(void) {
    at::globalContext().setAllowTF32CuBLAS(false);
    at::globalContext().setAllowTF32CuDNN(false);
}

int32_t torch_cuda_device_count(void) {
    return ctorch::guarded<int32_t>(0, [] { return static_cast<int32_t>(at::getNumGPUs()); });
}

bool torch_mps_is_available(void) {
    return ctorch::guarded(false, [] { return at::hasMPS(); });
}

bool torch_cpu_has_bfloat16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

bool torch_synchronize(const char *device) {
    return ctorch::guarded(false, [&] {
        c10::Device target{std::string(device)};
        if (target.is_cpu() || target.is_meta()) return true;
        c10::impl::VirtualGuardImpl(target.type()).synchronizeDevice(target.index());
        return true;
    });
}
