// Whether this process does anything.
#pragma once

#include <chrono>
#include <cstdint>

namespace ctorch {

/// Work of this process from one look to the next: processor time of its threads, and bytes that it reads and writes.
///
/// A process that computes, decodes, reads a dataset or writes a checkpoint works; one that is deadlocked, or waits for a file
/// system that does not answer, does not. The thread that looks does not count.
class ProcessActivity {
  public:
    /// Begins to watch.
    ProcessActivity() { has_worked(std::chrono::milliseconds(0)); }

    /// True if the process has worked since the last look, `interval` ago.
    bool has_worked(std::chrono::milliseconds interval);

  private:
    int64_t processor_nanoseconds_ = 0;
    int64_t bytes_ = 0;
};

}  // namespace ctorch
