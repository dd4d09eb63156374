// Products of a handful of rows with a weight in bfloat16, as libtorch keeps it: such a product takes as long as reading the weight.

#ifndef CKERNELS_BFLOAT16_H
#define CKERNELS_BFLOAT16_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Most rows of a product.
#define BFLOAT16_MOST_ROWS 8

/// Returns true if the processor multiplies numbers in bfloat16 (AVX-512 BF16).
bool kernel_has_bfloat16_products(void);

/// y, [rows, outputs], gets x · Wᵀ for the outputs from `first` on, `count` of them, rounded to bfloat16 from sums in single precision.
///
/// x is [rows, inputs] and W, `weight`, [outputs, inputs]; `rows` is 1 to BFLOAT16_MOST_ROWS. Needs kernel_has_bfloat16_products().
void kernel_bfloat16_linear(const uint16_t *x, long rows, long inputs, const uint16_t *weight, long outputs, long first,
                            long count, uint16_t *y);

#ifdef __cplusplus
}
#endif

#endif
