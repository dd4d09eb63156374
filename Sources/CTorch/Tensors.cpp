// Tensors as bytes, and autograd.

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include <cstring>

#include "Handles.h"

TorchTensor *torch_from_bytes(const void *bytes, size_t byte_count, int32_t dtype, const int64_t *sizes,
                              int64_t rank) {
    return ctorch::guarded<TorchTensor *>(nullptr, [&] {
        auto tensor = at::empty(at::IntArrayRef(sizes, rank),
                                at::TensorOptions().dtype(static_cast<c10::ScalarType>(dtype)));
        TORCH_CHECK(tensor.nbytes() == byte_count, "expected ", tensor.nbytes(), " bytes for shape ",
                    tensor.sizes(), ", got ", byte_count);
        if (byte_count > 0) std::memcpy(tensor.data_ptr(), bytes, byte_count);
        return ctorch::wrap(std::move(tensor));
    });
}

TorchTensor *torch_share(const TorchTensor *tensor) { return ctorch::wrap(tensor->value); }

void torch_release(TorchTensor *tensor) { delete tensor; }

int64_t torch_rank(const TorchTensor *tensor) { return tensor->value.dim(); }

int64_t torch_size(const TorchTensor *tensor, int64_t axis) { return tensor->value.size(axis); }

int32_t torch_dtype(const TorchTensor *tensor) { return static_cast<int32_t>(tensor->value.scalar_type()); }

void torch_device(const TorchTensor *tensor, char *name, size_t capacity) {
    std::string text = tensor->value.device().str();
    std::strncpy(name, text.c_str(), capacity - 1);
    name[capacity - 1] = '\0';
}

bool torch_is_on_cpu(const TorchTensor *tensor) { return tensor->value.is_cpu(); }

TorchTensor *torch_upload(const TorchTensor *tensor, const char *device) {
    return ctorch::guarded<TorchTensor *>(nullptr, [&] {
        const c10::Device target{std::string(device)};
        // From pinned memory, CUDA copies while the host goes on; libtorch keeps that memory until the copy is done.
        return target.is_cuda() ? ctorch::wrap(tensor->value.pin_memory().to(target, /*non_blocking=*/true))
                                : ctorch::wrap(tensor->value.to(target));
    });
}

bool torch_copy_bytes(const TorchTensor *tensor, void *bytes, size_t byte_count) {
    return ctorch::guarded(false, [&] {
        at::Tensor host = tensor->value.detach().to(at::kCPU).contiguous();
        TORCH_CHECK(host.nbytes() == byte_count, "the tensor holds ", host.nbytes(), " bytes, not ", byte_count);
        if (byte_count > 0) std::memcpy(bytes, host.data_ptr(), byte_count);
        return true;
    });
}

void *torch_host_pointer(const TorchTensor *tensor) {
    return ctorch::guarded<void *>(nullptr, [&] {
        TORCH_CHECK(tensor->value.is_cpu() && tensor->value.is_contiguous(),
                    "only a contiguous CPU tensor lends its memory");
        return tensor->value.data_ptr();
    });
}

bool torch_requires_grad(const TorchTensor *tensor) { return tensor->value.requires_grad(); }

bool torch_set_requires_grad(TorchTensor *tensor, bool value) {
    return ctorch::guarded(false, [&] {
        tensor->value.set_requires_grad(value);
        return true;
    });
}

bool torch_backward(const TorchTensor *loss) {
    return ctorch::guarded(false, [&] {
        loss->value.backward();
        return true;
    });
}

TorchTensor *torch_grad(const TorchTensor *tensor) {
    return ctorch::guarded<TorchTensor *>(nullptr, [&]() -> TorchTensor * {
        const at::Tensor &grad = tensor->value.grad();
        return grad.defined() ? ctorch::wrap(grad) : nullptr;
    });
}

void torch_set_grad(TorchTensor *tensor, const TorchTensor *grad) {
    tensor->value.mutable_grad() = grad ? grad->value : at::Tensor();
}

bool torch_grad_enabled(void) { return at::GradMode::is_enabled(); }

bool torch_set_grad_enabled(bool enabled) {
    bool former = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled);
    return former;
}

bool torch_autocast_enter(const char *device_type, int32_t dtype) {
    return ctorch::guarded(false, [&] {
        auto type = c10::Device(std::string(device_type)).type();
        at::autocast::set_autocast_dtype(type, static_cast<c10::ScalarType>(dtype));
        at::autocast::set_autocast_enabled(type, true);
        at::autocast::set_autocast_cache_enabled(true);
        at::autocast::increment_nesting();
        return true;
    });
}

void torch_autocast_leave(const char *device_type) {
    ctorch::guarded(false, [&] {
        if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
        at::autocast::set_autocast_enabled(c10::Device(std::string(device_type)).type(), false);
        return true;
    });
}
