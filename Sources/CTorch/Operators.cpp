// The door to ATen's dispatcher.

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <c10/core/Device.h>

#include <optional>

#include "Handles.h"

struct TorchOperator {
    c10::OperatorHandle handle;
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
        return new TorchOperator{c10::Dispatcher::singleton().findSchemaOrThrow(name, overload)};
    });
}

int64_t torch_call(const TorchOperator *op, const TorchValue *arguments, int64_t argument_count,
                   TorchTensor **results, int64_t capacity) {
    int64_t count = 0;
    int64_t outcome = ctorch::guarded<int64_t>(-1, [&]() -> int64_t {
        const auto &parameters = op->handle.schema().arguments();
        TORCH_CHECK(argument_count <= static_cast<int64_t>(parameters.size()), op->handle.schema().name(),
                    " takes ", parameters.size(), " arguments, got ", argument_count);
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
