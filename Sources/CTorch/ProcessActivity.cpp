#include "ProcessActivity.h"

#include <time.h>

#include <cstdio>

namespace {

/// Part of a core's time, and bytes a second, below which a process does nothing. Rank 0 needs up to half of the former to answer the
/// heartbeats of 512 ranks.
constexpr double least_load = 0.02;
constexpr double least_bytes = 200'000;

int64_t nanoseconds(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// Bytes that system calls have read and written, and that came from disks, as page faults of mapped files do; 0 where the system
/// does not say.
int64_t transferred_bytes() {
    std::FILE *file = std::fopen("/proc/self/io", "re");
    if (file == nullptr) return 0;
    long long read = 0, written = 0, fetched = 0;
    const int found = std::fscanf(file, "rchar: %lld wchar: %lld syscr: %*d syscw: %*d read_bytes: %lld", &read, &written, &fetched);
    std::fclose(file);
    return found == 3 ? read + written + fetched : 0;
}

}  // namespace

bool ctorch::ProcessActivity::has_worked(std::chrono::milliseconds interval) {
    const int64_t processor = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    const int64_t bytes = transferred_bytes();
    const double seconds = std::chrono::duration<double>(interval).count();
    const bool has_computed = double(processor - processor_nanoseconds_) > least_load * seconds * 1e9;
    const bool has_transferred = double(bytes - bytes_) > least_bytes * seconds;
    processor_nanoseconds_ = processor;
    bytes_ = bytes;
    return has_computed || has_transferred;
}
