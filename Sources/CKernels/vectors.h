// Vectors of single-precision numbers, shared by the kernels.

#ifndef CKERNELS_VECTORS_H
#define CKERNELS_VECTORS_H

#include "ckernels.h"

#include <cmath>
#include <cstring>

// Every function is compiled for processors with AVX-512, with AVX2 and without, and the loader takes the one that fits.
#if defined(__x86_64__) && defined(__ELF__)
#define FOR_EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EVERY_PROCESSOR
#endif
#define INLINED static inline __attribute__((always_inline))

namespace {

constexpr long panel = KERNEL_PANEL;

/// A panel's row, and half of one: numbers that may lie anywhere.
typedef float Sixteen __attribute__((vector_size(64), aligned(4)));
typedef float Eight __attribute__((vector_size(32), aligned(4)));

INLINED const Sixteen &sixteen(const float *numbers) { return *reinterpret_cast<const Sixteen *>(numbers); }
INLINED const Eight &eight(const float *numbers) { return *reinterpret_cast<const Eight *>(numbers); }

/// Adds to `sums` the products of `count` rows of x with one panel.
template <int count>
INLINED void multiply(const float *x, long stride, long inputs, const float *weights, Sixteen (&sums)[count]) {
    // A sum waits four cycles for the one before, so few rows are summed in several parts.
    constexpr int parts = count == 1 ? 4 : count < 4 ? 2 : 1;
    Sixteen partial[parts][count] = {};
    const float *rows[count];
    for (int row = 0; row < count; ++row) rows[row] = x + row * stride;
    long input = 0;
    for (; input + parts <= inputs; input += parts, weights += parts * panel) {
        for (int part = 0; part < parts; ++part) {
            const Sixteen weight = sixteen(weights + part * panel);
            for (int row = 0; row < count; ++row) partial[part][row] += weight * rows[row][input + part];
        }
    }
    for (; input < inputs; ++input, weights += panel)
        for (int row = 0; row < count; ++row) partial[0][row] += sixteen(weights) * rows[row][input];
    for (int part = 0; part < parts; ++part)
        for (int row = 0; row < count; ++row) sums[row] += partial[part][row];
}

INLINED float dot(const float *left, const float *right, long count) {
    Eight sums = {};
    long index = 0;
    for (; index + 8 <= count; index += 8) sums += eight(left + index) * eight(right + index);
    float sum = 0;
    for (int lane = 0; lane < 8; ++lane) sum += sums[lane];
    for (; index < count; ++index) sum += left[index] * right[index];
    return sum;
}

/// Sum of all lanes, pair by pair: lane after lane would wait eight times for the sum before.
INLINED float sumAcross(const Eight &lanes) {
    const Eight fours = lanes + __builtin_shufflevector(lanes, lanes, 4, 5, 6, 7, 4, 5, 6, 7);
    const Eight twos = fours + __builtin_shufflevector(fours, fours, 2, 3, 2, 3, 2, 3, 2, 3);
    return twos[0] + twos[1];
}

INLINED float sum(const float *numbers, long count) {
    Eight sums = {};
    long index = 0;
    for (; index + 8 <= count; index += 8) sums += eight(numbers + index);
    float sum = sumAcross(sums);
    for (; index < count; ++index) sum += numbers[index];
    return sum;
}

/// Sixteen indices of panels' first columns.
typedef int SixteenIndices __attribute__((vector_size(64)));

}  // namespace

#endif
