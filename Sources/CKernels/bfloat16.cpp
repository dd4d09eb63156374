#include "bfloat16.h"

#if defined(__x86_64__) && defined(__ELF__)
#include <immintrin.h>
#define HAS_BFLOAT16 1
#define WITH_BFLOAT16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define INLINED_WITH_BFLOAT16 WITH_BFLOAT16 static inline __attribute__((always_inline))
#endif

#if HAS_BFLOAT16

namespace {

/// Numbers of a vector.
constexpr long width = 32;

INLINED_WITH_BFLOAT16 __m512bh load(const uint16_t *numbers) {
    return reinterpret_cast<__m512bh>(_mm512_loadu_si512(numbers));
}

INLINED_WITH_BFLOAT16 __m512bh loadFirst(const uint16_t *numbers, __mmask32 mask) {
    return reinterpret_cast<__m512bh>(_mm512_maskz_loadu_epi16(mask, numbers));
}

/// Products of `rows` rows with `channels` neighbouring outputs.
template <int rows, int channels>
INLINED_WITH_BFLOAT16 void multiplyTile(const uint16_t *x, long inputs, const uint16_t *weight, uint16_t *y, long outputs) {
    __m512 sums[rows][channels];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; ++row)
        for (int channel = 0; channel < channels; ++channel) sums[row][channel] = _mm512_setzero_ps();
    long input = 0;
    for (; input + width <= inputs; input += width) {
        __m512bh weights[channels];
#pragma clang loop unroll(full)
        for (int channel = 0; channel < channels; ++channel) {
            weights[channel] = load(weight + channel * inputs + input);
            // The next tile, in the order of memory: a row of a weight is about a page, where the processor's own prefetching ends.
            const uint16_t *next = weight + channels * inputs + input * channels + channel * width;
            _mm_prefetch(reinterpret_cast<const char *>(next), _MM_HINT_T1);
        }
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; ++row) {
            const __m512bh numbers = load(x + row * inputs + input);
#pragma clang loop unroll(full)
            for (int channel = 0; channel < channels; ++channel)
                sums[row][channel] = _mm512_dpbf16_ps(sums[row][channel], weights[channel], numbers);
        }
    }
    if (input < inputs) {
        const __mmask32 mask = (1u << (inputs - input)) - 1;
        for (int row = 0; row < rows; ++row) {
            const __m512bh numbers = loadFirst(x + row * inputs + input, mask);
            for (int channel = 0; channel < channels; ++channel)
                sums[row][channel] =
                    _mm512_dpbf16_ps(sums[row][channel], loadFirst(weight + channel * inputs + input, mask), numbers);
        }
    }
    for (int row = 0; row < rows; ++row) {
        for (int channel = 0; channel < channels; ++channel) {
            const __m128bh rounded = _mm_cvtneps_pbh(_mm_set_ss(_mm512_reduce_add_ps(sums[row][channel])));
            y[row * outputs + channel] = static_cast<uint16_t>(_mm_extract_epi16(reinterpret_cast<__m128i>(rounded), 0));
        }
    }
}

template <int rows>
WITH_BFLOAT16 void multiplyRows(const uint16_t *x, long inputs, const uint16_t *weight, long outputs, long first, long count,
                                uint16_t *y) {
    constexpr int channels = 4;
    long output = first;
    for (; output + channels <= first + count; output += channels)
        multiplyTile<rows, channels>(x, inputs, weight + output * inputs, y + output, outputs);
    for (; output < first + count; ++output)
        multiplyTile<rows, 1>(x, inputs, weight + output * inputs, y + output, outputs);
}

}  // namespace

#endif

bool kernel_has_bfloat16_products(void) {
#if HAS_BFLOAT16
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

void kernel_bfloat16_linear(const uint16_t *x, long rows, long inputs, const uint16_t *weight, long outputs, long first,
                            long count, uint16_t *y) {
#if HAS_BFLOAT16
    switch (rows) {
        case 1: multiplyRows<1>(x, inputs, weight, outputs, first, count, y); break;
        case 2: multiplyRows<2>(x, inputs, weight, outputs, first, count, y); break;
        case 3: multiplyRows<3>(x, inputs, weight, outputs, first, count, y); break;
        case 4: multiplyRows<4>(x, inputs, weight, outputs, first, count, y); break;
        case 5: multiplyRows<5>(x, inputs, weight, outputs, first, count, y); break;
        case 6: multiplyRows<6>(x, inputs, weight, outputs, first, count, y); break;
        case 7: multiplyRows<7>(x, inputs, weight, outputs, first, count, y); break;
        case 8: multiplyRows<8>(x, inputs, weight, outputs, first, count, y); break;
    }
#endif
}
