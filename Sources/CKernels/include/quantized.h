// Products of activations with weights of 8 or 4 bits.
//
// With a handful of rows, such a product takes as long as reading its weights: each is read once, in the order of memory, for
// all rows.
//
// A weight is a whole number times the scale of its output channel and its group of inputs. 8-bit weights have one group;
// groups of 4-bit weights have 64 inputs. Sixteen channels make a panel. What is filled up holds zeros.
//
// | weights | whole numbers, a byte each or two | scales |
// |---|---|---|
// | 8 bits | [panels, inputs / 4, 16 channels, 4 inputs], signed | [panels, 1, 16 channels] |
// | 4 bits | [panels, groups, 8, 16 channels, 4 inputs], plus 8: a group's first 32 inputs in lower halves, others in upper | [panels, groups, 16 channels] |

#ifndef CKERNELS_QUANTIZED_H
#define CKERNELS_QUANTIZED_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Channels of a panel.
#define QUANTIZED_PANEL 16

/// Inputs of a group of 4-bit weights.
#define QUANTIZED_GROUP 64

/// Most inputs of a layer: more could leave the range of 32-bit sums.
#define QUANTIZED_MOST_INPUTS 65536

/// A layer, and the way its products are computed.
typedef struct {
    /// 8 or 4.
    int bits;
    long inputs;
    long outputs;
    /// True for activations of 16 bits, in two bytes, which needs kernel_has_byte_products(); false for single precision.
    bool in_bytes;
} QuantizedLayer;

/// Returns true if the processor adds up products of bytes (AVX-512 VNNI).
bool kernel_has_byte_products(void);

/// Bytes of one row that kernel_quantized_prepare writes: a multiple of 64.
long kernel_quantized_row_bytes(const QuantizedLayer *layer);

/// Lays rows of x, [rows, inputs], out for products; `prepared` is aligned to 64 bytes.
///
/// In bytes, a number is rounded to 1/32512 of its row's largest; a number that is not finite makes its row so.
void kernel_quantized_prepare(const QuantizedLayer *layer, const float *x, long rows, uint8_t *prepared);

/// y, [rows, outputs], gets the products for the channels of `count` panels from `first` on.
void kernel_quantized_linear(const QuantizedLayer *layer, const void *wholes, const float *scales, const uint8_t *prepared,
                             long rows, long first, long count, float *y);

#ifdef __cplusplus
}
#endif

#endif
