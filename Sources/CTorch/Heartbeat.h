// Signs of life of the processes of a group, by way of its store.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace ctorch {

/// A thread of every process counts its own beats in the store. Rank 0 compares the counts of all others, and says in the store
/// who has fallen silent; the others read that, and find rank 0 silent when the store, which lives there, no longer answers.
///
/// Silence is counted in beats, not by a clock: a process that was stopped itself finds nobody silent when it goes on.
class Heartbeat {
  public:
    /// Beats without an answer after which a process counts as silent.
    static constexpr int patience = 6;

    /// Starts the thread.
    static std::shared_ptr<Heartbeat> start(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                                            std::chrono::milliseconds silence);

    /// Ends the thread; false if it still waits for a store that does not answer, and keeps what it uses alive.
    bool stop();

    /// Time from one beat to the next.
    std::chrono::milliseconds interval() const { return interval_; }

    /// Beats that the store has answered.
    int64_t beats() const { return beats_; }

    /// The rank that has fallen silent; -1 if none has.
    int silent_rank() const { return silent_; }

  private:
    Heartbeat(c10::intrusive_ptr<c10d::Store> store, int rank, int size, std::chrono::milliseconds silence)
        : store_(std::move(store)), rank_(rank), size_(size), interval_(silence / patience) {}

    void run();
    void beat(std::vector<int64_t> &counts, std::vector<int> &missed);

    const c10::intrusive_ptr<c10d::Store> store_;
    const int rank_;
    const int size_;
    const std::chrono::milliseconds interval_;
    std::atomic<int64_t> beats_{0};
    std::atomic<int> silent_{-1};
    std::mutex mutex_;
    std::condition_variable changed_;
    bool isStopped_ = false;
    bool hasEnded_ = false;
};

}  // namespace ctorch
