"""A product with 8-bit weights and activations by PyTorch's dynamic quantization (FBGEMM, oneDNN).

    quantized.py INPUTS OUTPUTS COPIES THREADS

A call is named after its number of rows, and goes through COPIES layers in turn.
"""

import itertools
import sys
import warnings

import measuring
import torch

warnings.filterwarnings("ignore")
inputs, outputs, copies, threads = map(int, sys.argv[1:])
torch.set_num_threads(threads)

weight = torch.randn(outputs, inputs) * 0.02
scales = weight.abs().amax(1).double() / 127
whole = torch.quantize_per_channel(weight, scales, torch.zeros(outputs, dtype=torch.long), 0, torch.qint8)
layers = itertools.cycle([torch.ops.quantized.linear_prepack(whole) for _ in range(copies)])


def product(rows):
    x = torch.randn(rows, inputs)

    def call():
        torch.ops.quantized.linear_dynamic(x, next(layers))

    return call


measuring.serve(f"torch {torch.__version__}", {str(rows): product(rows) for rows in (1, 5, 8, 16, 32, 300)})
