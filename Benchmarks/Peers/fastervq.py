"""FASTerVQ in PyTorch, eager and compiled, as one would write it there: reads a tokenizer's folder and gives the same codes and actions.

    fastervq.py FOLDER EXAMPLES THREADS

FOLDER is what `faster tokenizer train` leaves; EXAMPLES a safetensors file of normalised chunks with the codes and the
actions that FASTer makes of them. It checks that it makes the same of them before anything is measured.
"""

import json
import math
import sys

import measuring
import torch
import torch._inductor.config
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.projection = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.queryNorm = nn.LayerNorm(width // heads, bias=False)
        self.keyNorm = nn.LayerNorm(width // heads, bias=False)

    def forward(self, x):
        batch, length, width = x.shape
        query, key, value = self.projection(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(self.queryNorm(query), self.keyNorm(key), value)
        return self.output(attended.transpose(1, 2).reshape(batch, length, width))


class Hidden(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attentionNorm, self.feedForwardNorm = (nn.LayerNorm(width, eps=1e-2, bias=False) for _ in range(2))
        self.attention, self.feedForward = Attention(width, heads), Hidden(width)
        self.attentionScale, self.feedForwardScale = (nn.Parameter(torch.zeros(width)) for _ in range(2))

    def forward(self, x):
        x = x + self.attention(self.attentionNorm(x)) * self.attentionScale
        return x + self.feedForward(self.feedForwardNorm(x)) * self.feedForwardScale


class PatchEmbedding(nn.Module):
    def __init__(self, shape, c):
        super().__init__()
        values = shape["steps"] * shape["columns"]
        self.convolution = nn.Conv1d(shape["columns"], c["stepWidth"], c["kernel"], padding=c["kernel"] // 2)
        self.projection = nn.Linear(shape["steps"] * c["stepWidth"] + values, c["width"])
        self.skip = nn.Linear(values, c["latentWidth"], bias=False)

    def forward(self, x, positions):
        smooth = F.gelu(self.convolution(x.transpose(1, 2))).transpose(1, 2)
        vectors = self.projection(torch.cat([x, smooth], dim=2).reshape(len(x), positions, -1))
        return vectors, self.skip(x.reshape(len(x), positions, -1))


class PatchUnembedding(nn.Module):
    def __init__(self, shape, c):
        super().__init__()
        self.shape = shape
        values = shape["steps"] * shape["columns"]
        self.convolution = nn.Conv1d(c["stepWidth"], shape["columns"], c["kernel"], padding=c["kernel"] // 2)
        self.projection = nn.Linear(c["width"], shape["steps"] * c["stepWidth"] + values)
        self.skip = nn.Linear(c["latentWidth"], values, bias=False)

    def forward(self, x, latents):
        steps = x.shape[1] * self.shape["steps"]
        direct, hidden = self.projection(x).view(len(x), steps, -1).tensor_split([self.shape["columns"]], dim=2)
        smooth = self.convolution(F.gelu(hidden.transpose(1, 2).contiguous())).transpose(1, 2)
        return direct + smooth + self.skip(latents).view(len(x), steps, -1)


class LatentPositionEmbedding(nn.Module):
    def __init__(self, shape, width):
        super().__init__()
        self.timeIndex, self.groupIndex, self.columnCount = (
            nn.Parameter(torch.zeros(shape[count], width)) for count in ("maxPatches", "maxGroups", "columns")
        )

    def forward(self, group):
        return self.timeIndex[: group["patches"]] + self.groupIndex[group["groupIndex"]] + self.columnCount[group["end"] - group["start"] - 1]


TYPES = ["position", "rotation", "gripper", "base", "torso", "joints", "other"]


def learned(shapes):
    """The group types that pass through the autoencoder."""
    return [kind for kind in TYPES if kind in shapes and not shapes[kind]["bypassesAutoencoder"]]


class Autoencoder(nn.Module):
    """For robots whose groups fit their patches exactly, as those of a tokenizer of one dataset do."""

    def __init__(self, configuration, groups):
        super().__init__()
        c, shapes = configuration["autoencoder"], configuration["patches"]
        types = learned(shapes)
        self.groups, self.number = groups, {kind: number for number, kind in enumerate(types)}
        self.patchEmbeddings = nn.ModuleList(PatchEmbedding(shapes[kind], c) for kind in types)
        self.patchUnembeddings = nn.ModuleList(PatchUnembedding(shapes[kind], c) for kind in types)
        self.encoderPositions = nn.ModuleList(LatentPositionEmbedding(shapes[kind], c["width"]) for kind in types)
        self.decoderPositions = nn.ModuleList(LatentPositionEmbedding(shapes[kind], c["width"]) for kind in types)
        self.encoder = nn.ModuleList(Block(c["width"], c["headCount"]) for _ in range(c["encoderLayers"]))
        self.decoder = nn.ModuleList(Block(c["width"], c["headCount"]) for _ in range(c["decoderLayers"]))
        self.encoderNorm, self.decoderNorm = (nn.LayerNorm(c["width"], eps=1e-2, bias=False) for _ in range(2))
        self.toLatent, self.fromLatent = nn.Linear(c["width"], c["latentWidth"]), nn.Linear(c["latentWidth"], c["width"])

    def latents(self, actions):
        vectors, skips = [], []
        for group in self.groups:
            number = self.number[group["kind"]]
            network, line = self.patchEmbeddings[number](actions[:, :, group["start"] : group["end"]], group["patches"])
            vectors.append(network + self.encoderPositions[number](group))
            skips.append(line)
        x = torch.cat(vectors, dim=1)
        for block in self.encoder:
            x = block(x)
        return self.toLatent(self.encoderNorm(x)) + torch.cat(skips, dim=1)

    def actions(self, latents):
        x = self.fromLatent(latents) + torch.cat([self.decoderPositions[self.number[group["kind"]]](group) for group in self.groups])
        for block in self.decoder:
            x = block(x)
        sizes = [group["patches"] for group in self.groups]
        rows = zip(self.groups, self.decoderNorm(x).split(sizes, dim=1), latents.split(sizes, dim=1))
        return torch.cat([self.patchUnembeddings[self.number[group["kind"]]](vectors, own) for group, vectors, own in rows], dim=2)


class Quantizer(nn.Module):
    def __init__(self, c, width):
        super().__init__()
        self.c = c
        shape = (c["codebookCount"], c["codebookSize"], width)
        self.register_buffer("entries", torch.zeros(shape))
        self.register_buffer("counts", torch.zeros(shape[:2]))
        self.register_buffer("sums", torch.zeros(shape))

    def nearest(self, vectors, table):
        return (table.square().sum(1) * 0.5 - vectors @ table.T).argmin(1)

    @torch.no_grad()
    def codes(self, left):
        codes = []
        for table in self.entries:
            codes.append(self.nearest(left, table))
            left = left - table[codes[-1]]
        return torch.stack(codes, dim=1)

    def vectors(self, codes):
        return sum(table[codes[:, number]] for number, table in enumerate(self.entries))

    def forward(self, vectors, weights):
        with torch.no_grad():
            left = vectors.detach()
            for table, count, total in zip(self.entries, self.counts, self.sums):
                chosen = self.nearest(left, table)
                found = table[chosen]
                self.update_ema(left, chosen, weights, table, count, total)
                left = left - found
            quantized = vectors.detach() - left
        commitment = ((vectors - quantized).square().mean(1) * weights).sum() / weights.sum().clamp(min=1)
        return vectors + (quantized - vectors).detach(), commitment

    def update_ema(self, vectors, chosen, weights, table, count, total):
        """EMA update of the entries; dead ones are reset to vectors of the batch."""
        decay = self.c["decay"]
        count.mul_(decay).index_add_(0, chosen, weights * (1 - decay))
        total.mul_(decay).index_add_(0, chosen, vectors * (weights * (1 - decay))[:, None])
        average = count.mean()
        dead = count < average * self.c["deadCodeThreshold"]
        fresh = vectors[(weights + 1e-12).multinomial(len(count), replacement=True)]
        count.copy_(torch.where(dead, average, count))
        total.copy_(torch.where(dead[:, None], fresh * average, total))
        table.copy_(total / count[:, None].clamp(min=1e-6))


class GroupedQuantizer(nn.Module):
    """Residual quantizers of every group type; all take latents [batch, positions, channels]."""

    def __init__(self, configuration, groups):
        super().__init__()
        types = learned(configuration["patches"])
        width = configuration["autoencoder"]["latentWidth"]
        self.quantizers = nn.ModuleList(Quantizer(configuration["quantizer"], width) for _ in types)
        assert len(groups) == len(types), "a type with several groups"
        self.own = [self.quantizers[types.index(group["kind"])] for group in groups]
        self.sizes = [group["patches"] for group in groups]

    def split(self, x):
        return zip(self.own, x.split(self.sizes, dim=1))

    def codes(self, latents):
        return torch.cat([own.codes(group.flatten(0, 1)).view(*group.shape[:2], -1) for own, group in self.split(latents)], dim=1)

    def vectors(self, codes):
        rows = [own.vectors(group.reshape(-1, group.shape[2])).view(*group.shape[:2], -1) for own, group in self.split(codes)]
        return torch.cat(rows, dim=1)

    def forward(self, latents, weights):
        quantized, distance = [], 0
        for (own, group), weight in zip(self.split(latents), weights.split(self.sizes, dim=1)):
            found, commitment = own(group.flatten(0, 1), weight.flatten())
            quantized.append(found.view(group.shape))
            distance = distance + commitment * weight.sum()
        return torch.cat(quantized, dim=1), distance / weights.sum().clamp(min=1)


class ActionSpaceQuantizer(nn.Module):
    """Residual codebooks in action space: for what decoding leaves of patches, or for all of those that bypass the autoencoder."""

    def __init__(self, configuration, groups):
        super().__init__()
        types = [kind for kind in TYPES if kind in configuration["patches"]]
        network, size = configuration["quantizer"]["codebookCount"], configuration["quantizer"]["codebookSize"]
        self.stages = nn.ModuleList()
        for kind in types:
            shape, table = configuration["patches"][kind], nn.Module()
            count = configuration["actionSpaceQuantizer"]["codebookCount"] + (network if shape["bypassesAutoencoder"] else 0)
            table.register_buffer("entries", torch.zeros(count, size, shape["steps"] * shape["columns"]))
            self.stages.append(table)
        self.own = [self.stages[types.index(group["kind"])] for group in groups]

    def codes(self, number, target, value, bounds):
        """A group's codes [batch, patches], one tensor a codebook; target and value are [batch, steps, columns]."""
        codes = []
        for entries in self.own[number].entries:
            residual = (target - value).reshape(len(value), -1, entries.shape[1])
            codes.append((entries.square().sum(1) * 0.5 - residual @ entries.T).argmin(2))
            value = (value + entries[codes[-1]].view(value.shape)).clamp(*bounds)
        return codes

    def actions(self, number, value, codes, bounds):
        for entries, chosen in zip(self.own[number].entries, codes):
            value = (value + entries[chosen].view(value.shape)).clamp(*bounds)
        return value


class FASTerVQ(nn.Module):
    def __init__(self, folder):
        super().__init__()
        content = json.load(open(f"{folder}/config.json"))
        configuration, self.horizon = content["configuration"], content["horizon"]
        self.groups, counts = [], {}
        for group in content["actionSpace"]["groups"]:
            shape = configuration["patches"][group["kind"]]
            assert group["count"] == shape["columns"] and self.horizon % shape["steps"] == 0, group
            index = counts[group["kind"]] = counts.get(group["kind"], -1) + 1
            group = {"kind": group["kind"], "start": group["start"], "end": group["start"] + group["count"]}
            group |= {"bypasses": shape["bypassesAutoencoder"], "groupIndex": index, "patches": self.horizon // shape["steps"]}
            self.groups.append(group)
        self.learned = [group for group in self.groups if not group["bypasses"]]
        self.columns = [column for group in self.learned for column in range(group["start"], group["end"])]
        self.latentCodebooks = configuration["quantizer"]["codebookCount"]
        self.autoencoder = Autoencoder(configuration, self.learned)
        self.quantizer = GroupedQuantizer(configuration, self.learned)
        self.actionSpaceQuantizer = ActionSpaceQuantizer(configuration, self.groups)
        self.load_state_dict(load_file(f"{folder}/model.safetensors"))
        statistics = json.load(open(f"{folder}/norm_stats.json"))
        assert statistics["method"]["actions"] == "quantiles"
        statistics = {name: torch.tensor(values) for name, values in statistics["norm_stats"]["actions"].items()}
        centre, scale = (statistics["q01"] + statistics["q99"]) / 2, (statistics["q99"] - statistics["q01"]) / 2
        self.lowest, self.largest = ((statistics[name] - centre) / scale for name in ("min", "max"))
        steps = torch.arange(self.horizon, dtype=torch.float64)
        cosines = torch.cos(math.pi / self.horizon * (steps + 0.5) * steps[:, None]) * math.sqrt(2 / self.horizon)
        cosines[0] /= math.sqrt(2)
        self.cosines = cosines.float()

    def bounds(self, group):
        return self.lowest[group["start"] : group["end"]], self.largest[group["start"] : group["end"]]

    def decoded(self, latents):
        """Every group as decoded, zeros where it bypasses the autoencoder."""
        free = self.autoencoder.actions(latents).split([group["end"] - group["start"] for group in self.learned], dim=2)
        free = iter(free)
        empty = latents.new_zeros(len(latents), self.horizon, 1)
        return [empty if group["bypasses"] else next(free).clamp(*self.bounds(group)) for group in self.groups]

    def encode(self, actions):
        codes = self.quantizer.codes(self.autoencoder.latents(actions))
        decoded = self.decoded(self.quantizer.vectors(codes))
        latent, result = iter(codes.split([group["patches"] for group in self.learned], dim=1)), []
        for number, (group, value) in enumerate(zip(self.groups, decoded)):
            target = actions[:, :, group["start"] : group["end"]]
            found = torch.stack(self.actionSpaceQuantizer.codes(number, target, value, self.bounds(group)), dim=2)
            result.append(found if group["bypasses"] else torch.cat([next(latent), found], dim=2))
        return torch.cat(result, dim=1).transpose(1, 2).flatten(1)

    def decode(self, codes):
        sizes = [group["patches"] for group in self.groups]
        groups = codes.view(len(codes), -1, sum(sizes)).split(sizes, dim=2)
        network = [own[:, : self.latentCodebooks] for own, group in zip(groups, self.groups) if not group["bypasses"]]
        decoded = self.decoded(self.quantizer.vectors(torch.cat(network, dim=2).transpose(1, 2)))
        result = []
        for number, (group, value, own) in enumerate(zip(self.groups, decoded, groups)):
            own = own.unbind(1)[0 if group["bypasses"] else self.latentCodebooks :]
            result.append(self.actionSpaceQuantizer.actions(number, value, own, self.bounds(group)))
        return torch.cat(result, dim=2)

    def loss(self, actions, step_mask, position_mask):
        latents = self.autoencoder.latents(actions)
        quantized, commitment = self.quantizer(latents, position_mask)
        free = self.autoencoder.actions(quantized)
        held = free.clamp(self.lowest[self.columns], self.largest[self.columns])
        error = (held - actions[:, :, self.columns]) * step_mask[:, :, None]
        values = step_mask.sum() * free.shape[2]
        frequency = (self.cosines @ error).abs().sum() / values
        return error.abs().sum() / values + frequency + 0.25 * commitment


def main(folder, path, threads):
    torch.set_num_threads(int(threads))
    model, examples = FASTerVQ(folder), load_file(path)
    actions, codes = examples["actions"], examples["codes"]
    with torch.inference_mode():
        # Entries may be equally near, as those of a gripper that hardly moves: then either code is right.
        errors = [(model.decode(found) - actions).abs().mean(dim=(1, 2)) for found in (model.encode(actions), codes)]
        assert (errors[0] - errors[1]).abs().max() < 1e-5, "codes less near than FASTer's, or nearer"
        error = (model.decode(codes) - examples["reconstructions"]).abs().max().item()
    assert error < 1e-5, f"reconstructions are off by {error}"
    chunks, code_lists = [chunk.numpy() for chunk in actions], codes.tolist()
    next_chunk = {"encode": 0, "decode": 0}

    def following(call):
        """Every call takes the next chunk."""
        next_chunk[call] = (next_chunk[call] + 1) % len(chunks)
        return next_chunk[call]

    def calls(encode, decode):
        """One chunk at a time, each call the next."""

        def encode_one():
            encode(torch.from_numpy(chunks[following("encode")])[None])[0].tolist()

        def decode_one():
            decode(torch.tensor([code_lists[following("decode")]]))[0].numpy()

        return encode_one, decode_one

    torch._inductor.config.freezing = True
    encode, decode = calls(model.encode, model.decode)
    compiled_encode, compiled_decode = calls(*(torch.compile(call, dynamic=False) for call in (model.encode, model.decode)))
    encode_batch, decode_batch = (torch.compile(call, dynamic=False) for call in (model.encode, model.decode))

    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, betas=(0.9, 0.95), weight_decay=0.01, fused=True)
    positions = sum(group["patches"] for group in model.learned)
    step_mask, position_mask = torch.ones(actions.shape[:2]), torch.ones(len(actions), positions)

    def train():
        model.loss(actions, step_mask, position_mask).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    with torch.no_grad():
        loss = model.loss(actions, step_mask, position_mask).item()
    assert abs(loss / examples["loss"].item() - 1) < 1e-4, f"the loss is {loss}, FASTer's {examples['loss'].item()}"
    model.load_state_dict(load_file(f"{folder}/model.safetensors"))
    inference = {
        "encode": encode,
        "decode": decode,
        "encode-compiled": compiled_encode,
        "decode-compiled": compiled_decode,
        "encode-batch": lambda: model.encode(actions).tolist(),
        "decode-batch": lambda: model.decode(codes).numpy(),
        "encode-batch-compiled": lambda: encode_batch(actions).tolist(),
        "decode-batch-compiled": lambda: decode_batch(codes).numpy(),
    }
    measuring.serve(
        f"torch {torch.__version__}; codes as near, actions to {error:.0e}",
        {name: torch.inference_mode()(call) for name, call in inference.items()} | {"train": train},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
