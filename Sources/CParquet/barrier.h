#pragma once
#include <arrow/result.h>
#include <arrow/status.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

/// Message of parquet_last_error(), one a thread.
inline thread_local std::string lastError;

/// Throws a failed status as an exception, so that one barrier handles both ways Arrow reports errors.
inline void check(const arrow::Status &status) {
    if (!status.ok()) throw std::runtime_error(status.message());
}

template <typename Value>
Value checked(arrow::Result<Value> result) {
    check(result.status());
    return std::move(result).ValueUnsafe();
}

/// Runs `body`; an exception becomes `failure` and a message for parquet_last_error().
template <typename Value, typename Body>
Value guarded(Value failure, Body body) noexcept {
    try {
        return body();
    } catch (const std::exception &error) {
        lastError = error.what();
    } catch (...) {
        lastError = "unknown error in Arrow";
    }
    return failure;
}
