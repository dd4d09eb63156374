#include "MetaKernels.h"

#include <ATen/ATen.h>
#include <ATen/ExpandUtils.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

void meta_kernels_are_linked(void) {}

namespace {

using at::IntArrayRef;
using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

void require(bool condition, const char *expectation) { TORCH_CHECK(condition, "meta kernel: expected ", expectation); }

/// All that are given lie on the meta device.
template <typename... Others>
void require_meta(const Tensor &tensor, const Others &...others) {
    TORCH_CHECK(tensor.is_meta(), "meta kernel: a tensor on ", tensor.device());
    if constexpr (sizeof...(others) > 0) require_meta(others...);
}

Tensor maybe(bool wanted, const Tensor &model) { return wanted ? at::empty_like(model) : Tensor(); }

Tensor index_select(const Tensor &self, int64_t dim, const Tensor &index) {
    require_meta(self, index);
    require(index.dim() <= 1 && !index.is_floating_point(), "integers of one axis");
    auto sizes = self.sizes().vec();
    sizes[at::maybe_wrap_dim(dim, self.dim())] = index.numel();
    return self.new_empty(sizes);
}

Tensor embedding_dense_backward(const Tensor &grad, const Tensor &indices, int64_t count, int64_t, bool) {
    require_meta(grad, indices);
    return grad.new_empty({count, grad.size(-1)});
}

Tensor chosen(const Tensor &condition, const Tensor &self, const Tensor &other) {
    require_meta(condition);
    for (const auto &choice : {self, other}) require(choice.is_meta() || choice.dim() == 0, "tensors of the meta device");
    require(condition.scalar_type() == at::kBool, "a condition of truth values");
    const auto sizes = at::infer_size(condition.sizes(), at::infer_size(self.sizes(), other.sizes()));
    return at::empty(sizes, self.options().dtype(at::result_type(self, other)));
}

Tensor &chosen_out(const Tensor &condition, const Tensor &self, const Tensor &other, Tensor &out) {
    out.resize_(chosen(condition, self, other).sizes());
    return out;
}

Tensor &masked_fill_(Tensor &self, const Tensor &mask, const at::Scalar &) {
    require_meta(self, mask);
    require(mask.scalar_type() == at::kBool, "a mask of truth values");
    require(at::infer_size(self.sizes(), mask.sizes()) == self.sizes(), "a mask that broadcasts to the tensor");
    return self;
}

Tensor &masked_scatter_(Tensor &self, const Tensor &mask, const Tensor &source) {
    require_meta(self, mask, source);
    require(self.scalar_type() == source.scalar_type(), "a source of the tensor's type");
    return self;
}

Tensor masked_scatter_backward(const Tensor &grad, const Tensor &mask, IntArrayRef sizes) {
    require_meta(grad, mask);
    return grad.new_empty(sizes);
}

Tensor searchsorted(const Tensor &sorted, const Tensor &values, bool, bool, std::optional<c10::string_view>,
                    const OptionalTensor &) {
    require_meta(sorted, values);
    require(sorted.scalar_type() == values.scalar_type(), "values of the boundaries' type");
    return at::empty(values.sizes(), values.options().dtype(at::kLong));
}

Tensor &unary(const Tensor &self, Tensor &out) {
    require_meta(self, out);
    out.resize_(self.sizes());
    return out;
}

Tensor &binary(const Tensor &self, const Tensor &other, Tensor &out) {
    require_meta(self, other, out);
    out.resize_(at::infer_size(self.sizes(), other.sizes()));
    return out;
}

Tensor floor_divide(const Tensor &self, const Tensor &other) {
    // A number is a scalar of the CPU.
    require(self.is_meta() && (other.is_meta() || other.dim() == 0), "tensors of the meta device");
    return at::empty(at::infer_size(self.sizes(), other.sizes()), self.options().dtype(at::result_type(self, other)));
}

Tensor relu(const Tensor &self) { return at::empty_like(self); }

Tensor &hardtanh_(Tensor &self, const at::Scalar &, const at::Scalar &) { return self; }

Tensor hardtanh_backward(const Tensor &grad, const Tensor &self, const at::Scalar &, const at::Scalar &) {
    require_meta(grad, self);
    return at::empty_like(self);
}

std::tuple<Tensor, Tensor, Tensor> layer_norm(const Tensor &input, IntArrayRef normalized, const OptionalTensor &weight,
                                              const OptionalTensor &bias, double) {
    require_meta(input);
    for (const auto &parameter : {weight, bias}) {
        if (parameter.has_value() && parameter->defined()) require_meta(*parameter);
    }
    auto sizes = input.sizes().vec();
    std::fill(sizes.end() - normalized.size(), sizes.end(), 1);
    return {at::empty_like(input), input.new_empty(sizes), input.new_empty(sizes)};
}

std::tuple<Tensor, Tensor, Tensor> layer_norm_backward(const Tensor &grad, const Tensor &input, IntArrayRef,
                                                       const Tensor &mean, const Tensor &deviation,
                                                       const OptionalTensor &weight, const OptionalTensor &bias,
                                                       std::array<bool, 3> mask) {
    require_meta(grad, input, mean, deviation);
    return {maybe(mask[0], input), mask[1] ? at::empty_like(*weight) : Tensor(), mask[2] ? at::empty_like(*bias) : Tensor()};
}

std::vector<int64_t> convolved(const Tensor &input, const Tensor &weight, IntArrayRef stride, IntArrayRef padding,
                               IntArrayRef dilation) {
    std::vector<int64_t> sizes{input.size(0), weight.size(0)};
    for (int64_t axis = 2; axis < input.dim(); ++axis) {
        const auto reach = dilation[axis - 2] * (weight.size(axis) - 1) + 1;
        sizes.push_back((input.size(axis) + 2 * padding[axis - 2] - reach) / stride[axis - 2] + 1);
    }
    return sizes;
}

Tensor convolution(const Tensor &input, const Tensor &weight, const OptionalTensor &bias, IntArrayRef stride,
                   IntArrayRef padding, IntArrayRef dilation, bool transposed, IntArrayRef, int64_t groups) {
    require_meta(input, weight);
    if (bias.has_value() && bias->defined()) require_meta(*bias);
    require(!transposed && input.size(1) == weight.size(1) * groups, "a convolution over the input's channels");
    return input.new_empty(convolved(input, weight, stride, padding, dilation));
}

std::tuple<Tensor, Tensor, Tensor> convolution_backward(const Tensor &grad, const Tensor &input, const Tensor &weight,
                                                        IntArrayRef, IntArrayRef, IntArrayRef, bool, IntArrayRef, int64_t,
                                                        std::array<bool, 3> mask) {
    require_meta(grad, input, weight);
    return {maybe(mask[0], input), maybe(mask[1], weight), mask[2] ? weight.new_empty({weight.size(0)}) : Tensor()};
}

void fused_adamw(at::TensorList parameters, at::TensorList gradients, at::TensorList means, at::TensorList squares,
                 at::TensorList, at::TensorList steps, double, double, double, double, double, bool, bool,
                 const OptionalTensor &, const OptionalTensor &) {
    for (size_t i = 0; i < parameters.size(); ++i) {
        require_meta(parameters[i], gradients[i], means[i], squares[i], steps[i]);
        require(parameters[i].sizes() == gradients[i].sizes(), "gradients of the parameters' shapes");
    }
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, Meta, library) {
    library.impl("index_select", index_select);
    library.impl("embedding_dense_backward", embedding_dense_backward);
    library.impl("where.self", chosen);
    library.impl("where.self_out", chosen_out);
    library.impl("masked_fill_.Scalar", masked_fill_);
    library.impl("masked_scatter_", masked_scatter_);
    library.impl("masked_scatter_backward", masked_scatter_backward);
    library.impl("searchsorted.Tensor", searchsorted);
    library.impl("abs.out", unary);
    library.impl("logical_not.out", unary);
    library.impl("logical_and.out", binary);
    library.impl("logical_or.out", binary);
    library.impl("floor_divide", floor_divide);
    library.impl("relu", relu);
    library.impl("hardtanh_", hardtanh_);
    library.impl("hardtanh_backward", hardtanh_backward);
    library.impl("native_layer_norm", layer_norm);
    library.impl("native_layer_norm_backward", layer_norm_backward);
    library.impl("convolution_overrideable", convolution);
    library.impl("convolution_backward_overrideable", convolution_backward);
    library.impl("_fused_adamw_", fused_adamw);
}
