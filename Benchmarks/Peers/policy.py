"""The compact policy in PyTorch, eager and compiled: reads a policy's folder and gives the same codes and actions.

    policy.py FOLDER EXAMPLES THREADS

FOLDER is a policy of a compact backbone with an expert and a head of blocks, with its tokenizer; EXAMPLES a safetensors file of
observations as tensors with the codes and the normalised actions that FASTer makes of them, and of a training batch. It checks that it
makes the same codes and actions before anything is measured; the loss of a training step is not compared.
"""

import json
import math
import resource
import sys

import fastervq
import measuring
import torch
import torch._inductor.config
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn


def fourier(positions, count):
    angles = [positions * (math.pi / 2 * 2**index) for index in range(count)]
    return torch.cat([part for angle in angles for part in (angle.sin(), angle.cos())], dim=-1)


class Attention(nn.Module):
    """Queries, keys and values are [B, heads, L, head width]; keys and values of earlier tokens come before them."""

    def __init__(self, width, heads, head_width):
        super().__init__()
        self.heads = heads
        self.projection = nn.Linear(width, 3 * heads * head_width, bias=False)
        self.output = nn.Linear(heads * head_width, width, bias=False)
        self.queryNorm, self.keyNorm = nn.LayerNorm(head_width, bias=False), nn.LayerNorm(head_width, bias=False)

    def forward(self, x, earlier, angles, mask):
        batch, length, _ = x.shape
        query, key, value = self.projection(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key = self.queryNorm(query), self.keyNorm(key)
        if angles is not None:
            query, key = rotated(query, *angles), rotated(key, *angles)
        if earlier is not None:
            key, value = torch.cat([earlier[0], key], dim=2), torch.cat([earlier[1], value], dim=2)
        read = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.output(read.transpose(1, 2).reshape(batch, length, -1)), (key, value)


def rotated(x, cosine, sine):
    left, right = x.chunk(2, dim=-1)
    return x * cosine + torch.cat([-right, left], dim=-1) * sine


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class Layer(nn.Module):
    def __init__(self, width, heads, head_width):
        super().__init__()
        self.attentionNorm, self.feedForwardNorm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.feedForward = Attention(width, heads, head_width), FeedForward(width)

    def forward(self, x, earlier=None, angles=None, mask=None):
        read, cache = self.attention(self.attentionNorm(x), earlier, angles, mask)
        x = x + read
        return x + self.feedForward(self.feedForwardNorm(x)), cache


class KeyValueLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm, self.keyNorm = nn.LayerNorm(width), nn.LayerNorm(width // heads, bias=False)
        self.projection = nn.Linear(width, 2 * width, bias=False)

    def forward(self, x):
        key, value = self.projection(self.norm(x)).view(*x.shape[:2], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        return self.keyNorm(key), value


class Stem(nn.Module):
    """Convolutions under keypoints, otherwise a linear map of cells of 4 x 4 pixels."""

    def __init__(self, channels, convolves):
        super().__init__()
        if convolves:
            kinds = ((3, 32, 5, 2, 2), (32, 64, 3, 2, 1), (64, channels, 3, 1, 1))
            self.convolutions = nn.ModuleList(nn.Conv2d(i, o, k, stride=s, padding=p) for i, o, k, s, p in kinds)
        else:
            self.patches = nn.Linear(48, channels)

    def forward(self, image):
        batch, rows, columns = image.shape[0], image.shape[1] // 4, image.shape[2] // 4
        if hasattr(self, "patches"):
            cells = image.view(batch, rows, 4, columns, 4, 3).permute(0, 1, 3, 2, 4, 5).reshape(batch, rows * columns, 48)
            return self.patches(cells.float() * (2 / 255) - 1)
        x = image.permute(0, 3, 1, 2).float() * (2 / 255) - 1
        for number, layer in enumerate(self.convolutions):
            x = layer(F.gelu(x) if number else x)
        return x.permute(0, 2, 3, 1).reshape(batch, rows * columns, -1)


class Merging(nn.Module):
    def __init__(self, width, channels, merges):
        super().__init__()
        widths = [width if merge == merges else min(width, channels << merge) for merge in range(merges + 1)]
        self.layers = nn.ModuleList(nn.Linear(4 * i, o) for i, o in zip(widths, widths[1:]))
        self.norms = nn.ModuleList(nn.LayerNorm(4 * i) for i in widths[:-1])

    def forward(self, x, rows, columns):
        for layer, norm in zip(self.layers, self.norms):
            blocks = F.gelu(x).view(len(x), rows // 2, 2, columns // 2, 2, -1).permute(0, 1, 3, 2, 4, 5)
            rows, columns = rows // 2, columns // 2
            x = layer(norm(blocks.reshape(len(x), rows * columns, -1)))
        return x


class Keypoints(nn.Module):
    def __init__(self, count, cells, channels, width):
        super().__init__()
        self.norm, self.queries = nn.LayerNorm(channels), nn.Parameter(torch.zeros(count, channels))
        self.instructionQueries, self.projection = nn.Linear(width, count * channels), nn.Linear(channels + 20, width)
        self.embedding = nn.Embedding(count, width)
        self.register_buffer("cellCentres", torch.zeros(cells, 2))

    def forward(self, cells, instruction):
        batch, _, channels = cells.shape
        cells = self.norm(cells)
        asked = self.queries + self.instructionQueries(instruction).view(batch, -1, channels)
        heatmaps = (asked @ cells.transpose(1, 2) / math.sqrt(channels)).softmax(2)
        features, positions = heatmaps @ cells, heatmaps @ self.cellCentres
        return self.projection(torch.cat([features, fourier(positions, 5)], dim=2)) + self.embedding.weight, positions, features


class Camera(nn.Module):
    def __init__(self, camera, width):
        super().__init__()
        self.shape = camera["height"] // 4, camera["width"] // 4
        merges = (camera["pixelsPerToken"] // 4).bit_length() - 1
        channels = width if merges == 0 else min(width, 64)
        self.stem, self.merging = Stem(channels, camera["keypoints"] > 0), Merging(width, channels, merges)
        cells = self.shape[0] * self.shape[1]
        self.keypoints = Keypoints(camera["keypoints"], cells, channels, width) if camera["keypoints"] else None

    def forward(self, image, instruction):
        cells = self.stem(image)
        return self.merging(cells, *self.shape), self.keypoints(cells, instruction) if self.keypoints else None


class ObjectPose(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, cameras = c["width"], [camera for camera in c["cameras"] if camera["keypoints"]]
        self.appearance = nn.ModuleList(nn.Linear(64, 8) for _ in cameras)
        self.norm = nn.LayerNorm(width)
        sizes = [width + sum(camera["keypoints"] * 10 for camera in cameras), 256, 256, c["objectPoseDimension"]]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.projection = nn.Linear(13 * sizes[-1], 4 * width)

    def forward(self, keypoints, instruction):
        batch = len(instruction)
        pairs = zip(self.appearance, keypoints)
        parts = [part.reshape(batch, -1) for layer, (_, positions, features) in pairs for part in (positions, layer(features))]
        x = torch.cat(parts + [self.norm(instruction)], dim=1)
        for number, layer in enumerate(self.layers):
            x = layer(F.gelu(x) if number else x)
        x = x.detach()
        return self.projection(torch.cat([x, fourier(x, 6)], dim=1)).view(batch, 4, -1)


class State(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.table = nn.Embedding(max(1, c["stateDimension"]) * c["stateBins"], c["width"])
        self.register_buffer("offsets", torch.arange(max(1, c["stateDimension"])) * c["stateBins"], persistent=False)

    def forward(self, bins):
        return self.table(bins + self.offsets)


class Backbone(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, heads, self.bytes = c["width"], c["headCount"], c["bytesPerToken"]
        self.cameras = nn.ModuleList(Camera(camera, width) for camera in c["cameras"])
        self.text, self.textProjection = nn.Embedding(257, width // self.bytes), nn.Linear(width, width)
        self.state = State(c)
        self.objectPose = ObjectPose(c) if c.get("objectPoseDimension") else None
        tokens = sum(camera["height"] * camera["width"] // camera["pixelsPerToken"] ** 2 for camera in c["cameras"])
        self.imagePositions = nn.Parameter(torch.zeros(tokens, width))
        self.textPositions = nn.Parameter(torch.zeros(c["longestInstruction"] // self.bytes, width))
        self.layers = nn.ModuleList(Layer(width, heads, width // heads) for _ in range(c["layerCount"] - 1))
        self.lastLayer = KeyValueLayer(width, heads)

    def forward(self, images, text, bins):
        """Keys and values of every layer."""
        text = F.pad(text, [0, -text.shape[1] % self.bytes])
        words = self.textProjection(self.text(text).view(len(text), text.shape[1] // self.bytes, -1))
        words = words + self.textPositions[: words.shape[1]]
        instruction = words.mean(1)
        views = [camera(image, instruction) for camera, image in zip(self.cameras, images)]
        keypoints = [keypoints for _, keypoints in views if keypoints is not None]
        parts = [torch.cat([patches for patches, _ in views], dim=1) + self.imagePositions] + [tokens for tokens, _, _ in keypoints]
        if self.objectPose is not None:
            parts.append(self.objectPose(keypoints, instruction))
        x, prefix = torch.cat(parts + [words, self.state(bins)], dim=1), []
        for layer in self.layers:
            x, cache = layer(x)
            prefix.append(cache)
        return prefix + [self.lastLayer(x)]


class Head(nn.Module):
    def __init__(self, c, width):
        super().__init__()
        schedule, self.size = c["schedule"], c["codebookSize"]
        self.positions, self.count = schedule["latentPositionCount"], schedule["codebookCount"]
        assert schedule["blockSize"] == self.positions
        self.embedding, self.beginOfBlock = nn.Embedding(self.count * self.size, width), nn.Embedding(1, width)
        self.latentPositions, self.codebooks = nn.Embedding(self.positions, width), nn.Embedding(self.count + 1, width)
        self.classifiers = nn.ModuleList(nn.Linear(width, self.size + 1) for _ in range(self.count))

    def inputs(self, block, previous):
        """Inputs of a block's slots: <BoBlk>, or the codes of the block before."""
        fed = self.beginOfBlock.weight if block == 0 else self.embedding(previous + (block - 1) * self.size)
        return fed + (self.latentPositions.weight + self.codebooks.weight[block])


class Expert(nn.Module):
    def __init__(self, c, backbone):
        super().__init__()
        heads, head_width = backbone["headCount"], backbone["width"] // backbone["headCount"]
        self.layers = nn.ModuleList(Layer(c["width"], heads, head_width) for _ in range(backbone["layerCount"]))
        self.norm = nn.LayerNorm(c["width"])
        frequencies = torch.tensor([10_000 ** (-2 * pair / head_width) for pair in range(head_width // 2)])
        self.register_buffer("frequencies", frequencies, persistent=False)

    def angles(self, positions):
        """Cosines and sines for positions [B or 1, L]."""
        angles = positions[:, None, :, None] * self.frequencies
        angles = torch.cat([angles, angles], dim=-1)
        return angles.cos(), angles.sin()


class Policy(nn.Module):
    def __init__(self, configuration):
        super().__init__()
        backbone, head = configuration["backbone"]["compact"], configuration["head"]["blocks"]
        self.backbone, self.expert = Backbone(backbone), Expert(configuration["expert"], backbone)
        self.head = nn.ModuleDict({"blocks": Head(head, configuration["expert"]["width"])})
        self.gaps = head["positionGaps"]

    def forward(self, images, text, bins):
        """Codes [B, codebooks · positions], greedy."""
        head, cache, codes = self.head["blocks"], self.backbone(images, text, bins), []
        for block in range(head.count):
            slots = torch.arange(block * head.positions, (block + 1) * head.positions, dtype=torch.float32)
            angles = self.expert.angles((1 + slots * self.gaps["inference"])[None])
            x = head.inputs(block, codes[-1] if codes else None).expand(len(text), -1, -1)
            for number, layer in enumerate(self.expert.layers):
                x, cache[number] = layer(x, cache[number], angles)
            codes.append(head.classifiers[block](self.expert.norm(x))[..., : head.size].argmax(2))
        return torch.cat(codes, dim=1)

    def loss(self, images, text, bins, codes):
        """Cross-entropy under teacher forcing, plus a hundredth of that of <EoBlk>."""
        head, batch = self.head["blocks"], len(text)
        prefix = self.backbone(images, text, bins)
        blocks = codes.view(batch, head.count, head.positions)
        fed = [head.inputs(block, blocks[:, block - 1] if block else None).expand(batch, -1, -1) for block in range(head.count + 1)]
        gaps = self.gaps
        count = (head.count + 1) * head.positions
        spread = (torch.randn(batch, count) * gaps["deviation"] + gaps["inference"]).clamp(gaps["minimum"], gaps["maximum"]).round()
        angles = self.expert.angles(spread.cumsum(1) - gaps["inference"] + 1)
        number = torch.arange(count) // head.positions
        mask = torch.cat([torch.ones(count, prefix[0][0].shape[2], dtype=torch.bool), number[None] <= number[:, None]], dim=1)
        x = torch.cat(fed, dim=1)
        for layer, own in zip(self.expert.layers, prefix):
            x, _ = layer(x, own, angles, mask)
        features = self.expert.norm(x).unflatten(1, (head.count + 1, head.positions))
        losses = [
            F.cross_entropy(layer(features[:, block]).flatten(0, 1).float(), blocks[:, block].flatten())
            for block, layer in enumerate(head.classifiers)
        ]
        closing = head.classifiers[-1](features[:, -1]).flatten(0, 1).float()
        ends = torch.full([batch * head.positions], head.size)
        return sum(losses) / len(losses) + 0.01 * F.cross_entropy(closing, ends)


def once(make, argument):
    """A call that is made when it is first asked for."""
    made = []

    def call():
        if not made:
            made.append(make(argument))
        made[0]()

    return call


def load(folder):
    """The policy of a folder, and its configuration."""
    configuration = json.load(open(f"{folder}/config.json"))
    policy = Policy(configuration)
    policy.load_state_dict(load_file(f"{folder}/model.safetensors"))
    return policy, configuration


def main(folder, path, threads):
    torch.set_num_threads(int(threads))
    policy, configuration = load(folder)
    tokenizer, examples = fastervq.FASTerVQ(f"{folder}/tokenizer"), load_file(path)
    cameras = len(configuration["backbone"]["compact"]["cameras"])
    images = [examples[f"image.{camera}"] for camera in range(cameras)]
    text, bins, wanted = examples["text"], examples["state"], examples["codes"]
    policy = policy.eval().to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def act(row, model):
        own = slice(row, row + 1)
        return tokenizer.decode(model([image[own] for image in images], text[own], bins[own]))

    with torch.inference_mode():
        for row in range(len(text)):
            own = slice(row, row + 1)
            assert torch.equal(policy([image[own] for image in images], text[own], bins[own]), wanted[own]), "other codes than FASTer's"
    error = max((act(row, policy)[0] - examples["actions"][row]).abs().max().item() for row in range(len(text)))
    assert error < 1e-4, f"actions are off by {error}"

    torch._inductor.config.freezing = True
    compiled, checked = torch.compile(policy), False

    def compiled_policy(*observation):
        nonlocal checked
        codes = compiled(*observation)
        if not checked:
            with torch.inference_mode():
                assert torch.equal(codes, policy(*observation)), "other codes when compiled"
            checked = True
        return codes

    row = 0

    def calls(model):
        def call():
            nonlocal row
            row = (row + 1) % len(text)
            act(row, model)[0].numpy()

        return call

    def training(dtype):
        model, _ = load(folder)
        matrices = [p for p in model.parameters() if p.dim() >= 2]
        vectors = [p for p in model.parameters() if p.dim() < 2]
        groups = [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=6e-7, betas=(0.9, 0.95), fused=True)
        parameters = list(model.parameters())
        averages = [p.detach().clone() for p in parameters]
        batch = [examples[f"batch.image.{camera}"] for camera in range(cameras)]

        def step():
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is not None):
                loss = model.loss(batch, examples["batch.text"], examples["batch.state"], examples["batch.codes"])
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            with torch.no_grad():
                torch._foreach_lerp_(averages, parameters, 0.002)

        return step

    @torch.inference_mode()
    def prefix():
        policy.backbone([image[:1] for image in images], text[:1], bins[:1])

    measuring.serve(
        f"torch {torch.__version__}; same codes, actions to {error:.0e}",
        {"eager": calls(policy), "prefix": prefix, "compiled": calls(compiled_policy), "train": once(training, None), "train-bfloat16": once(training, torch.bfloat16)},
        {"peak": lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
