// Kernels of a transformer for a handful of vectors, on one core, in single precision.
//
// A chunk of actions is 5 to 40 latent positions: its products are so small that libtorch spends longer on dispatching,
// allocating and reshaping than on multiplying. These functions allocate nothing and call nothing.

#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>

#include "few_rows.h"
#include "quantized.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Columns of a panel, see kernel_linear.
#define KERNEL_PANEL 16

/// y = x · W + bias, or y += that, for `rows` rows of x, each of `inputs` numbers, and of y, each of `outputs`.
///
/// Rows of x begin `stride` numbers after one another: where that is less than `inputs`, they overlap, as the windows of
/// a convolution do.
/// `panels` holds W, [inputs, outputs], cut into panels of 16 columns that lie one after the other, each [inputs, 16];
/// `bias` is as long as all panels are wide. Both are filled up with zeros.
void kernel_linear(const float *x, long stride, long rows, long inputs, const float *panels, const float *bias, long outputs,
                   float *y, bool add);

/// x, `count` numbers, becomes gelu(x), with the error function.
void kernel_gelu(float *x, long count);

/// y = rows of x, [rows, width], with zero mean and unit variance, times `scale`; y may be x.
void kernel_normalize(const float *x, long rows, long width, const float *scale, float epsilon, float *y);

/// Attention of all tokens to all: queries, keys and values are [tokens, heads, width] each, side by side in a row of
/// `joined`, [tokens, 3 · heads · width]; y is [tokens, heads · width]. `scores` has room for `tokens` numbers, rounded
/// up to whole panels.
void kernel_attend(const float *joined, long tokens, long heads, long width, float *scores, float *y);

/// Attention of `rows` queries to the keys and values that a cache holds.
///
/// A query, [heads, width], begins `stride` numbers after the one before. A head's keys, and its values, are [count, width],
/// and begin `room` numbers after those of the head before. `bias`, [count], is added to the scores: 0, or minus infinity for keys that are
/// not to be seen; null for none. y is [rows, heads · width]. `scores` has room for `count` numbers,
/// rounded up to whole panels.
void kernel_attend_cached(const float *queries, long stride, long rows, const float *keys, const float *values, long room,
                          long count, const float *bias, long heads, long width, float *scores, float *y);

/// Attention of `rows` queries, [rows, width], to `cells`, [count, width], of which each has a centre, [count, 2]: the means of
/// cells, `features`, [rows, width], and of centres, `positions`, [rows, 2]. `scores` has room for `count` numbers,
/// rounded up to whole panels.
void kernel_locate(const float *queries, long rows, const float *cells, const float *centres, long count, long width,
                   float *scores, float *features, float *positions);

/// Turns pairs of channels, i and i + width / 2, of `vectors` vectors by the same angles.
///
/// Cosines and sines are [width / 2].
void kernel_rotate(float *x, long vectors, long width, const float *cosines, const float *sines);

/// Lays `entries`, [count, width], out as the kernels below read them.
///
/// `panels` takes them as the columns of a matrix [width, count], see kernel_linear, and `lengths` half their squared lengths,
/// infinite where panels are filled up; both for `count`, rounded up to whole panels.
void kernel_pack_entries(const float *entries, long count, long width, float *panels, float *lengths);

/// Indices of the entries nearest to each of the rows of x, [rows, width]. Of equally near ones the first.
void kernel_nearest_rows(const float *x, long rows, long width, const float *panels, const float *lengths, long count,
                         long *nearest);

/// The `kept` nearest pairs of a row of x, [rows, width], and an entry: row · count + entry, nearest first.
///
/// `distances` gets half their squared distances. There are at least 1 and at most rows · count of them.
void kernel_nearest_pairs(const float *x, long rows, long width, const float *panels, const float *lengths, long count,
                          long kept, long *pairs, float *distances);

#ifdef __cplusplus
}
#endif

#endif
