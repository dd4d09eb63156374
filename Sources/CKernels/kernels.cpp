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
    for (long input = 0; input < inputs; ++input, weights += panel) {
        const Sixteen weight = sixteen(weights);
        for (int row = 0; row < count; ++row) sums[row] += weight * x[row * stride + input];
    }
}

template <int count>
INLINED void multiplyTile(const float *x, long stride, long inputs, const float *weights, const float *bias, long outputs,
                          long columns, float *y, bool add) {
    Sixteen sums[count];
    for (int row = 0; row < count; ++row) sums[row] = sixteen(bias);
    multiply<count>(x, stride, inputs, weights, sums);
    for (int row = 0; row < count; ++row) {
        float *target = y + row * outputs;
        const float *found = reinterpret_cast<const float *>(&sums[row]);
        if (columns == panel && !add) {
            std::memcpy(target, found, sizeof(sums[row]));
        } else {
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

/// Softmax over `count` scores, times values that lie `stride` numbers apart.
INLINED void mix(float *scores, long count, const float *values, long stride, long width, float *y) {
    float highest = -INFINITY, total = 0;
    for (long other = 0; other < count; ++other) highest = scores[other] > highest ? scores[other] : highest;
    for (long other = 0; other < count; ++other) {
        scores[other] = std::exp(scores[other] - highest);
        total += scores[other];
    }
    for (long column = 0; column < width; ++column) y[column] = 0;
    for (long other = 0; other < count; ++other) {
        const float share = scores[other] / total;
        for (long column = 0; column < width; ++column) y[column] += share * values[other * stride + column];
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
        Eight sums = {}, squares = {};
        float sum = 0, square = 0;
        long column = 0;
        for (; column + 8 <= width; column += 8) sums += eight(x + column);
        for (int lane = 0; lane < 8; ++lane) sum += sums[lane];
        for (; column < width; ++column) sum += x[column];
        const float mean = sum / static_cast<float>(width);
        for (column = 0; column + 8 <= width; column += 8) {
            const Eight distance = eight(x + column) - mean;
            squares += distance * distance;
        }
        for (int lane = 0; lane < 8; ++lane) square += squares[lane];
        for (; column < width; ++column) square += (x[column] - mean) * (x[column] - mean);
        const float factor = 1 / std::sqrt(square / static_cast<float>(width) + epsilon);
        for (column = 0; column < width; ++column) y[column] = (x[column] - mean) * factor * scale[column];
    }
}

FOR_EVERY_PROCESSOR
void kernel_attend(const float *joined, long places, long heads, long width, float *scores, float *y) {
    const long stride = 3 * heads * width;
    const float factor = 1 / std::sqrt(static_cast<float>(width));
    for (long head = 0; head < heads; ++head) {
        const float *queries = joined + head * width;
        const float *keys = queries + heads * width, *values = keys + heads * width;
        for (long place = 0; place < places; ++place) {
            for (long other = 0; other < places; ++other)
                scores[other] = dot(queries + place * stride, keys + other * stride, width) * factor;
            mix(scores, places, values, stride, width, y + (place * heads + head) * width);
        }
    }
}

FOR_EVERY_PROCESSOR
void kernel_attend_cached(const float *queries, long stride, long rows, const float *keys, const float *values, long room,
                          long count, long heads, long width, float *scores, float *y) {
    const float factor = 1 / std::sqrt(static_cast<float>(width));
    for (long head = 0; head < heads; ++head, keys += room, values += room) {
        for (long row = 0; row < rows; ++row) {
            const float *query = queries + row * stride + head * width;
            for (long other = 0; other < count; ++other)
                scores[other] = dot(query, keys + other * width, width) * factor;
            mix(scores, count, values, width, width, y + (row * heads + head) * width);
        }
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
long kernel_nearest(const float *x, long width, const float *panels, const float *lengths, long count) {
    long nearest = 0;
    float smallest = INFINITY;
    for (long first = 0; first < count; first += panel, panels += width * panel) {
        Sixteen sums[1] = {};
        multiply<1>(x, width, width, panels, sums);
        const float *products = reinterpret_cast<const float *>(&sums[0]);
        for (long column = 0; column < panel; ++column) {
            const float distance = lengths[first + column] - products[column];
            if (distance < smallest) {
                smallest = distance;
                nearest = first + column;
            }
        }
    }
    return nearest;
}
