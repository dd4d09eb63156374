"""Three training batches of a residual quantizer, in quantizer.safetensors beside this file.

    Scripts/bootstrap --peers && .deps/peers/bin/python Tests/VectorQuantizationTests/Golden/make_quantizer_golden.py

Written from the papers, vector by vector: the nearest entry of the first codebook, then the nearest entry of the second
to what is left (SoundStream); gradients of the quantized vectors reach the vectors unchanged (VQ-VAE); entries are the
moving averages of what chose them (VQ-VAE, appendix A.1). No entry counts as dead, because a reset is random.
The loss is the sum of the quantized vectors times random numbers, plus a quarter of the commitment. Computed in double
precision from numbers that single precision can hold.
"""

import pathlib

import torch
from safetensors.torch import save_file

ROUNDS, VECTORS, CODEBOOKS, ENTRIES, WIDTH, DECAY = 3, 24, 3, 8, 5, 0.9


class StraightThrough(torch.autograd.Function):
    """The second argument forwards, the first backwards."""

    @staticmethod
    def forward(context, vectors, quantized):
        return quantized.clone()

    @staticmethod
    def backward(context, gradient):
        return gradient, None


def single(tensor):
    """The nearest numbers of single precision, in double."""
    return tensor.float().double()


torch.manual_seed(0)
entries = single(torch.randn(CODEBOOKS, ENTRIES, WIDTH) * torch.tensor([1.0, 0.6, 0.4])[:, None, None])
counts = single(torch.rand(CODEBOOKS, ENTRIES) * 3 + 0.5)
sums = single(entries * counts[..., None])
golden = {"first.entries": entries, "first.counts": counts, "first.sums": sums}

for number in range(ROUNDS):
    vectors = single(torch.randn(VECTORS, WIDTH)).requires_grad_()
    weights = (torch.rand(VECTORS) < 0.7).double()
    direction = single(torch.randn(VECTORS, WIDTH))
    codes = torch.zeros(VECTORS, CODEBOOKS, dtype=torch.int64)
    quantized = torch.zeros(VECTORS, WIDTH, dtype=torch.float64)
    new_counts, totals = torch.zeros_like(counts), torch.zeros_like(sums)
    for row in range(VECTORS):
        left = vectors[row].detach()
        for codebook in range(CODEBOOKS):
            chosen = min(range(ENTRIES), key=lambda entry: torch.dist(left, entries[codebook, entry]).item())
            codes[row, codebook] = chosen
            quantized[row] += entries[codebook, chosen]
            if weights[row]:
                new_counts[codebook, chosen] += 1
                totals[codebook, chosen] += left
            left = left - entries[codebook, chosen]
    counted = [row for row in range(VECTORS) if weights[row]]
    commitment = torch.stack([(vectors[row] - quantized[row]).square().mean() for row in counted]).mean()
    loss = (StraightThrough.apply(vectors, quantized) * direction).sum() + 0.25 * commitment
    loss.backward()

    counts = DECAY * counts + (1 - DECAY) * new_counts
    sums = DECAY * sums + (1 - DECAY) * totals
    entries = sums / counts[..., None]
    kept = {"vectors": vectors, "weights": weights, "direction": direction, "codes": codes, "quantized": quantized}
    kept |= {"commitment": commitment, "loss": loss, "gradient": vectors.grad}
    kept |= {"entries": entries, "counts": counts, "sums": sums}
    golden |= {f"{number}.{name}": value for name, value in kept.items()}

golden = {name: (value.float() if value.is_floating_point() else value).detach().clone() for name, value in golden.items()}
path = pathlib.Path(__file__).with_name("quantizer.safetensors")
save_file(golden, path, metadata={"torch": torch.__version__, "script": pathlib.Path(__file__).name})
print(f"{path}: {len(golden)} tensors, {path.stat().st_size} bytes")
