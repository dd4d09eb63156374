#include "Heartbeat.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <thread>

namespace {
const std::string failure_key = "failure";

std::string count_key(int rank) { return "beats/" + std::to_string(rank); }

std::string text_of(const std::vector<uint8_t> &bytes) { return std::string(bytes.begin(), bytes.end()); }
}  // namespace

std::shared_ptr<ctorch::Heartbeat> ctorch::Heartbeat::start(c10::intrusive_ptr<c10d::Store> store, int rank,
                                                            int size, std::chrono::milliseconds silence) {
    std::shared_ptr<Heartbeat> heartbeat(new Heartbeat(std::move(store), rank, size, silence));
    std::thread([heartbeat] { heartbeat->run(); }).detach();
    return heartbeat;
}

bool ctorch::Heartbeat::stop() {
    std::unique_lock<std::mutex> lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
    return changed_.wait_for(lock, std::chrono::seconds(2), [&] { return has_ended_; });
}

std::string ctorch::Heartbeat::failure() {
    std::lock_guard<std::mutex> lock(mutex_);
    return failure_;
}

std::string ctorch::Heartbeat::silence_of(int rank) const {
    std::ostringstream text;
    text << "rank " << rank << " has given no sign of life for " << seconds(patience)
         << " s: its process was stopped, or its machine or network has failed";
    return text.str();
}

std::string ctorch::Heartbeat::standstill() const {
    std::ostringstream text;
    text << "rank " << rank_ << " hangs: for " << seconds(longest_pause)
         << " s it has neither computed, nor read or written, nor waited for the others; it is deadlocked, or a file system does not "
            "answer";
    return text.str();
}

void ctorch::Heartbeat::run() {
    std::vector<int64_t> counts(size_, -1);
    std::vector<int> missed(size_, 0);
    ProcessActivity activity;
    int pause = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    bool is_answered = true;
    while (!is_stopped_) {
        lock.unlock();
        try {
            if (is_answered) beat(counts, missed);
        } catch (...) {
            // The store is gone with rank 0: nothing to say any more, and operations under way fail by themselves.
            is_answered = false;
        }
        pause = activity.has_worked(interval_) || waiting_ > 0 ? 0 : pause + 1;
        if (pause == longest_pause) fail(standstill());
        // Once the others have had the time to read it.
        if (pause >= longest_pause + (is_answered ? patience : 0)) end_process();
        lock.lock();
        if (is_answered) ++beats_;
        changed_.wait_for(lock, interval_, [&] { return is_stopped_; });
    }
    has_ended_ = true;
    changed_.notify_all();
}

void ctorch::Heartbeat::beat(std::vector<int64_t> &counts, std::vector<int> &missed) {
    store_->add(count_key(rank_), 1);
    if (failure().empty() && store_->check({failure_key})) {
        const std::string failure = text_of(store_->get(failure_key));
        std::lock_guard<std::mutex> lock(mutex_);
        failure_ = failure;
    }
    if (rank_ > 0) return;
    for (int other = 1; other < size_; ++other) {
        const int64_t count = store_->add(count_key(other), 0);
        missed[other] = count == counts[other] ? missed[other] + 1 : 0;
        counts[other] = count;
        if (missed[other] == patience) fail(silence_of(other));
    }
}

void ctorch::Heartbeat::fail(const std::string &failure) {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        if (!failure_.empty()) return;
        failure_ = failure;
    }
    try {
        store_->set(failure_key, std::vector<uint8_t>(failure.begin(), failure.end()));
    } catch (...) {
        // The others have noticed by themselves that the store is gone.
    }
}

void ctorch::Heartbeat::end_process() {
    std::fprintf(stderr, "Error: %s\n", failure().c_str());
    // The thread that hangs would never return from the program's end.
    std::_Exit(EXIT_FAILURE);
}
