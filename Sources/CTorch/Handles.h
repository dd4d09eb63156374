// What the opaque handles of ctorch.h are, and the barrier that keeps C++ exceptions inside.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <exception>
#include <string>

#include "include/ctorch.h"

struct TorchTensor {
    at::Tensor value;
};

namespace ctorch {

void set_last_error(const std::string &message);

inline TorchTensor *wrap(at::Tensor tensor) { return new TorchTensor{std::move(tensor)}; }

/// Runs `body`; on an exception keeps its message and returns `failure`.
template <typename Result, typename Body>
Result guarded(Result failure, Body body) {
    try {
        return body();
    } catch (const c10::Error &error) {
        set_last_error(error.what_without_backtrace());
    } catch (const std::exception &error) {
        set_last_error(error.what());
    } catch (...) {
        set_last_error("unknown C++ exception");
    }
    return failure;
}

}  // namespace ctorch
