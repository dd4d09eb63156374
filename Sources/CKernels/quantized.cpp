#include "quantized.h"

#include <cmath>
#include <cstring>

#if defined(__x86_64__) && defined(__ELF__)
#include <immintrin.h>
#define FOR_EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define HAS_VNNI 1
#define WITH_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")))
#define INLINED_WITH_VNNI WITH_VNNI static inline __attribute__((always_inline))
#else
#define FOR_EVERY_PROCESSOR
#endif
#define INLINED static inline __attribute__((always_inline))

namespace {

constexpr long panel = QUANTIZED_PANEL;
/// Inputs whose weights lie side by side.
constexpr long quad = 4;
/// Bytes of a panel's weights for a quad of inputs; of 4 bits, for two quads.
constexpr long block = panel * quad;
/// Quads of half a group of 4-bit weights.
constexpr long halfGroup = QUANTIZED_GROUP / quad / 2;

/// Counts that the layout of a layer consists of.
struct Layout {
    long groups, quadsOfGroup, blocksOfGroup;

    INLINED Layout of(int bits, long inputs) {
        const long quads = (inputs + quad - 1) / quad;
        if (bits == 8) return {1, quads, quads};
        return {(inputs + QUANTIZED_GROUP - 1) / QUANTIZED_GROUP, 2 * halfGroup, halfGroup};
    }

    INLINED long upTo64(long bytes) { return (bytes + 63) / 64 * 64; }

    long quads() const { return groups * quadsOfGroup; }
    /// Bytes of a panel's whole numbers.
    long panelBytes() const { return groups * blocksOfGroup * block; }
    /// Bytes before a row's parts: its scale, and two sums a group.
    long headerBytes() const { return upTo64(4 + 8 * groups); }
    long byteRow() const { return upTo64(headerBytes() + 2 * quad * quads()); }
    long floatRow() const { return upTo64(4 * quad * quads()); }
};

// MARK: Activations in bytes

#if HAS_VNNI

/// Largest whole number of a row: 256 · upper + lower fits into two signed bytes.
constexpr float largestWhole = 127 * 256;

/// Factor that maps a row to whole numbers, and its inverse; a row with a number that is not finite has the inverse NaN.
WITH_VNNI void scaleOf(const float *x, long inputs, float &factor, float &inverse) {
    __m512 largest = _mm512_setzero_ps();
    __mmask16 isBroken = 0;
    const __m512 limit = _mm512_set1_ps(3.4028234e38f);
    for (long input = 0; input < inputs; input += 16) {
        const __mmask16 mask = inputs - input < 16 ? static_cast<__mmask16>((1u << (inputs - input)) - 1) : 0xffff;
        const __m512 size = _mm512_abs_ps(_mm512_maskz_loadu_ps(mask, x + input));
        isBroken |= _mm512_cmp_ps_mask(size, limit, _CMP_NLE_UQ);
        largest = _mm512_max_ps(largest, size);
    }
    const float most = _mm512_reduce_max_ps(largest);
    inverse = isBroken ? NAN : most / largestWhole;
    // A row of numbers so small that the factor has no room counts as zeros.
    factor = isBroken || inverse < 1e-37f ? 0 : 1 / inverse;
}

/// Writes a row as whole numbers, a quad's upper bytes before its lower ones.
///
/// Behind the scale lie the sums that a group's products start from: weights are multiplied as unsigned bytes, `offset` too
/// large, so these take off `offset` times the sums of both parts.
WITH_VNNI void splitRow(const float *x, long inputs, const Layout &layout, int offset, uint8_t *prepared) {
    float factor, inverse;
    scaleOf(x, inputs, factor, inverse);
    std::memset(prepared, 0, layout.headerBytes());
    std::memcpy(prepared, &inverse, sizeof(inverse));
    auto *sums = reinterpret_cast<int32_t *>(prepared + sizeof(inverse));
    uint8_t *parts = prepared + layout.headerBytes();
    const long width = layout.quadsOfGroup * quad;
    for (long group = 0; group < layout.groups; ++group) {
        __m512i upperSum = _mm512_setzero_si512(), lowerSum = _mm512_setzero_si512();
        for (long at = 0; at < width; at += 16) {
            const long left = inputs - group * width - at, room = (width - at) * 2;
            const __mmask16 mask = left >= 16 ? 0xffff : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
            const __m512 numbers = _mm512_maskz_loadu_ps(mask, x + group * width + at);
            const __m512i wholes = _mm512_cvtps_epi32(_mm512_mul_ps(numbers, _mm512_set1_ps(factor)));
            const __m512i lower = _mm512_srai_epi32(_mm512_slli_epi32(wholes, 24), 24);
            const __m512i upper = _mm512_srai_epi32(_mm512_sub_epi32(wholes, lower), 8);
            upperSum = _mm512_add_epi32(upperSum, upper);
            lowerSum = _mm512_add_epi32(lowerSum, lower);
            const __m128i high = _mm512_cvtepi32_epi8(upper), low = _mm512_cvtepi32_epi8(lower);
            const __m256i both = _mm256_set_m128i(_mm_unpackhi_epi32(high, low), _mm_unpacklo_epi32(high, low));
            const __mmask32 kept = room >= 32 ? 0xffffffffu : (1u << room) - 1;
            _mm256_mask_storeu_epi8(parts + (group * width + at) * 2, kept, both);
        }
        sums[2 * group] = -offset * _mm512_reduce_add_epi32(upperSum);
        sums[2 * group + 1] = -offset * _mm512_reduce_add_epi32(lowerSum);
    }
}

/// Adds the products of a quad of inputs with a block of every panel.
template <int rows, int panels>
INLINED_WITH_VNNI void addQuad(const uint8_t *const *parts, long at, const __m512i (&weights)[panels],
                               __m512i (&upper)[rows][panels], __m512i (&lower)[rows][panels]) {
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; ++row) {
        int32_t both[2];
        std::memcpy(both, parts[row] + at * 2 * quad, sizeof(both));
        const __m512i high = _mm512_set1_epi32(both[0]), low = _mm512_set1_epi32(both[1]);
#pragma clang loop unroll(full)
        for (int p = 0; p < panels; ++p) {
            upper[row][p] = _mm512_dpbusd_epi32(upper[row][p], weights[p], high);
            lower[row][p] = _mm512_dpbusd_epi32(lower[row][p], weights[p], low);
        }
    }
}

/// Products of `rows` rows with neighbouring panels, of whose channels the first `columns` exist.
template <int bits, int rows, int panels>
INLINED_WITH_VNNI void multiplyTile(const uint8_t *prepared, const Layout &layout, const uint8_t *wholes,
                                    const float *scales, long columns, float *y, long outputs) {
    const long stride = layout.byteRow(), bytes = layout.panelBytes();
    const uint8_t *parts[rows];
    __m512 sums[rows][panels];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; ++row) {
        parts[row] = prepared + row * stride + layout.headerBytes();
        for (int p = 0; p < panels; ++p) sums[row][p] = _mm512_setzero_ps();
    }
    for (long group = 0; group < layout.groups; ++group) {
        __m512i upper[rows][panels], lower[rows][panels], weights[panels];
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; ++row) {
            int32_t starts[2];
            std::memcpy(starts, prepared + row * stride + 4 + 8 * group, sizeof(starts));
            for (int p = 0; p < panels; ++p) {
                upper[row][p] = _mm512_set1_epi32(starts[0]);
                lower[row][p] = _mm512_set1_epi32(starts[1]);
            }
        }
        for (long at = 0; at < layout.blocksOfGroup; ++at, wholes += block) {
            const long first = group * layout.quadsOfGroup + at;
            if constexpr (bits == 8) {
#pragma clang loop unroll(full)
                for (int p = 0; p < panels; ++p) {
                    const __m512i found = _mm512_loadu_si512(wholes + p * bytes);
                    _mm_prefetch(wholes + p * bytes + 1024, _MM_HINT_T0);
                    weights[p] = _mm512_xor_si512(found, _mm512_set1_epi8(static_cast<char>(0x80)));
                }
                addQuad<rows, panels>(parts, first, weights, upper, lower);
            } else {
                __m512i found[panels];
#pragma clang loop unroll(full)
                for (int p = 0; p < panels; ++p) {
                    found[p] = _mm512_loadu_si512(wholes + p * bytes);
                    _mm_prefetch(wholes + p * bytes + 1024, _MM_HINT_T0);
                    weights[p] = _mm512_and_si512(found[p], _mm512_set1_epi8(15));
                }
                addQuad<rows, panels>(parts, first, weights, upper, lower);
#pragma clang loop unroll(full)
                for (int p = 0; p < panels; ++p)
                    weights[p] = _mm512_and_si512(_mm512_srli_epi16(found[p], 4), _mm512_set1_epi8(15));
                addQuad<rows, panels>(parts, first + halfGroup, weights, upper, lower);
            }
        }
#pragma clang loop unroll(full)
        for (int p = 0; p < panels; ++p) {
            const __m512 scale = _mm512_loadu_ps(scales + (p * layout.groups + group) * panel);
            for (int row = 0; row < rows; ++row) {
                const __m512 sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(upper[row][p]), _mm512_set1_ps(256),
                                                   _mm512_cvtepi32_ps(lower[row][p]));
                sums[row][p] = _mm512_fmadd_ps(sum, scale, sums[row][p]);
            }
        }
    }
    for (int row = 0; row < rows; ++row) {
        float scale;
        std::memcpy(&scale, prepared + row * stride, sizeof(scale));
        for (int p = 0; p < panels; ++p) {
            const long filled = columns - p * panel;
            const __mmask16 mask = filled >= panel ? 0xffff : static_cast<__mmask16>((1u << filled) - 1);
            _mm512_mask_storeu_ps(y + row * outputs + p * panel, mask, _mm512_mul_ps(sums[row][p], _mm512_set1_ps(scale)));
        }
    }
}

/// Products of all rows with neighbouring panels, which stay in the cache from the first tile of rows on.
template <int bits, int panels>
WITH_VNNI void multiplyPanels(const QuantizedLayer &layer, const Layout &layout, const uint8_t *wholes, const float *scales,
                              const uint8_t *prepared, long rows, long first, float *y) {
    // Six rows by two panels: their sums, the weights and an input fill the registers. Tiles are as even as can be.
    const long tiles = (rows + 5) / 6, columns = layer.outputs - first * panel;
    wholes += first * layout.panelBytes();
    scales += first * layout.groups * panel;
    y += first * panel;
    for (long tile = 0; tile < tiles; ++tile) {
        const long row = rows * tile / tiles;
        const uint8_t *left = prepared + row * layout.byteRow();
        float *target = y + row * layer.outputs;
        switch (rows * (tile + 1) / tiles - row) {
            case 1: multiplyTile<bits, 1, panels>(left, layout, wholes, scales, columns, target, layer.outputs); break;
            case 2: multiplyTile<bits, 2, panels>(left, layout, wholes, scales, columns, target, layer.outputs); break;
            case 3: multiplyTile<bits, 3, panels>(left, layout, wholes, scales, columns, target, layer.outputs); break;
            case 4: multiplyTile<bits, 4, panels>(left, layout, wholes, scales, columns, target, layer.outputs); break;
            case 5: multiplyTile<bits, 5, panels>(left, layout, wholes, scales, columns, target, layer.outputs); break;
            case 6: multiplyTile<bits, 6, panels>(left, layout, wholes, scales, columns, target, layer.outputs); break;
        }
    }
}

template <int bits>
void multiplyInBytes(const QuantizedLayer &layer, const uint8_t *wholes, const float *scales, const uint8_t *prepared,
                     long rows, long first, long count, float *y) {
    const Layout layout = Layout::of(bits, layer.inputs);
    long p = first;
    for (; p + 2 <= first + count; p += 2) multiplyPanels<bits, 2>(layer, layout, wholes, scales, prepared, rows, p, y);
    if (p < first + count) multiplyPanels<bits, 1>(layer, layout, wholes, scales, prepared, rows, p, y);
}

#endif

// MARK: Activations in single precision

typedef float Sixteen __attribute__((vector_size(64), aligned(4)));
typedef float Four __attribute__((vector_size(16), aligned(4)));
typedef uint8_t Bytes __attribute__((vector_size(16), aligned(1)));
typedef int8_t SignedBytes __attribute__((vector_size(16), aligned(1)));

/// Four channels' weights for a quad of inputs; of 4 bits, those in lower or upper halves.
template <int bits>
INLINED void read(const uint8_t *bytes, bool isUpper, Sixteen &weights) {
    if constexpr (bits == 8) {
        weights = __builtin_convertvector(*reinterpret_cast<const SignedBytes *>(bytes), Sixteen);
    } else {
        const Bytes found = *reinterpret_cast<const Bytes *>(bytes);
        weights = __builtin_convertvector(isUpper ? found >> 4 : found & 15, Sixteen) - 8.0f;
    }
}

/// Products of `rows` rows with four channels of a panel, of which the first `columns` exist.
template <int bits, int rows>
INLINED void multiplyFour(const float *x, const Layout &layout, const uint8_t *wholes, const float *scales, long columns,
                          float *y, long outputs) {
    const long stride = layout.floatRow() / 4;
    float results[rows][quad] = {};
    for (long group = 0; group < layout.groups; ++group, scales += panel) {
        Sixteen sums[rows] = {};
        for (long at = 0; at < layout.blocksOfGroup; ++at, wholes += block) {
            for (int half = 0; half < (bits == 8 ? 1 : 2); ++half) {
                const float *inputs = x + (group * layout.quadsOfGroup + half * halfGroup + at) * quad;
                Sixteen weights;
                read<bits>(wholes, half == 1, weights);
                for (int row = 0; row < rows; ++row) {
                    const Four four = *reinterpret_cast<const Four *>(inputs + row * stride);
                    sums[row] += weights * __builtin_shufflevector(four, four, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
                }
            }
        }
        for (int row = 0; row < rows; ++row)
            for (long lane = 0; lane < panel; ++lane) results[row][lane / quad] += sums[row][lane] * scales[lane / quad];
    }
    for (int row = 0; row < rows; ++row)
        for (long channel = 0; channel < quad && channel < columns; ++channel)
            y[row * outputs + channel] = results[row][channel];
}

template <int bits>
INLINED void multiplyInFloats(const QuantizedLayer &layer, const uint8_t *wholes, const float *scales, const float *x,
                              long rows, long first, long count, float *y) {
    const Layout layout = Layout::of(bits, layer.inputs);
    const long stride = layout.floatRow() / 4;
    for (long channel = first * panel; channel < (first + count) * panel && channel < layer.outputs; channel += quad) {
        const uint8_t *own = wholes + channel / panel * layout.panelBytes() + channel % panel * quad;
        const float *ownScales = scales + channel / panel * layout.groups * panel + channel % panel;
        const long columns = layer.outputs - channel;
        long row = 0;
        for (; row + 4 <= rows; row += 4)
            multiplyFour<bits, 4>(x + row * stride, layout, own, ownScales, columns, y + row * layer.outputs + channel,
                                  layer.outputs);
        for (; row < rows; ++row)
            multiplyFour<bits, 1>(x + row * stride, layout, own, ownScales, columns, y + row * layer.outputs + channel,
                                  layer.outputs);
    }
}

FOR_EVERY_PROCESSOR
void multiplyInSinglePrecision(const QuantizedLayer &layer, const uint8_t *wholes, const float *scales, const float *x,
                               long rows, long first, long count, float *y) {
    if (layer.bits == 8) {
        multiplyInFloats<8>(layer, wholes, scales, x, rows, first, count, y);
    } else {
        multiplyInFloats<4>(layer, wholes, scales, x, rows, first, count, y);
    }
}

}  // namespace

bool kernel_has_byte_products(void) {
#if HAS_VNNI
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

long kernel_quantized_row_bytes(const QuantizedLayer *layer) {
    const Layout layout = Layout::of(layer->bits, layer->inputs);
    return layer->in_bytes ? layout.byteRow() : layout.floatRow();
}

void kernel_quantized_prepare(const QuantizedLayer *layer, const float *x, long rows, uint8_t *prepared) {
    const Layout layout = Layout::of(layer->bits, layer->inputs);
    const long stride = kernel_quantized_row_bytes(layer);
    for (long row = 0; row < rows; ++row, x += layer->inputs, prepared += stride) {
#if HAS_VNNI
        if (layer->in_bytes) {
            splitRow(x, layer->inputs, layout, layer->bits == 8 ? 128 : 8, prepared);
            continue;
        }
#endif
        const long bytes = layer->inputs * static_cast<long>(sizeof(float));
        std::memcpy(prepared, x, bytes);
        std::memset(prepared + bytes, 0, layout.floatRow() - bytes);
    }
}

void kernel_quantized_linear(const QuantizedLayer *layer, const void *wholes, const float *scales, const uint8_t *prepared,
                             long rows, long first, long count, float *y) {
    const auto *bytes = static_cast<const uint8_t *>(wholes);
#if HAS_VNNI
    if (layer->in_bytes) {
        if (layer->bits == 8) {
            multiplyInBytes<8>(*layer, bytes, scales, prepared, rows, first, count, y);
        } else {
            multiplyInBytes<4>(*layer, bytes, scales, prepared, rows, first, count, y);
        }
        return;
    }
#endif
    multiplyInSinglePrecision(*layer, bytes, scales, reinterpret_cast<const float *>(prepared), rows, first, count, y);
}
