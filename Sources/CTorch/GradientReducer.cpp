// Sums of gradients over processes, sent bucket by bucket while backward computes the others, as DDP's reducer does.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <mutex>

#include "Handles.h"
#include "ProcessGroup.h"

namespace {

/// Parameters whose gradients are sent as one.
struct Bucket {
    std::vector<size_t> parameters;
    std::vector<int64_t> starts;
    at::Tensor sums;
    size_t missing = 0;
    c10::intrusive_ptr<c10d::Work> work;
};

}  // namespace

struct TorchGradientReducer {
    TorchGradientReducer(TorchProcessGroup *group, std::vector<at::Tensor> tensors, int64_t bucket_bytes)
        : group(group), parameters(std::move(tensors)), bucket_of(parameters.size()), is_present(parameters.size()) {
        // Backward comes to the last parameters first.
        int64_t room = 0;
        for (size_t index = parameters.size(); index-- > 0;) {
            const auto bytes = static_cast<int64_t>(parameters[index].nbytes());
            const bool fits = !buckets.empty() && bytes <= room &&
                              parameters[buckets.back().parameters[0]].scalar_type() == parameters[index].scalar_type();
            if (!fits) {
                buckets.emplace_back();
                room = bucket_bytes;
            }
            buckets.back().parameters.push_back(index);
            bucket_of[index] = buckets.size() - 1;
            room -= bytes;
        }
        for (size_t index = 0; index < buckets.size(); ++index) {
            Bucket &bucket = buckets[index];
            int64_t count = 0;
            for (size_t parameter : bucket.parameters) {
                bucket.starts.push_back(count);
                count += parameters[parameter].numel();
            }
            // The last bucket also tells which parameters have a gradient.
            if (index + 1 == buckets.size()) {
                flags_start = count;
                count += static_cast<int64_t>(parameters.size());
            }
            bucket.sums = at::empty({count}, parameters[bucket.parameters[0]].options().device(group->device));
        }
        for (size_t index = 0; index < parameters.size(); ++index) {
            torch::autograd::impl::set_post_acc_grad_hooks(parameters[index], std::make_unique<Hook>(this, index));
        }
    }

    ~TorchGradientReducer() {
        for (const auto &parameter : parameters) torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
    }

    /// Sends gradients from now on as soon as those of a bucket are complete.
    void start() {
        std::lock_guard<std::mutex> lock(mutex);
        reset();
        is_started = true;
    }

    /// Replaces all gradients by their means over the processes.
    void finish() {
        std::unique_lock<std::mutex> lock(mutex);
        if (!is_started) reset();
        is_started = false;
        at::NoGradGuard without_gradients;
        for (size_t index = parameters.size(); index-- > 0;) add(index);
        lock.unlock();
        for (auto &bucket : buckets) group->finish(bucket.work);
        const double size = group->backend->getSize();
        at::Tensor counts = buckets.back().sums.narrow(0, flags_start, parameters.size()).to(at::kCPU).to(at::kDouble);
        const double *processes = counts.data_ptr<double>();
        for (auto &bucket : buckets) {
            for (size_t position = 0; position < bucket.parameters.size(); ++position) {
                const size_t index = bucket.parameters[position];
                const bool is_used = processes[index] > 0;
                at::Tensor mean = is_used ? part(bucket, position).div_(size).to(parameters[index].device()) : at::Tensor();
                parameters[index].mutable_grad() = mean;
            }
            bucket.work.reset();
        }
    }

  private:
    /// Called by backward with a parameter whose gradient is complete.
    struct Hook : torch::autograd::PostAccumulateGradHook {
        Hook(TorchGradientReducer *reducer, size_t index) : reducer(reducer), index(index) {}
        void operator()(const at::Tensor &) override {
            std::lock_guard<std::mutex> lock(reducer->mutex);
            if (!reducer->is_started) return;
            at::NoGradGuard without_gradients;
            reducer->add(index);
        }
        TorchGradientReducer *reducer;
        size_t index;
    };

    void reset() {
        std::fill(is_present.begin(), is_present.end(), Presence::unknown);
        for (auto &bucket : buckets) bucket.missing = bucket.parameters.size();
        next = 0;
    }

    /// Takes a parameter's gradient, or zeros in its place, and sends the buckets that are complete, in their order.
    void add(size_t index) {
        if (is_present[index] != Presence::unknown) return;
        Bucket &bucket = buckets[bucket_of[index]];
        size_t position = 0;
        while (bucket.parameters[position] != index) ++position;
        const at::Tensor &gradient = parameters[index].grad();
        is_present[index] = gradient.defined() ? Presence::present : Presence::absent;
        at::Tensor room = part(bucket, position);
        if (gradient.defined()) {
            room.copy_(gradient);
        } else {
            room.zero_();
        }
        // The gradient lies in the bucket from now on, and its former memory is free.
        if (room.device() == parameters[index].device()) parameters[index].mutable_grad() = room;
        --bucket.missing;
        for (; next < buckets.size() && buckets[next].missing == 0; ++next) send(next);
    }

    void send(size_t index) {
        Bucket &bucket = buckets[index];
        if (index + 1 == buckets.size()) {
            std::vector<float> flags;
            for (Presence presence : is_present) flags.push_back(presence == Presence::present ? 1 : 0);
            bucket.sums.narrow(0, flags_start, parameters.size()).copy_(at::tensor(flags));
        }
        std::vector<at::Tensor> tensors{bucket.sums};
        bucket.work = group->backend->allreduce(tensors);
    }

    at::Tensor part(const Bucket &bucket, size_t position) const {
        const at::Tensor &parameter = parameters[bucket.parameters[position]];
        return bucket.sums.narrow(0, bucket.starts[position], parameter.numel()).view(parameter.sizes());
    }

    enum class Presence { unknown, present, absent };

    TorchProcessGroup *const group;
    const std::vector<at::Tensor> parameters;
    std::vector<Bucket> buckets;
    std::vector<size_t> bucket_of;
    std::vector<Presence> is_present;
    int64_t flags_start = 0;
    /// The first bucket that is not sent yet.
    size_t next = 0;
    bool is_started = false;
    std::mutex mutex;
};

TorchGradientReducer *torch_gradient_reducer(TorchProcessGroup *group, TorchTensor *const *parameters, int64_t count,
                                             int64_t bucket_bytes) {
    return ctorch::guarded<TorchGradientReducer *>(nullptr, [&] {
        std::vector<at::Tensor> tensors;
        for (int64_t index = 0; index < count; ++index) tensors.push_back(parameters[index]->value);
        TORCH_CHECK(!tensors.empty(), "there are no parameters whose gradients could be reduced");
        return new TorchGradientReducer(group, std::move(tensors), bucket_bytes);
    });
}

void torch_gradient_reducer_release(TorchGradientReducer *reducer) { delete reducer; }

void torch_gradient_reducer_start(TorchGradientReducer *reducer) { reducer->start(); }

bool torch_gradient_reducer_finish(TorchGradientReducer *reducer) {
    return ctorch::guarded(false, [&] {
        reducer->finish();
        return true;
    });
}
