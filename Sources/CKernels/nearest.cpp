// Search for the codebook entries nearest to vectors.

#include "vectors.h"

namespace {

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

}  // namespace

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
