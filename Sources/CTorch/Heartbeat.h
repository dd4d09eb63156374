// Signs of life of the processes of a group, by way of its store.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "ProcessActivity.h"

namespace ctorch {

/// A thread of every process counts its own beats in the store. Rank 0 compares the counts of all others, and says in the store
/// who has fallen silent; the others read that, and find rank 0 silent when the store, which lives there, no longer answers.
///
/// The thread also watches its own process. One that neither works nor waits for the others hangs: the thread says so in the
/// store, and ends the process.
///
/// Silence is counted in beats, not by a clock: a process that was stopped itself finds nobody silent when it goes on.
class Heartbeat {
  public:
    /// Beats without an answer after which a process counts as silent.
    static constexpr int patience = 6;

    /// Beats without work after which a process hangs.
    static constexpr int longest_pause = 20 * patience;

    /// Starts the thread.
    static std::shared_ptr<Heartbeat> start(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                                            std::chrono::milliseconds silence);

    /// Ends the thread; false if it still waits for a store that does not answer, and keeps what it uses alive.
    bool stop();

    /// Time from one beat to the next.
    std::chrono::milliseconds interval() const { return interval_; }

    /// Beats that the store has answered.
    int64_t beats() const { return beats_; }

    /// The rank that has failed and how, in a sentence; empty if none has.
    std::string failure();

    /// Says that `rank` has fallen silent.
    std::string silence_of(int rank) const;

    /// While one of these exists, the process waits for the others.
    class Waiting {
      public:
        explicit Waiting(Heartbeat &heartbeat) : heartbeat_(heartbeat) { ++heartbeat_.waiting_; }
        ~Waiting() { --heartbeat_.waiting_; }
        Waiting(const Waiting &) = delete;

      private:
        Heartbeat &heartbeat_;
    };

  private:
    Heartbeat(c10::intrusive_ptr<c10d::Store> store, int rank, int size, std::chrono::milliseconds silence)
        : store_(std::move(store)), rank_(rank), size_(size), interval_(silence / patience) {}

    void run();
    void beat(std::vector<int64_t> &counts, std::vector<int> &missed);
    void fail(const std::string &failure);
    /// Says that this process hangs.
    std::string standstill() const;
    [[noreturn]] void end_process();
    /// Length of some beats, to a tenth of a second.
    double seconds(int beats) const {
        return std::round(std::chrono::duration<double>(interval_).count() * beats * 10) / 10;
    }

    const c10::intrusive_ptr<c10d::Store> store_;
    const int rank_;
    const int size_;
    const std::chrono::milliseconds interval_;
    std::atomic<int64_t> beats_{0};
    std::atomic<int> waiting_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string failure_;
    bool is_stopped_ = false;
    bool has_ended_ = false;
};

}  // namespace ctorch
