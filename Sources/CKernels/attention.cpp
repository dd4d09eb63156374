// Attention over a few hundred keys.

#include "vectors.h"

namespace {

/// The sums of sixteen vectors, one a lane, in `vectors[0]`; the others are used up.
INLINED void addAcross(Sixteen (&vectors)[16]) {
    for (int i = 0; i < 8; ++i) {
        const Sixteen &l = vectors[2 * i], &r = vectors[2 * i + 1];
        vectors[i] = __builtin_shufflevector(l, r, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30) +
                     __builtin_shufflevector(l, r, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
    }
    for (int i = 0; i < 4; ++i) {
        const Sixteen &l = vectors[2 * i], &r = vectors[2 * i + 1];
        vectors[i] = __builtin_shufflevector(l, r, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
                     __builtin_shufflevector(l, r, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
    for (int i = 0; i < 2; ++i) {
        const Sixteen &l = vectors[2 * i], &r = vectors[2 * i + 1];
        vectors[i] = __builtin_shufflevector(l, r, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +
                     __builtin_shufflevector(l, r, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
    }
    const Sixteen &l = vectors[0], &r = vectors[1];
    vectors[0] = __builtin_shufflevector(l, r, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                 __builtin_shufflevector(l, r, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

/// Scores of sixteen keys, of which `count` exist: others weigh nothing.
INLINED void writeScores(const Sixteen &products, long count, float *scores) {
    constexpr SixteenIndices lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const Sixteen found = lanes < static_cast<int>(count) ? products : Sixteen{} - INFINITY;
    std::memcpy(scores, &found, sizeof(found));
}

/// Products of a query with up to sixteen keys, `stride` numbers apart and `parts` panels wide each, times `factor`.
template <int parts>
INLINED void compareSixteen(const float *query, const float *keys, long stride, long count, float factor, float *scores) {
    Sixteen products[16];
#pragma clang loop unroll(full)
    for (int lane = 0; lane < 16; ++lane) {
        const float *key = keys + (lane < count ? lane : 0) * stride;
        products[lane] = sixteen(query) * sixteen(key);
        for (int part = 1; part < parts; ++part)
            products[lane] += sixteen(query + part * panel) * sixteen(key + part * panel);
    }
    addAcross(products);
    writeScores(products[0] * factor, count, scores);
}

/// Attention scores of `count` keys, `stride` numbers apart, for a query: products times `factor`. They fill whole panels, the last one
/// up with infinitely low ones.
INLINED void compare(const float *query, const float *keys, long stride, long count, long width, float factor,
                     float *scores) {
    for (long first = 0; first < count; first += 16, keys += 16 * stride, scores += 16) {
        const long filled = count - first < 16 ? count - first : 16;
        switch (width) {
            case panel: compareSixteen<1>(query, keys, stride, filled, factor, scores); break;
            case 2 * panel: compareSixteen<2>(query, keys, stride, filled, factor, scores); break;
            case 3 * panel: compareSixteen<3>(query, keys, stride, filled, factor, scores); break;
            case 4 * panel: compareSixteen<4>(query, keys, stride, filled, factor, scores); break;
            default:
                Sixteen products = {};
                for (long key = 0; key < filled; ++key) products[key] = dot(query, keys + key * stride, width) * factor;
                writeScores(products, filled, scores);
        }
    }
}

/// x becomes e to the power of x, to 1e-7 of it, for numbers up to 0: an exponent and a polynomial for what it leaves (Cephes).
INLINED void exponentiate(Sixteen &x) {
    // In this order no number at all becomes -87, too: it has no whole number to be converted to.
    x = x > -87 ? x : Sixteen{} - 87;
    // Adding and taking off 1.5 · 2^23 rounds to a whole number.
    const Sixteen whole = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
    const Sixteen rest = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    Sixteen y = Sixteen{} + 1.9875691500e-4f;
    y = y * rest + 1.3981999507e-3f;
    y = y * rest + 8.3334519073e-3f;
    y = y * rest + 4.1665795894e-2f;
    y = y * rest + 1.6666665459e-1f;
    y = y * rest + 5.0000001201e-1f;
    const SixteenIndices exponent = (__builtin_convertvector(whole, SixteenIndices) + 127) << 23;
    x = (y * rest * rest + rest + 1) * __builtin_bit_cast(Sixteen, exponent);
}

/// `parts` panels of columns of a weighted sum of rows, `stride` numbers apart.
template <int parts>
INLINED void addRows(const float *weights, long count, const float *rows, long stride, float factor, float *y) {
    Sixteen sums[parts] = {};
    for (long row = 0; row < count; ++row, rows += stride)
        for (int part = 0; part < parts; ++part) sums[part] += weights[row] * sixteen(rows + part * panel);
    for (int part = 0; part < parts; ++part) sums[part] *= factor;
    std::memcpy(y, sums, sizeof(sums));
}

/// The largest of `count` scores that fill whole panels.
INLINED float largest(const float *scores, long count) {
    Sixteen highest = sixteen(scores);
    for (long first = panel; first < count; first += panel)
        highest = highest > sixteen(scores + first) ? highest : sixteen(scores + first);
    for (int half = panel / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; ++lane) highest[lane] = highest[lane] > highest[lane + half] ? highest[lane] : highest[lane + half];
    return highest[0];
}

/// Softmax over `count` scores that fill whole panels, times values that lie `stride` numbers apart.
INLINED void mix(float *scores, long count, const float *values, long stride, long width, float *y) {
    const float highest = largest(scores, count);
    Sixteen totals = {};
    for (long first = 0; first < count; first += panel) {
        Sixteen weights = sixteen(scores + first) - highest;
        exponentiate(weights);
        std::memcpy(scores + first, &weights, sizeof(weights));
        totals += weights;
    }
    const float total = sumAcross(__builtin_shufflevector(totals, totals, 0, 1, 2, 3, 4, 5, 6, 7) +
                                  __builtin_shufflevector(totals, totals, 8, 9, 10, 11, 12, 13, 14, 15));
    long column = 0;
    for (; column + 3 * panel <= width; column += 3 * panel)
        addRows<3>(scores, count, values + column, stride, 1 / total, y + column);
    for (; column + 2 * panel <= width; column += 2 * panel)
        addRows<2>(scores, count, values + column, stride, 1 / total, y + column);
    for (; column + panel <= width; column += panel)
        addRows<1>(scores, count, values + column, stride, 1 / total, y + column);
    for (; column < width; ++column) {
        y[column] = 0;
        for (long other = 0; other < count; ++other) y[column] += scores[other] / total * values[other * stride + column];
    }
}

}  // namespace

FOR_EVERY_PROCESSOR
void kernel_attend(const float *joined, long tokens, long heads, long width, float *scores, float *y) {
    const long stride = 3 * heads * width;
    const float factor = 1 / std::sqrt(static_cast<float>(width));
    for (long head = 0; head < heads; ++head) {
        const float *queries = joined + head * width;
        const float *keys = queries + heads * width, *values = keys + heads * width;
        for (long token = 0; token < tokens; ++token) {
            compare(queries + token * stride, keys, stride, tokens, width, factor, scores);
            mix(scores, tokens, values, stride, width, y + (token * heads + head) * width);
        }
    }
}

FOR_EVERY_PROCESSOR
void kernel_attend_cached(const float *queries, long stride, long rows, const float *keys, const float *values, long room,
                          long count, const float *bias, long heads, long width, float *scores, float *y) {
    const float factor = 1 / std::sqrt(static_cast<float>(width));
    for (long head = 0; head < heads; ++head, keys += room, values += room) {
        for (long row = 0; row < rows; ++row) {
            compare(queries + row * stride + head * width, keys, width, count, width, factor, scores);
            for (long key = 0; bias && key < count; ++key) scores[key] += bias[key];
            mix(scores, count, values, width, width, y + (row * heads + head) * width);
        }
    }
}

FOR_EVERY_PROCESSOR
void kernel_locate(const float *queries, long rows, const float *cells, const float *centres, long count, long width,
                   float *scores, float *features, float *positions) {
    const float factor = 1 / std::sqrt(static_cast<float>(width));
    for (long row = 0; row < rows; ++row, features += width, positions += 2) {
        compare(queries + row * width, cells, width, count, width, factor, scores);
        mix(scores, count, cells, width, width, features);
        float right = 0, down = 0;
        for (long cell = 0; cell < count; ++cell) {
            right += scores[cell] * centres[2 * cell];
            down += scores[cell] * centres[2 * cell + 1];
        }
        const float total = sum(scores, count);
        positions[0] = right / total;
        positions[1] = down / total;
    }
}
