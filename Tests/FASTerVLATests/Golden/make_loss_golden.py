"""The training loss of a tiny FASTerVLA and the gradient of every parameter, in loss.safetensors beside this file.

    Scripts/bootstrap --peers && .deps/peers/bin/python Tests/FASTerVLATests/Golden/make_loss_golden.py

Written from the paper and from what the comments in Sources/Backbones and Sources/FASTerVLA promise, with plain tensor
arithmetic: patches are cut out one by one, attention goes head by head, what a slot is fed and may see is decided slot
by slot, and cross-entropies are sums of logarithms. Computed in double precision from numbers that single precision
can hold. Cases differ in the number of codes of one forward; the last block of 4 codes is shorter than the others. In
the case `early`, with a codebook a forward, chunks end after the codebooks that they need.
"""

import math
import pathlib

import torch
from safetensors.torch import save_file

CAMERAS = [(16, 8, 8, 0), (16, 32, 16, 2)]  # height, width, pixels of a token's side, keypoints
FREQUENCIES = 5  # of the Fourier features of a keypoint's position
STATES, BINS, BYTES = 2, 6, 4
WIDTH, HEADS, LAYERS, EXPERT = 16, 2, 2, 12
CODEBOOKS, POSITIONS, ENTRIES = 2, 3, 6
HEAD = WIDTH // HEADS
CODES = CODEBOOKS * POSITIONS
BATCH, SMOOTHING = 3, 0.1

# ---------------------------------------------------------------------------------------------------------
# Parameters, under the names that the Swift modules give them

shapes = {}


def linear(name, inputs, outputs, bias=True):
    shapes[f"{name}.weight"] = (outputs, inputs)
    if bias:
        shapes[f"{name}.bias"] = (outputs,)


def norm(name, width, bias=True):
    shapes[f"{name}.weight"] = (width,)
    if bias:
        shapes[f"{name}.bias"] = (width,)


def attention(name, width):
    linear(f"{name}.projection", width, 3 * HEADS * HEAD, bias=False)
    linear(f"{name}.output", HEADS * HEAD, width, bias=False)
    norm(f"{name}.queryNorm", HEAD, bias=False)
    norm(f"{name}.keyNorm", HEAD, bias=False)


def block(name, width):
    norm(f"{name}.attentionNorm", width)
    attention(f"{name}.attention", width)
    norm(f"{name}.feedForwardNorm", width)
    linear(f"{name}.feedForward.up", width, 4 * width)
    linear(f"{name}.feedForward.down", 4 * width, width)


def convolution(name, inputs, outputs, kernel):
    shapes[f"{name}.weight"] = (outputs, inputs, kernel, kernel)
    shapes[f"{name}.bias"] = (outputs,)


for camera, (_, _, side, keypoints) in enumerate(CAMERAS):
    name = f"backbone.cameras.{camera}"
    if keypoints:
        convolution(f"{name}.stem.convolutions.0", 3, 32, 5)
        convolution(f"{name}.stem.convolutions.1", 32, 64, 3)
        convolution(f"{name}.stem.convolutions.2", 64, WIDTH, 3)
    else:
        linear(f"{name}.stem.patches", 4 * 4 * 3, WIDTH)
    for merge in range(int(math.log2(side // 4))):
        norm(f"{name}.merging.norms.{merge}", 4 * WIDTH)
        linear(f"{name}.merging.layers.{merge}", 4 * WIDTH, WIDTH)
    if keypoints:
        norm(f"{name}.keypoints.norm", WIDTH)
        shapes[f"{name}.keypoints.queries"] = (keypoints, WIDTH)
        linear(f"{name}.keypoints.instructionQueries", WIDTH, keypoints * WIDTH)
        linear(f"{name}.keypoints.projection", WIDTH + 4 * FREQUENCIES, WIDTH)
        shapes[f"{name}.keypoints.embedding.weight"] = (keypoints, WIDTH)
shapes["backbone.text.weight"] = (257, WIDTH // BYTES)
linear("backbone.textProjection", WIDTH, WIDTH)
shapes["backbone.state.table.weight"] = (STATES * BINS, WIDTH)
shapes["backbone.imagePositions"] = (sum(h * w // side**2 for h, w, side, _ in CAMERAS), WIDTH)
shapes["backbone.textPositions"] = (2, WIDTH)
for layer in range(LAYERS - 1):
    block(f"backbone.layers.{layer}", WIDTH)
norm("backbone.lastLayer.norm", WIDTH)
linear("backbone.lastLayer.projection", WIDTH, 2 * WIDTH, bias=False)
norm("backbone.lastLayer.keyNorm", HEAD, bias=False)
shapes["head.blocks.embedding.weight"] = (CODEBOOKS * ENTRIES, EXPERT)
shapes["head.blocks.beginOfBlock.weight"] = (1, EXPERT)
shapes["head.blocks.latentPositions.weight"] = (POSITIONS, EXPERT)
shapes["head.blocks.codebooks.weight"] = (CODEBOOKS + 1, EXPERT)
for layer in range(LAYERS):
    block(f"expert.layers.{layer}", EXPERT)
norm("expert.norm", EXPERT)
for codebook in range(CODEBOOKS):
    linear(f"head.blocks.classifiers.{codebook}", EXPERT, ENTRIES + 1)


def first(name, shape):
    if "orm.weight" in name or ".norms." in name and name.endswith("weight"):
        return 1 + 0.2 * torch.randn(shape)
    return torch.randn(shape) * (0.3 if len(shape) < 2 else math.prod(shape[1:]) ** -0.5)


torch.manual_seed(0)
parameters = {name: first(name, shape).double().requires_grad_() for name, shape in shapes.items()}

# ---------------------------------------------------------------------------------------------------------
# The network


def mapped(name, x):
    y = x @ parameters[f"{name}.weight"].T
    return y + parameters[f"{name}.bias"] if f"{name}.bias" in parameters else y


def normalized(name, x):
    centred = x - x.mean(-1, keepdim=True)
    y = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt() * parameters[f"{name}.weight"]
    return y + parameters[f"{name}.bias"] if f"{name}.bias" in parameters else y


def gelu(x):
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def attended(query, key, value, sees):
    """One head: queries [B, L, E], keys and values [B, S, E], and which of them each query sees, [B, L, S]."""
    scores = (query @ key.transpose(1, 2)) / math.sqrt(HEAD)
    weights = torch.where(sees, scores, -math.inf).softmax(-1)
    return weights @ value


def feed_forward(name, x):
    return x + mapped(f"{name}.feedForward.down", gelu(mapped(f"{name}.feedForward.up", normalized(f"{name}.feedForwardNorm", x))))


def image_stem(camera, images):
    """Features of every cell of 4 x 4 pixels, rows of columns: of its own pixels, or of convolutions."""
    height, width, _, keypoints = CAMERAS[camera]
    name = f"backbone.cameras.{camera}.stem"
    pixels = images.double() * (2 / 255) - 1
    if not keypoints:
        return [
            [mapped(f"{name}.patches", pixels[:, y : y + 4, x : x + 4].reshape(BATCH, -1)) for x in range(0, width, 4)]
            for y in range(0, height, 4)
        ]
    x = pixels.permute(0, 3, 1, 2)
    for layer, (stride, padding) in enumerate([(2, 2), (2, 1), (1, 1)]):
        weight, bias = (parameters[f"{name}.convolutions.{layer}.{part}"] for part in ("weight", "bias"))
        x = torch.nn.functional.conv2d(gelu(x) if layer else x, weight, bias, stride=stride, padding=padding)
    return [[x[:, :, row, column] for column in range(width // 4)] for row in range(height // 4)]


def keypoint_tokens(camera, grid, instruction):
    """A token a keypoint: mean features and mean position under a softmax over cells."""
    if not CAMERAS[camera][3]:
        return []
    name = f"backbone.cameras.{camera}.keypoints"
    rows, columns = len(grid), len(grid[0])
    cells = [normalized(f"{name}.norm", cell) for row in grid for cell in row]
    right = [(2 * column + 1) / columns - 1 for _ in range(rows) for column in range(columns)]
    down = [(2 * row + 1) / rows - 1 for row in range(rows) for _ in range(columns)]
    asked = mapped(f"{name}.instructionQueries", instruction)
    tokens = []
    for keypoint in range(CAMERAS[camera][3]):
        query = parameters[f"{name}.queries"][keypoint] + asked[:, keypoint * WIDTH : (keypoint + 1) * WIDTH]
        scores = torch.stack([(query * cell).sum(-1) / math.sqrt(WIDTH) for cell in cells], dim=-1)
        weights = scores.softmax(-1)
        described = [sum(weights[:, i, None] * cell for i, cell in enumerate(cells))]
        position = [sum(weights[:, i] * where for i, where in enumerate(axis)) for axis in (right, down)]
        for index in range(FREQUENCIES):
            for function in (torch.sin, torch.cos):
                described.append(torch.stack([function(math.pi / 2 * 2**index * part) for part in position], dim=-1))
        token = mapped(f"{name}.projection", torch.cat(described, dim=-1))
        tokens.append(token + parameters[f"{name}.embedding.weight"][keypoint])
    return tokens


def patch_tokens(camera, grid):
    """Four neighbours into one until a token has its size."""
    side = CAMERAS[camera][2]
    name = f"backbone.cameras.{camera}.merging"
    for merge in range(int(math.log2(side // 4))):
        grid = [
            [
                mapped(
                    f"{name}.layers.{merge}",
                    normalized(
                        f"{name}.norms.{merge}",
                        gelu(torch.cat([grid[y][x], grid[y][x + 1], grid[y + 1][x], grid[y + 1][x + 1]], dim=-1)),
                    ),
                )
                for x in range(0, len(grid[0]), 2)
            ]
            for y in range(0, len(grid), 2)
        ]
    return torch.stack([token for row in grid for token in row], dim=1)


def prefix(images, text, state):
    """Keys and values of every layer and head, and which tokens of the prefix are real."""
    grids = [image_stem(camera, batch) for camera, batch in enumerate(images)]
    patches = torch.cat([patch_tokens(camera, grid) for camera, grid in enumerate(grids)], dim=1)
    words, real_words = [], []
    for start in range(0, text.shape[1], BYTES):
        group = text[:, start : start + BYTES]
        group = torch.cat([group, torch.zeros(BATCH, BYTES - group.shape[1], dtype=torch.int64)], dim=1)
        embedded = parameters["backbone.text.weight"][group].reshape(BATCH, -1)
        words.append(mapped("backbone.textProjection", embedded) + parameters["backbone.textPositions"][start // BYTES])
        real_words.append((group != 0).any(dim=1))
    states = [parameters["backbone.state.table.weight"][column * BINS + state[:, column]] for column in range(STATES)]
    counted = torch.stack(real_words, dim=1).double()[:, :, None]
    instruction = (torch.stack(words, dim=1) * counted).sum(1) / counted.sum(1)
    points = [token for camera, grid in enumerate(grids) for token in keypoint_tokens(camera, grid, instruction)]
    x = torch.cat([patches + parameters["backbone.imagePositions"], torch.stack(points + words + states, dim=1)], dim=1)
    always = lambda count: torch.ones(BATCH, count, dtype=torch.bool)
    real = torch.cat([always(patches.shape[1] + len(points)), torch.stack(real_words, dim=1), always(STATES)], dim=1)
    sees = real[:, None, :].expand(-1, x.shape[1], -1)
    layers = []
    for layer in range(LAYERS):
        name = f"backbone.layers.{layer}"
        if layer == LAYERS - 1:
            quiet = normalized("backbone.lastLayer.norm", x)
            parts = mapped("backbone.lastLayer.projection", quiet).split(HEAD, dim=-1)
            keys = [normalized("backbone.lastLayer.keyNorm", part) for part in parts[:HEADS]]
            layers.append((keys, parts[HEADS:]))
            break
        quiet = normalized(f"{name}.attentionNorm", x)
        parts = mapped(f"{name}.attention.projection", quiet).split(HEAD, dim=-1)
        queries = [normalized(f"{name}.attention.queryNorm", part) for part in parts[:HEADS]]
        keys = [normalized(f"{name}.attention.keyNorm", part) for part in parts[HEADS : 2 * HEADS]]
        values = parts[2 * HEADS :]
        layers.append((keys, values))
        heads = [attended(queries[head], keys[head], values[head], sees) for head in range(HEADS)]
        x = feed_forward(name, x + mapped(f"{name}.attention.output", torch.cat(heads, dim=-1)))
    return layers, real


def turned(x, positions):
    """Channel i and channel i + half as one complex number, turned by position / 10000^(2i / E)."""
    half = HEAD // 2
    angle = positions[:, None] * 10_000.0 ** (-2 * torch.arange(half).double() / HEAD)
    z = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([z.real, z.imag], dim=-1)


def logits(images, text, state, codes, size):
    """Scores of every slot, with blocks of `size` codes: those of the codes, then those that close the grid."""
    layers, real = prefix(images, text, state)
    slots = range(CODES + size)
    fed = []
    for slot in slots:
        before = slot - size
        if before < 0:
            word = parameters["head.blocks.beginOfBlock.weight"].expand(BATCH, -1)
        else:
            word = parameters["head.blocks.embedding.weight"][before // POSITIONS * ENTRIES + codes[:, before]]
        about = parameters["head.blocks.latentPositions.weight"][slot % POSITIONS]
        about = about + parameters["head.blocks.codebooks.weight"][slot // POSITIONS if slot < CODES else CODEBOOKS]
        fed.append(word + about)
    x = torch.stack(fed, dim=1)
    number = lambda slot: slot // size if slot < CODES else math.ceil(CODES / size)
    own = torch.tensor([[number(key) <= number(query) for key in slots] for query in slots])
    count = len(slots)
    sees = torch.cat([real[:, None, :].expand(-1, count, -1), own.expand(BATCH, -1, -1)], dim=2)
    positions = torch.tensor([1.0 + 2 * slot for slot in slots]).double()
    for layer in range(LAYERS):
        name = f"expert.layers.{layer}"
        parts = mapped(f"{name}.attention.projection", normalized(f"{name}.attentionNorm", x)).split(HEAD, dim=-1)
        heads = []
        for head in range(HEADS):
            query = turned(normalized(f"{name}.attention.queryNorm", parts[head]), positions)
            key = turned(normalized(f"{name}.attention.keyNorm", parts[HEADS + head]), positions)
            keys = torch.cat([layers[layer][0][head], key], dim=1)
            values = torch.cat([layers[layer][1][head], parts[2 * HEADS + head]], dim=1)
            heads.append(attended(query, keys, values, sees))
        x = feed_forward(name, x + mapped(f"{name}.attention.output", torch.cat(heads, dim=-1)))
    x = normalized("expert.norm", x)
    outputs = [mapped(f"head.blocks.classifiers.{slot // POSITIONS}", x[:, slot]) for slot in range(CODES)]
    return outputs, [mapped(f"head.blocks.classifiers.{CODEBOOKS - 1}", x[:, slot]) for slot in range(CODES, count)]


def cross_entropy(scores, target, smoothing):
    """Cross-entropy of one row of scores, with `smoothing` of the target's weight spread evenly over all classes."""
    logarithms = scores - scores.logsumexp(-1)
    return -(1 - smoothing) * logarithms[target] - smoothing * logarithms.mean()


def losses(outputs, closing, codes, classes):
    """Every codebook's mean over the codes that count, and the whole: their mean, and a hundredth of the closing's."""
    parts, right = [], []
    outputs = [slot[:, :classes] for slot in outputs]
    for codebook in range(CODEBOOKS):
        slots = range(codebook * POSITIONS, (codebook + 1) * POSITIONS)
        counted = [(row, slot) for row in range(BATCH) for slot in slots if codes[row, slot] >= 0]
        parts.append(
            torch.stack([cross_entropy(outputs[slot][row], codes[row, slot], SMOOTHING) for row, slot in counted]).mean()
        )
        right.append(sum(float(outputs[slot][row].argmax() == codes[row, slot]) for row, slot in counted) / len(counted))
    end = torch.stack([cross_entropy(slot[row], ENTRIES, 0) for slot in closing for row in range(BATCH)]).mean()
    return torch.stack(parts).mean() + 0.01 * end, parts, right


def early_end(outputs, required):
    """Binary cross-entropy of the end after every codebook but the last, whose logit is the mean of its slots'."""
    parts, right = [], []
    for codebook in range(CODEBOOKS - 1):
        for row in range(BATCH):
            slots = range(codebook * POSITIONS, (codebook + 1) * POSITIONS)
            probability = 1 / (1 + torch.exp(-sum(outputs[slot][row, ENTRIES] for slot in slots) / POSITIONS))
            ends = required[row] <= codebook + 1
            parts.append(-torch.log(probability if ends else 1 - probability))
            right.append(float((probability > 0.5) == ends))
    return torch.stack(parts).mean(), sum(right) / len(right)


# ---------------------------------------------------------------------------------------------------------

images = [torch.randint(0, 256, (BATCH, height, width, 3), dtype=torch.uint8) for height, width, _, _ in CAMERAS]
text = torch.randint(1, 257, (BATCH, 7))
text[1, 4:], text[2, 2:] = 0, 0
state = torch.randint(0, BINS, (BATCH, STATES))
codes = torch.randint(0, ENTRIES, (BATCH, CODES))
codes[1, 2], codes[2, 1:3], codes[2, 5] = -100, -100, -100

golden = {f"parameters.{name}": value for name, value in parameters.items()}
golden |= {f"images.{camera}": batch for camera, batch in enumerate(images)} | {"text": text, "state": state, "codes": codes}
required = torch.tensor([1, 2, 1])
golden |= {"required": required}
for name, size in (("3", 3), ("4", 4), ("1", 1), ("early", 3)):
    for parameter in parameters.values():
        parameter.grad = None
    outputs, closing = logits(images, text, state, codes.clamp(min=0), size)
    total, parts, right = losses(outputs, closing, codes, ENTRIES if name == "early" else ENTRIES + 1)
    if name == "early":
        end, end_right = early_end(outputs, required)
        total = total + 0.5 * end
        golden |= {"early.end_accuracy": torch.tensor(end_right)}
    total.backward()
    unused = [unfed for unfed, parameter in parameters.items() if parameter.grad is None]
    assert not unused, unused
    golden |= {f"{name}.total": total, f"{name}.closing": torch.stack(closing, dim=1)}
    golden |= {f"{name}.codebooks": torch.stack(parts), f"{name}.accuracies": torch.tensor(right)}
    golden |= {f"{name}.logits.{codebook}": torch.stack(outputs[codebook * POSITIONS : (codebook + 1) * POSITIONS], dim=1) for codebook in range(CODEBOOKS)}
    if size != 1:
        golden |= {f"{name}.gradients.{key}": parameter.grad for key, parameter in parameters.items()}

golden = {name: (value.float() if value.is_floating_point() else value).detach().clone() for name, value in golden.items()}
path = pathlib.Path(__file__).with_name("loss.safetensors")
save_file(golden, path, metadata={"torch": torch.__version__, "script": pathlib.Path(__file__).name})
print(f"{path}: {len(golden)} tensors, {path.stat().st_size} bytes")
