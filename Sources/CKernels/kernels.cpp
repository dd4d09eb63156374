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

template <int count>
INLINED void multiplyTile(const float *x, long stride, long inputs, const float *weights, const float *bias, long outputs,
                          long columns, float *y, bool add) {
    Sixteen sums[count];
    for (int row = 0; row < count; ++row) sums[row] = sixteen(bias);
    multiply<count>(x, stride, inputs, weights, sums);
    for (int row = 0; row < count; ++row) {
        float *target = y + row * outputs;
        if (columns == panel) {
            if (add) sums[row] += sixteen(target);
            std::memcpy(target, &sums[row], sizeof(sums[row]));
        } else {
            const float *found = reinterpret_cast<const float *>(&sums[row]);
            for (long column = 0; column < columns; ++column)
                target[column] = add ? target[column] + found[column] : found[column];
        }
    }
}

/// The error function to 2e-7: a quotient of polynomials, beyond ±4 constant.
///
/// Coefficients: Eigen's and XLA's (Apache 2.0, MPL 2.0), by Remez.
INLINED float errorFunction(float x) {
    x = x > 4 ? 4 : x < -4 ? -4 : x;
    const float square = x * x;
    float above = -2.72614225801306e-10f;
    above = above * square + 2.77068142495902e-08f;
    above = above * square - 2.10102402082508e-06f;
    above = above * square - 5.69250639462346e-05f;
    above = above * square - 7.34990630326855e-04f;
    above = above * square - 2.95459980854025e-03f;
    above = above * square - 1.60960333262415e-02f;
    float below = -1.45660718464996e-05f;
    below = below * square - 2.13374055278905e-04f;
    below = below * square - 1.68282697438203e-03f;
    below = below * square - 7.37332916720468e-03f;
    below = below * square - 1.42647390514189e-02f;
    return x * above / below;
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

/// Indices of the entries nearest to `count` rows of x: every lane keeps the nearest of its column.
template <int count>
INLINED void nearestTile(const float *x, long width, const float *panels, const float *lengths, long entries,
                         long *nearest) {
    Sixteen smallest[count];
    SixteenIndices panelOfSmallest[count] = {};
    for (int row = 0; row < count; ++row) smallest[row] = Sixteen{} + INFINITY;
    for (long first = 0; first < entries; first += panel, panels += width * panel) {
        Sixteen sums[count] = {};
        multiply<count>(x, width, width, panels, sums);
        for (int row = 0; row < count; ++row) {
            const Sixteen distance = sixteen(lengths + first) - sums[row];
            const SixteenIndices isNearer = distance < smallest[row];
            smallest[row] = isNearer ? distance : smallest[row];
            panelOfSmallest[row] = isNearer ? SixteenIndices{} + static_cast<int>(first) : panelOfSmallest[row];
        }
    }
    for (int row = 0; row < count; ++row) {
        const float *distances = reinterpret_cast<const float *>(&smallest[row]);
        float least = INFINITY;
        long index = entries;
        for (int lane = 0; lane < panel; ++lane) {
            const long entry = panelOfSmallest[row][lane] + lane;
            if (distances[lane] < least || (distances[lane] == least && entry < index)) {
                least = distances[lane];
                index = entry;
            }
        }
        nearest[row] = index < entries ? index : 0;
    }
}

/// Pairs of a row and an entry, nearest first, at most `room` of them.
struct NearestPairs {
    long room;
    long *pairs;
    float *distances;

    __attribute__((always_inline)) float farthest() const { return distances[room - 1]; }

    __attribute__((always_inline)) void insert(float distance, long pair) {
        long place = room - 1;
        for (; place > 0 && distances[place - 1] > distance; --place) {
            distances[place] = distances[place - 1];
            pairs[place] = pairs[place - 1];
        }
        distances[place] = distance;
        pairs[place] = pair;
    }
};

/// Adds the pairs of `count` rows of x, the first of which is number `row`, that are nearer than those in `found`.
template <int count>
INLINED void nearestPairsTile(const float *x, long row, long width, const float *panels, const float *lengths, long entries,
                              NearestPairs &found) {
    float halves[count];
    for (int of = 0; of < count; ++of) halves[of] = dot(x + of * width, x + of * width, width) / 2;
    for (long first = 0; first < entries; first += panel, panels += width * panel) {
        Sixteen distances[count] = {};
        multiply<count>(x, width, width, panels, distances);
        const Sixteen length = sixteen(lengths + first);
        for (int of = 0; of < count; ++of) distances[of] = (length + halves[of]) - distances[of];
        Sixteen smallest = distances[0];
        for (int of = 1; of < count; ++of) smallest = distances[of] < smallest ? distances[of] : smallest;
        // After the first panels, few hold anything nearer.
        if (__builtin_reduce_or(smallest < found.farthest()) == 0) continue;
        for (int of = 0; of < count; ++of) {
            for (long lane = 0; lane < panel; ++lane) {
                const float distance = distances[of][lane];
                if (distance < found.farthest()) found.insert(distance, (row + of) * entries + first + lane);
            }
        }
    }
}

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
void kernel_linear(const float *x, long stride, long rows, long inputs, const float *panels, const float *bias,
                   long outputs, float *y, bool add) {
    for (long first = 0; first < outputs; first += panel, panels += inputs * panel) {
        const long columns = outputs - first < panel ? outputs - first : panel;
        const float *left = x;
        float *target = y + first;
        // Six rows by sixteen columns: twelve sums, two halves of a panel and a value fill AVX2's registers.
        long row = 0;
        for (; row + 6 <= rows; row += 6, left += 6 * stride, target += 6 * outputs)
            multiplyTile<6>(left, stride, inputs, panels, bias + first, outputs, columns, target, add);
        switch (rows - row) {
            case 5: multiplyTile<5>(left, stride, inputs, panels, bias + first, outputs, columns, target, add); break;
            case 4: multiplyTile<4>(left, stride, inputs, panels, bias + first, outputs, columns, target, add); break;
            case 3: multiplyTile<3>(left, stride, inputs, panels, bias + first, outputs, columns, target, add); break;
            case 2: multiplyTile<2>(left, stride, inputs, panels, bias + first, outputs, columns, target, add); break;
            case 1: multiplyTile<1>(left, stride, inputs, panels, bias + first, outputs, columns, target, add); break;
        }
    }
}

FOR_EVERY_PROCESSOR
void kernel_gelu(float *x, long count) {
    for (long index = 0; index < count; ++index)
        x[index] = x[index] * 0.5f * (1 + errorFunction(x[index] * 0.70710678118654752f));
}

FOR_EVERY_PROCESSOR
void kernel_normalize(const float *x, long rows, long width, const float *scale, float epsilon, float *y) {
    for (long row = 0; row < rows; ++row, x += width, y += width) {
        const float mean = sum(x, width) / static_cast<float>(width);
        Eight squares = {};
        long column = 0;
        for (; column + 8 <= width; column += 8) {
            const Eight distance = eight(x + column) - mean;
            squares += distance * distance;
        }
        float square = sumAcross(squares);
        for (; column < width; ++column) square += (x[column] - mean) * (x[column] - mean);
        const float factor = 1 / std::sqrt(square / static_cast<float>(width) + epsilon);
        for (column = 0; column < width; ++column) y[column] = (x[column] - mean) * factor * scale[column];
    }
}

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

FOR_EVERY_PROCESSOR
void kernel_rotate(float *x, long vectors, long width, const float *cosines, const float *sines) {
    const long half = width / 2;
    for (long vector = 0; vector < vectors; ++vector, x += width) {
        for (long pair = 0; pair < half; ++pair) {
            const float left = x[pair], right = x[pair + half];
            x[pair] = left * cosines[pair] - right * sines[pair];
            x[pair + half] = right * cosines[pair] + left * sines[pair];
        }
    }
}

FOR_EVERY_PROCESSOR
void kernel_pack_entries(const float *entries, long count, long width, float *panels, float *lengths) {
    for (long first = 0; first < count; first += panel, panels += width * panel) {
        for (long column = 0; column < panel; ++column) {
            const bool exists = first + column < count;
            const float *entry = entries + (first + column) * width;
            for (long channel = 0; channel < width; ++channel)
                panels[channel * panel + column] = exists ? entry[channel] : 0;
            lengths[first + column] = exists ? dot(entry, entry, width) / 2 : INFINITY;
        }
    }
}

FOR_EVERY_PROCESSOR
void kernel_nearest_rows(const float *x, long rows, long width, const float *panels, const float *lengths, long count,
                         long *nearest) {
    long row = 0;
    for (; row + 4 <= rows; row += 4) nearestTile<4>(x + row * width, width, panels, lengths, count, nearest + row);
    for (; row < rows; ++row) nearestTile<1>(x + row * width, width, panels, lengths, count, nearest + row);
}

FOR_EVERY_PROCESSOR
void kernel_nearest_pairs(const float *x, long rows, long width, const float *panels, const float *lengths, long count,
                          long kept, long *pairs, float *distances) {
    for (long place = 0; place < kept; ++place) {
        pairs[place] = 0;
        distances[place] = INFINITY;
    }
    NearestPairs found = {kept, pairs, distances};
    long row = 0;
    for (; row + 4 <= rows; row += 4) nearestPairsTile<4>(x + row * width, row, width, panels, lengths, count, found);
    x += row * width;
    switch (rows - row) {
        case 3: nearestPairsTile<3>(x, row, width, panels, lengths, count, found); break;
        case 2: nearestPairsTile<2>(x, row, width, panels, lengths, count, found); break;
        case 1: nearestPairsTile<1>(x, row, width, panels, lengths, count, found); break;
    }
}
