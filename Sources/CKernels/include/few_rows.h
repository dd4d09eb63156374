// Products of a handful of rows with a weight as libtorch keeps it: such a product takes as long as reading the weight.

#ifndef CKERNELS_FEW_ROWS_H
#define CKERNELS_FEW_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Most rows of a product.
#define FEW_ROWS_MOST 8

/// Returns true if the processor has what these products need: AVX-512 with BF16.
bool kernel_has_few_rows_products(void);

/// y, [rows, outputs], gets x · Wᵀ for the outputs from `first` on, `count` of them, rounded to bfloat16 from sums in single precision.
///
/// x is [rows, inputs] and W, `weight`, [outputs, inputs]; `rows` is 1 to FEW_ROWS_MOST. Needs kernel_has_few_rows_products().
void kernel_few_rows_bfloat16(const uint16_t *x, long rows, long inputs, const uint16_t *weight, long outputs, long first,
                              long count, uint16_t *y);

/// The same in single precision.
void kernel_few_rows_float32(const float *x, long rows, long inputs, const float *weight, long outputs, long first, long count,
                             float *y);

#ifdef __cplusplus
}
#endif

#endif
