// The door to ATen's dispatcher.

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <c10/core/Device.h>

#include <optional>
#include <string_view>

#include "Handles.h"

struct TorchOperator {
    c10::OperatorHandle handle;
    /// True for an operator that moves tensors between devices.
    bool moves;
};

namespace {

c10::IValue boxed(const TorchValue &value) {
    switch (value.kind) {
        case TORCH_NONE:
            return {};
        case TORCH_TENSOR:
            return value.tensor->value;
        case TORCH_TENSORS: {
            c10::List<at::Tensor> list;
            list.reserve(value.count);
            for (int64_t i = 0; i < value.count; ++i) list.push_back(value.tensors[i]->value);
            return list;
        }
        case TORCH_OPTIONAL_TENSORS: {
            c10::List<std::optional<at::Tensor>> list;
            list.reserve(value.count);
            for (int64_t i = 0; i < value.count; ++i)
                list.push_back(value.tensors[i] ? std::optional<at::Tensor>(value.tensors[i]->value) : std::nullopt);
            return list;
        }
        case TORCH_INTEGER:
        case TORCH_DTYPE:
            return value.integer;
        case TORCH_INTEGERS:
            return c10::List<int64_t>(c10::ArrayRef<int64_t>(value.integers, value.count));
        case TORCH_REAL:
            return value.real;
        case TORCH_BOOLEAN:
            return value.boolean;
        case TORCH_TEXT:
            return std::string(value.text);
        case TORCH_DEVICE:
            return c10::Device(std::string(value.text));
    }
    TORCH_CHECK(false, "unknown kind of argument: ", static_cast<int>(value.kind));
}

/// Checks that all tensors of a call are on one device.
///
/// libtorch's own checks leave out the meta device's kernels. As there, a scalar of the CPU goes with any device.
class OneDevice {
public:
    explicit OneDevice(const c10::OperatorHandle &handle) : handle(handle) {}

    void check(const TorchValue &value) {
        if (value.kind == TORCH_TENSOR) return check(value.tensor);
        if (value.kind != TORCH_TENSORS && value.kind != TORCH_OPTIONAL_TENSORS) return;
        for (int64_t i = 0; i < value.count; ++i) check(value.tensors[i]);
    }

private:
    void check(const TorchTensor *tensor) {
        if (!tensor || (tensor->value.is_cpu() && tensor->value.dim() == 0)) return;
        if (!first) first = tensor;
        TORCH_CHECK(tensor->value.device() == first->value.device(), handle.schema().name(), ": a tensor on ",
                    tensor->value.device(), " beside one on ", first->value.device());
    }

    const c10::OperatorHandle &handle;
    const TorchTensor *first = nullptr;
};

/// Appends the tensors inside `result` to `results`.
void unbox(const c10::IValue &result, TorchTensor **results, int64_t capacity, int64_t &count) {
    auto append = [&](const at::Tensor &tensor) {
        TORCH_CHECK(count < capacity, "the operator returned more than ", capacity, " tensors");
        results[count++] = ctorch::wrap(tensor);
    };
    if (result.isTensor()) {
        append(result.toTensor());
    } else if (result.isTensorList()) {
        for (const at::Tensor &tensor : result.toTensorVector()) append(tensor);
    }
}

}  // namespace

const TorchOperator *torch_find_operator(const char *name, const char *overload) {
    return ctorch::guarded<const TorchOperator *>(nullptr, [&] {
        const std::string_view known(name);
        return new TorchOperator{c10::Dispatcher::singleton().findSchemaOrThrow(name, overload),
                                 known == "aten::copy_" || known == "aten::to"};
    });
}

int64_t torch_call(const TorchOperator *op, const TorchValue *arguments, int64_t argument_count,
                   TorchTensor **results, int64_t capacity) {
    int64_t count = 0;
    int64_t outcome = ctorch::guarded<int64_t>(-1, [&]() -> int64_t {
        const auto &parameters = op->handle.schema().arguments();
        TORCH_CHECK(argument_count <= static_cast<int64_t>(parameters.size()), op->handle.schema().name(),
                    " takes ", parameters.size(), " arguments, got ", argument_count);
        OneDevice device(op->handle);
        for (int64_t i = 0; i < argument_count && !op->moves; ++i) device.check(arguments[i]);
        torch::jit::Stack stack;
        stack.reserve(parameters.size());
        for (int64_t i = 0; i < argument_count; ++i) stack.push_back(boxed(arguments[i]));
        for (size_t i = argument_count; i < parameters.size(); ++i) {
            const auto &fallback = parameters[i].default_value();
            TORCH_CHECK(fallback.has_value(), op->handle.schema().name(), " needs the argument '",
                        parameters[i].name(), "'");
            stack.push_back(*fallback);
        }
        op->handle.callBoxed(stack);
        for (const c10::IValue &result : stack) unbox(result, results, capacity, count);
        return count;
    });
    if (outcome < 0) {
        for (int64_t i = 0; i < count; ++i) torch_release(results[i]);
    }
    return outcome;
}
