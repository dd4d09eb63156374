// Gradient checkpointing: a part of a computation is recorded again when its gradients are needed.

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <memory>
#include <vector>

#include "Handles.h"

namespace {

using torch::autograd::variable_list;

/// Autocast's setting of a device type, entered again for a while.
class Autocast {
public:
    explicit Autocast(c10::DeviceType type)
        : type(type),
          enabled(at::autocast::is_autocast_available(type) && at::autocast::is_autocast_enabled(type)),
          dtype(enabled ? at::autocast::get_autocast_dtype(type) : at::kFloat) {}

    template <typename Body>
    auto whileEntered(Body body) const {
        if (!enabled) return body();
        struct Leaving {
            c10::DeviceType type;
            bool former;
            ~Leaving() {
                if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
                at::autocast::set_autocast_enabled(type, former);
            }
        } leaving{type, at::autocast::is_autocast_enabled(type)};
        at::autocast::set_autocast_dtype(type, dtype);
        at::autocast::set_autocast_enabled(type, true);
        at::autocast::increment_nesting();
        return body();
    }

private:
    c10::DeviceType type;
    bool enabled;
    at::ScalarType dtype;
};

/// Calls the caller's function, of which it owns the context.
class Function {
public:
    explicit Function(TorchFunction function) : function(function) {}
    Function(const Function &) = delete;
    Function &operator=(const Function &) = delete;
    ~Function() { function.release(function.context); }

    variable_list operator()(const variable_list &inputs, size_t output_count) const {
        std::vector<TorchTensor *> arguments;
        for (const auto &input : inputs) arguments.push_back(ctorch::wrap(input));
        std::vector<TorchTensor *> results(output_count, nullptr);
        function.run(function.context, arguments.data(), results.data());
        variable_list outputs;
        for (auto *result : results) {
            outputs.push_back(std::move(result->value));
            delete result;
        }
        return outputs;
    }

private:
    TorchFunction function;
};

/// Runs the function again and differentiates it. Gradients of the parameters that it reads are accumulated in them, those
/// of its inputs are passed on.
class CheckpointNode : public torch::autograd::Node {
public:
    CheckpointNode(std::shared_ptr<Function> function, const variable_list &inputs, size_t output_count)
        : Node(torch::autograd::collect_next_edges(inputs)),
          function(std::move(function)),
          output_count(output_count),
          autocast(inputs.front().device().type()) {
        for (const auto &input : inputs) {
            saved.push_back(input.detach());
            requires_grad.push_back(input.requires_grad());
        }
    }

    variable_list apply(variable_list &&gradients) override {
        TORCH_CHECK(function != nullptr, "a checkpointed computation is differentiated once");
        at::AutoGradMode recording(true);
        variable_list inputs;
        for (size_t index = 0; index < saved.size(); ++index) {
            inputs.push_back(saved[index].detach().set_requires_grad(requires_grad[index]));
        }
        auto outputs = autocast.whileEntered([&] { return (*function)(inputs, output_count); });
        variable_list roots, seeds;
        for (size_t index = 0; index < outputs.size(); ++index) {
            if (!outputs[index].requires_grad() || !gradients[index].defined()) continue;
            roots.push_back(outputs[index]);
            seeds.push_back(gradients[index]);
        }
        if (!roots.empty()) torch::autograd::backward(roots, seeds);
        variable_list result;
        for (auto &input : inputs) result.push_back(input.grad());
        return result;
    }

    void release_variables() override {
        saved.clear();
        function = nullptr;
    }

private:
    std::shared_ptr<Function> function;
    size_t output_count;
    Autocast autocast;
    variable_list saved;
    std::vector<bool> requires_grad;
};

}  // namespace

bool torch_checkpoint(TorchFunction function, TorchTensor *const *inputs, int64_t input_count, TorchTensor **outputs,
                      int64_t output_count) {
    return ctorch::guarded(false, [&] {
        auto owned = std::make_shared<Function>(function);
        variable_list arguments;
        for (int64_t index = 0; index < input_count; ++index) arguments.push_back(inputs[index]->value);
        TORCH_CHECK(!arguments.empty(), "a checkpointed computation needs an input");
        variable_list results;
        {
            at::AutoGradMode recording(false);
            results = (*owned)(arguments, output_count);
        }
        c10::intrusive_ptr<torch::autograd::Node> node =
            c10::make_intrusive<CheckpointNode>(owned, arguments, output_count);
        for (int64_t index = 0; index < output_count; ++index) {
            auto output = results[index].detach();
            torch::autograd::set_history(output, node);
            outputs[index] = ctorch::wrap(std::move(output));
        }
        return true;
    });
}
