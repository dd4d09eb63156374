// Products with packed weights, and what a layer does between them.

#include "vectors.h"

namespace {

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
