"""Layers made of torch.nn: inputs, parameters, outputs, losses and every gradient, in layers.safetensors beside this file.

    Scripts/bootstrap --peers && .deps/peers/bin/python Tests/NNTests/Golden/make_layers_golden.py

Everything is computed in double precision from numbers that single precision can hold, and stored in single. The loss
is the mean squared distance of the output to a random target. Rotary positions turn complex numbers here, and
attention goes head by head, so that both are computed in another way than in Sources/NN.
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

golden = {}


def noise(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).double()


def record(name, module, input, **inputs):
    """Runs `module` on `input` and keeps what went in, what came out and all gradients."""
    module = module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            # Norms get scales other than one, biases other than zero.
            parameter.copy_((parameter.float() + 0.1 * torch.randn(parameter.shape)).double())
    if input.is_floating_point():
        input.requires_grad_()
    output = module(input, **inputs)
    target = noise(*output.shape)
    loss = (output - target).square().mean()
    loss.backward()
    kept = {"input": input, "target": target, "output": output, "loss": loss} | inputs
    kept |= {f"parameters.{key}": value for key, value in module.named_parameters()}
    kept |= {f"gradients.{key}": value.grad for key, value in module.named_parameters()}
    if input.is_floating_point():
        kept["inputGradient"] = input.grad
    for key, value in kept.items():
        value = value.detach()
        golden[f"{name}.{key}"] = (value.float() if value.is_floating_point() else value).contiguous().clone()


def turned(x, positions):
    """Channel i and channel i + half of `x`, [B, L, E], as one complex number, turned by position / 10000^(2i / E)."""
    half = x.shape[-1] // 2
    angle = positions[..., None] * 10_000.0 ** (-2 * torch.arange(half).double() / x.shape[-1])
    z = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([z.real, z.imag], dim=-1)


class SelfAttention(nn.Module):
    """Attention with normalized queries and keys, one head after the other."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.head_width = heads, width // heads
        self.projection = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.queryNorm = nn.LayerNorm(self.head_width, bias=False)
        self.keyNorm = nn.LayerNorm(self.head_width, bias=False)

    def forward(self, x, positions=None, mask=None):
        queries, keys, values = (part.split(self.head_width, dim=-1) for part in self.projection(x).chunk(3, dim=-1))
        attended = []
        for head, (query, key, value) in enumerate(zip(queries, keys, values)):
            query, key = self.queryNorm(query), self.keyNorm(key)
            if positions is not None:
                query, key = turned(query, positions.double()), turned(key, positions.double())
            scores = torch.einsum("ble,bse->bls", query, key) / self.head_width**0.5
            if mask is not None:
                scores = scores.masked_fill(~mask[:, 0], float("-inf"))
            attended.append(scores.softmax(dim=-1) @ value)
        return self.output(torch.cat(attended, dim=-1))


class FeedForward(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.up, self.down, self.gelu = nn.Linear(width, hidden), nn.Linear(hidden, width), nn.GELU()

    def forward(self, x):
        return self.down(self.gelu(self.up(x)))


torch.manual_seed(0)
record("linear", nn.Linear(6, 5), noise(4, 3, 6))
record("linear.withoutBias", nn.Linear(6, 5, bias=False), noise(4, 6))
record("layerNorm", nn.LayerNorm(8), noise(4, 3, 8, scale=3.0))
record("layerNorm.largeEpsilon", nn.LayerNorm(8, eps=1e-2, bias=False), noise(4, 8, scale=0.1))
record("rmsNorm", nn.RMSNorm(8, eps=1e-6), noise(4, 3, 8))
record("conv1d", nn.Conv1d(3, 6, 5, padding=2), noise(2, 3, 9))
record("conv1d.grouped", nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), noise(2, 4, 9))
record("conv2d", nn.Conv2d(3, 4, 3, padding=1), noise(2, 3, 6, 5))
record("conv2d.grouped", nn.Conv2d(4, 6, 4, stride=4, groups=2), noise(2, 4, 8, 12))
record("embedding", nn.Embedding(7, 5), torch.tensor([[0, 3, 3], [6, 1, 3]]))
record("feedForward", FeedForward(6, 24), noise(2, 5, 6))
record("attention", SelfAttention(12, 3), noise(2, 5, 12))
record("attention.long", SelfAttention(12, 3), noise(2, 20, 12))
record("attention.rotary", SelfAttention(12, 3), noise(2, 5, 12), positions=torch.tensor([[0, 1, 3, 5, 6], [2, 4, 5, 7, 9]]))
mask = torch.rand(2, 1, 5, 5) < 0.5
mask |= torch.eye(5, dtype=torch.bool)  # every token sees at least itself
record(
    "attention.masked", SelfAttention(12, 3), noise(2, 5, 12), positions=torch.tensor([[0, 1, 2, 3, 4], [0, 2, 4, 6, 8]]), mask=mask
)

path = pathlib.Path(__file__).with_name("layers.safetensors")
save_file(golden, path, metadata={"torch": torch.__version__, "script": pathlib.Path(__file__).name})
print(f"{path}: {len(golden)} tensors, {path.stat().st_size} bytes")
