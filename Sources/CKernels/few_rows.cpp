#include "few_rows.h"

#if defined(__x86_64__) && defined(__ELF__)
#include <immintrin.h>
#define HAS_KERNELS 1
#define FOR_PROCESSOR __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define INLINED FOR_PROCESSOR static inline __attribute__((always_inline))
#endif

#if HAS_KERNELS

namespace {

/// Numbers in bfloat16, and what a product does with a vector of them.
struct BFloat16 {
    typedef uint16_t Number;
    typedef __m512bh Vector;
    static constexpr long width = 32;

    INLINED Vector load(const Number *numbers) { return reinterpret_cast<Vector>(_mm512_loadu_si512(numbers)); }

    INLINED Vector loadFirst(const Number *numbers, long count) {
        return reinterpret_cast<Vector>(_mm512_maskz_loadu_epi16((1u << count) - 1, numbers));
    }

    INLINED __m512 add(__m512 sums, Vector left, Vector right) { return _mm512_dpbf16_ps(sums, left, right); }

    INLINED Number rounded(float sum) {
        const __m128bh both = _mm_cvtneps_pbh(_mm_set_ss(sum));
        return static_cast<Number>(_mm_extract_epi16(reinterpret_cast<__m128i>(both), 0));
    }
};

/// The same in single precision.
struct Float32 {
    typedef float Number;
    typedef __m512 Vector;
    static constexpr long width = 16;

    INLINED Vector load(const Number *numbers) { return _mm512_loadu_ps(numbers); }

    INLINED Vector loadFirst(const Number *numbers, long count) { return _mm512_maskz_loadu_ps((1u << count) - 1, numbers); }

    INLINED __m512 add(__m512 sums, Vector left, Vector right) { return _mm512_fmadd_ps(left, right, sums); }

    INLINED Number rounded(float sum) { return sum; }
};

/// Products of `rows` rows with `channels` neighbouring outputs.
template <typename Type, int rows, int channels>
INLINED void multiplyTile(const typename Type::Number *x, long inputs, const typename Type::Number *weight,
                          typename Type::Number *y, long outputs) {
    constexpr long width = Type::width;
    __m512 sums[rows][channels];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; ++row)
        for (int channel = 0; channel < channels; ++channel) sums[row][channel] = _mm512_setzero_ps();
    long input = 0;
    for (; input + width <= inputs; input += width) {
        typename Type::Vector weights[channels];
#pragma clang loop unroll(full)
        for (int channel = 0; channel < channels; ++channel) {
            weights[channel] = Type::load(weight + channel * inputs + input);
            // The next tile, in the order of memory: a row of a weight is about a page, where the processor's own prefetching ends.
            const typename Type::Number *next = weight + channels * inputs + input * channels + channel * width;
            _mm_prefetch(reinterpret_cast<const char *>(next), _MM_HINT_T1);
        }
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; ++row) {
            const typename Type::Vector numbers = Type::load(x + row * inputs + input);
#pragma clang loop unroll(full)
            for (int channel = 0; channel < channels; ++channel)
                sums[row][channel] = Type::add(sums[row][channel], weights[channel], numbers);
        }
    }
    if (input < inputs) {
        for (int row = 0; row < rows; ++row) {
            const typename Type::Vector numbers = Type::loadFirst(x + row * inputs + input, inputs - input);
            for (int channel = 0; channel < channels; ++channel) {
                const typename Type::Vector weights = Type::loadFirst(weight + channel * inputs + input, inputs - input);
                sums[row][channel] = Type::add(sums[row][channel], weights, numbers);
            }
        }
    }
    for (int row = 0; row < rows; ++row)
        for (int channel = 0; channel < channels; ++channel)
            y[row * outputs + channel] = Type::rounded(_mm512_reduce_add_ps(sums[row][channel]));
}

template <typename Type, int rows>
FOR_PROCESSOR void multiplyRows(const typename Type::Number *x, long inputs, const typename Type::Number *weight, long outputs,
                                long first, long count, typename Type::Number *y) {
    constexpr int channels = 4;
    long output = first;
    for (; output + channels <= first + count; output += channels)
        multiplyTile<Type, rows, channels>(x, inputs, weight + output * inputs, y + output, outputs);
    for (; output < first + count; ++output)
        multiplyTile<Type, rows, 1>(x, inputs, weight + output * inputs, y + output, outputs);
}

template <typename Type>
FOR_PROCESSOR void multiply(const typename Type::Number *x, long rows, long inputs, const typename Type::Number *weight,
                            long outputs, long first, long count, typename Type::Number *y) {
    switch (rows) {
        case 1: multiplyRows<Type, 1>(x, inputs, weight, outputs, first, count, y); break;
        case 2: multiplyRows<Type, 2>(x, inputs, weight, outputs, first, count, y); break;
        case 3: multiplyRows<Type, 3>(x, inputs, weight, outputs, first, count, y); break;
        case 4: multiplyRows<Type, 4>(x, inputs, weight, outputs, first, count, y); break;
        case 5: multiplyRows<Type, 5>(x, inputs, weight, outputs, first, count, y); break;
        case 6: multiplyRows<Type, 6>(x, inputs, weight, outputs, first, count, y); break;
        case 7: multiplyRows<Type, 7>(x, inputs, weight, outputs, first, count, y); break;
        case 8: multiplyRows<Type, 8>(x, inputs, weight, outputs, first, count, y); break;
    }
}

}  // namespace

#endif

bool kernel_has_few_rows_products(void) {
#if HAS_KERNELS
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

void kernel_few_rows_bfloat16(const uint16_t *x, long rows, long inputs, const uint16_t *weight, long outputs, long first,
                              long count, uint16_t *y) {
#if HAS_KERNELS
    multiply<BFloat16>(x, rows, inputs, weight, outputs, first, count, y);
#endif
}

void kernel_few_rows_float32(const float *x, long rows, long inputs, const float *weight, long outputs, long first, long count,
                             float *y) {
#if HAS_KERNELS
    multiply<Float32>(x, rows, inputs, weight, outputs, first, count, y);
#endif
}
