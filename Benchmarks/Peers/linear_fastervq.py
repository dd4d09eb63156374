"""FASTerVQ with a linear encoder in PyTorch, eager: reads a tokenizer's folder and gives the same codes and actions.

    linear_fastervq.py FOLDER EXAMPLES THREADS

FOLDER is what `faster tokenizer fit` leaves; EXAMPLES a safetensors file of normalised chunks with the codes and the
actions that FASTer makes of them. It checks that it makes the same of them before anything is measured.

Two forms: one latent position after the other, as one would write it, and all of them at once, with components filled up with
zeros to one number, which takes fewer operators.
"""

import json
import sys

import measuring
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

BEAM = 4

torch.set_num_threads(int(sys.argv[3]))


class LinearFASTerVQ(nn.Module):
    def __init__(self, folder):
        super().__init__()
        configuration = json.load(open(f"{folder}/config.json"))["configuration"]
        self.count = len(configuration["componentCounts"])
        weights = load_file(f"{folder}/model.safetensors")
        self.mean = weights["mean"]
        self.components = [weights[f"positions.{index}.components"] for index in range(self.count)]
        self.entries = [weights[f"positions.{index}.entries"] for index in range(self.count)]
        self.halfSquares = [entries.square().sum(2) / 2 for entries in self.entries]

    def search(self, residual, entries, half_squares):
        """Codes [codebooks] of a vector [C], by a beam search."""
        residuals, codes = residual[None], residual.new_zeros(1, 0, dtype=torch.int64)
        for index, (table, half_square) in enumerate(zip(entries, half_squares)):
            distances = (half_square - residuals @ table.T + residuals.square().sum(1, keepdim=True) / 2).flatten()
            last = index == len(entries) - 1
            chosen = distances.argmin()[None] if last else distances.topk(BEAM, largest=False).indices
            prefixes, following = chosen // len(table), chosen % len(table)
            codes = torch.cat([codes[prefixes], following[:, None]], dim=1)
            if not last:
                residuals = residuals[prefixes] - table[following]
        return codes[0]

    @torch.inference_mode()
    def encode(self, chunk):
        centred = chunk.flatten() - self.mean
        parts = zip(self.components, self.entries, self.halfSquares)
        return torch.stack([self.search(components @ centred, *books) for components, *books in parts], dim=1).flatten()

    @torch.inference_mode()
    def decode(self, codes, shape):
        chunk = self.mean
        for components, entries, own in zip(self.components, self.entries, codes.view(-1, self.count).T):
            chunk = chunk + entries[torch.arange(len(own)), own].sum(0) @ components
        return chunk.view(shape)


class AllAtOnce(nn.Module):
    """The same for all positions at once."""

    def __init__(self, model):
        super().__init__()
        self.mean, self.count = model.mean, model.count
        width = max(len(components) for components in model.components)
        self.components = torch.cat([F.pad(components, (0, 0, 0, width - len(components))) for components in model.components])
        entries = [F.pad(entries, (0, width - entries.shape[2])) for entries in model.entries]
        self.entries = torch.stack(entries, dim=1).contiguous()
        self.halfSquares = self.entries.square().sum(3)[:, :, None] / 2
        self.starts = torch.arange(len(self.entries) * self.count).view(-1, self.count) * self.entries.shape[2]
        self.flat = self.entries.flatten(0, 2)

    @torch.inference_mode()
    def encode(self, chunk):
        residuals = (self.components @ (chunk.flatten() - self.mean)).view(self.count, 1, -1)
        size, rows = self.entries.shape[2], torch.arange(self.count)[:, None]
        codes = residuals.new_zeros(self.count, 1, 0, dtype=torch.int64)
        for index, (table, half_square) in enumerate(zip(self.entries, self.halfSquares)):
            distances = torch.baddbmm(half_square, residuals, table.transpose(1, 2), alpha=-1)
            distances = (distances + residuals.square().sum(2, keepdim=True) / 2).flatten(1)
            last = index == len(self.entries) - 1
            chosen = distances.argmin(1, keepdim=True) if last else distances.topk(BEAM, dim=1, largest=False).indices
            prefixes, following = chosen // size, chosen % size
            codes = torch.cat([codes[rows, prefixes], following[:, :, None]], dim=2)
            if not last:
                residuals = residuals[rows, prefixes] - table[rows, following]
        return codes[:, 0].T.flatten()

    @torch.inference_mode()
    def decode(self, codes, shape):
        latents = F.embedding(codes.view(-1, self.count) + self.starts, self.flat).sum(0)
        return torch.addmv(self.mean, self.components.T, latents.flatten()).view(shape)


examples = load_file(sys.argv[2])
actions, codes = examples["actions"], examples["codes"]
single = LinearFASTerVQ(sys.argv[1])
whole = AllAtOnce(single)
for model in (single, whole):
    own = torch.stack([model.encode(chunk) for chunk in actions])
    same = (own == codes).float().mean().item()
    own, decoded = (torch.stack([model.decode(code, actions.shape[1:]) for code in listed]) for listed in (own, codes))
    # Where entries are equally near but for rounding, as those of a gripper that only opens and closes, other codes are as good.
    errors = [(chunks - actions).abs().mean().item() for chunks in (own, decoded)]
    assert abs(errors[0] - errors[1]) < 1e-6, f"L1 is {errors[0]} with PyTorch's codes, {errors[1]} with FASTer's"
    error = (decoded - examples["reconstructions"]).abs().max().item()
    assert error < 1e-5, f"reconstructions are off by {error}"
chunks, code_lists = [chunk.numpy() for chunk in actions], codes.tolist()
position = 0


def following():
    """Every call takes the next chunk."""
    global position
    position = (position + 1) % len(chunks)
    return position


def encode(model):
    def call():
        model.encode(torch.from_numpy(chunks[following()])).tolist()

    return call


def decode(model):
    def call():
        model.decode(torch.tensor(code_lists[following()]), actions.shape[1:]).numpy()

    return call


measuring.serve(
    f"torch {torch.__version__}, eager; {same * 100:.4g} % of the codes the same, the others equally near; actions to {error:.0e}",
    {
        "encode": encode(single),
        "decode": decode(single),
        "encode-at-once": encode(whole),
        "decode-at-once": decode(whole),
    },
)
