#include "Heartbeat.h"

#include <thread>

namespace {
const std::string silent_key = "silent";

std::string count_key(int rank) { return "beats/" + std::to_string(rank); }
}  // namespace

std::shared_ptr<ctorch::Heartbeat> ctorch::Heartbeat::start(c10::intrusive_ptr<c10d::Store> store, int rank,
                                                            int size, std::chrono::milliseconds silence) {
    std::shared_ptr<Heartbeat> heartbeat(new Heartbeat(std::move(store), rank, size, silence));
    std::thread([heartbeat] { heartbeat->run(); }).detach();
    return heartbeat;
}

bool ctorch::Heartbeat::stop() {
    std::unique_lock<std::mutex> lock(mutex_);
    isStopped_ = true;
    changed_.notify_all();
    return changed_.wait_for(lock, std::chrono::seconds(2), [&] { return hasEnded_; });
}

void ctorch::Heartbeat::run() {
    std::vector<int64_t> counts(size_, -1);
    std::vector<int> missed(size_, 0);
    std::unique_lock<std::mutex> lock(mutex_);
    while (!isStopped_) {
        lock.unlock();
        bool isAnswered = true;
        try {
            beat(counts, missed);
        } catch (...) {
            // The store is gone with rank 0: nothing to say any more, and operations under way fail by themselves.
            isAnswered = false;
        }
        lock.lock();
        if (!isAnswered) break;
        ++beats_;
        changed_.wait_for(lock, interval_, [&] { return isStopped_; });
    }
    hasEnded_ = true;
    changed_.notify_all();
}

void ctorch::Heartbeat::beat(std::vector<int64_t> &counts, std::vector<int> &missed) {
    store_->add(count_key(rank_), 1);
    if (rank_ > 0) {
        if (store_->check({silent_key})) silent_ = static_cast<int>(store_->add(silent_key, 0));
        return;
    }
    for (int other = 1; other < size_; ++other) {
        const int64_t count = store_->add(count_key(other), 0);
        missed[other] = count == counts[other] ? missed[other] + 1 : 0;
        counts[other] = count;
        if (missed[other] >= patience && silent_ < 0) {
            store_->add(silent_key, other);
            silent_ = other;
        }
    }
}
