"""The training loss of a tiny FASTerVQ and the gradient of every parameter, in network.safetensors beside this file.

    Scripts/bootstrap --peers && .deps/peers/bin/python Tests/FASTerVQTests/Golden/make_network_golden.py

Written from the paper and from what the comments in Sources/FASTerVQ promise, with plain tensor arithmetic, chunk by
chunk and latent position by latent position: a chunk knows nothing of the other robot's, so nothing is padded or masked here
where the Swift code pads and masks. Computed in double precision from numbers that single precision can hold.

Two robots share the batch. The first one's position is wider than a patch and its chunk ends within the last patch;
the second one's is narrower and half as long. Steps beyond an episode's end do not count, some chunks may use the first
codebook only, and some reconstructions leave the recorded range. No entry counts as dead, because a reset is random.
"""

import math
import pathlib

import torch
from safetensors.torch import save_file

WIDTH, HEADS, STEP_WIDTH, KERNEL, LATENTS = 8, 2, 3, 3, 5
CODEBOOKS, ENTRIES, DECAY = 2, 6, 0.9
SHAPES = {  # of each group type's patches; its index here is its number in the parameters' names
    "position": {"number": 0, "steps": 2, "columns": 2, "patches": 3, "groups": 2},
    "gripper": {"number": 1, "steps": 4, "columns": 1, "patches": 2, "groups": 1},
}
ROBOTS = [
    # position=0:3,gripper=3: the position becomes a group of two columns and one of one
    {"horizon": 5, "valid": [5, 3, 1], "groups": [("position", 0, 2, 0), ("position", 2, 3, 1), ("gripper", 3, 4, 0)]},
    {"horizon": 3, "valid": [3, 2], "groups": [("position", 0, 1, 0)]},  # position=0:1
]
ACTIVE = [2, 1, 2, 1, 2]  # codebooks that each chunk may use
WEIGHTS = {"dctL1": 1.0, "commitment": 0.25}

# ---------------------------------------------------------------------------------------------------------
# Parameters, under the names that the Swift modules give them

torch.manual_seed(0)
parameters = {}


def add(name, *shape, scale=None, centre=0.0):
    scale = (math.prod(shape[1:]) ** -0.5 if len(shape) > 1 else 0.3) if scale is None else scale
    parameters[f"autoencoder.{name}"] = (centre + scale * torch.randn(shape)).double().requires_grad_()


def add_linear(name, inputs, outputs, bias=True):
    add(f"{name}.weight", outputs, inputs)
    if bias:
        add(f"{name}.bias", outputs)


def add_block(name):
    add(f"{name}.attentionNorm.weight", WIDTH, centre=1.0)
    add_linear(f"{name}.attention.projection", WIDTH, 3 * WIDTH, bias=False)
    add_linear(f"{name}.attention.output", WIDTH, WIDTH, bias=False)
    add(f"{name}.attention.queryNorm.weight", WIDTH // HEADS, centre=1.0)
    add(f"{name}.attention.keyNorm.weight", WIDTH // HEADS, centre=1.0)
    add(f"{name}.attentionScale", WIDTH, centre=0.5)
    add(f"{name}.feedForwardNorm.weight", WIDTH, centre=1.0)
    add_linear(f"{name}.feedForward.up", WIDTH, 4 * WIDTH)
    add_linear(f"{name}.feedForward.down", 4 * WIDTH, WIDTH)
    add(f"{name}.feedForwardScale", WIDTH, centre=0.5)


for shape in SHAPES.values():
    number, steps, columns = shape["number"], shape["steps"], shape["columns"]
    add(f"patchEmbeddings.{number}.convolution.weight", STEP_WIDTH, columns, KERNEL)
    add(f"patchEmbeddings.{number}.convolution.bias", STEP_WIDTH)
    add_linear(f"patchEmbeddings.{number}.projection", steps * (STEP_WIDTH + columns), WIDTH)
    add_linear(f"patchEmbeddings.{number}.skip", steps * columns, LATENTS, bias=False)
    add(f"patchUnembeddings.{number}.convolution.weight", columns, STEP_WIDTH, KERNEL)
    add(f"patchUnembeddings.{number}.convolution.bias", columns)
    add_linear(f"patchUnembeddings.{number}.projection", WIDTH, steps * (STEP_WIDTH + columns))
    add_linear(f"patchUnembeddings.{number}.skip", LATENTS, steps * columns, bias=False)
    for side in ("encoderPositions", "decoderPositions"):
        for table, count in (("timeIndex", "patches"), ("groupIndex", "groups"), ("columnCount", "columns")):
            add(f"{side}.{number}.{table}", shape[count], WIDTH, scale=0.3)
for side in ("encoder", "decoder"):
    add_block(f"{side}.0")
    add(f"{side}Norm.weight", WIDTH, centre=1.0)
add_linear("toLatent", WIDTH, LATENTS)
add_linear("fromLatent", LATENTS, WIDTH)

# ---------------------------------------------------------------------------------------------------------
# The network, for one chunk


def of(name):
    return parameters[f"autoencoder.{name}"]


def mapped(name, x):
    y = of(f"{name}.weight") @ x
    return y + of(f"{name}.bias") if f"autoencoder.{name}.bias" in parameters else y


def gelu(x):
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def normalized(name, x, epsilon):
    centred = x - x.mean()
    return centred / (centred.square().mean() + epsilon).sqrt() * of(f"{name}.weight")


def convolved(name, steps):
    """A list of steps, each a vector of channels; beyond the ends they are zero."""
    weight, bias = of(f"{name}.weight"), of(f"{name}.bias")
    results = []
    for step in range(len(steps)):
        result = bias
        for tap in range(KERNEL):
            position = step + tap - KERNEL // 2
            if 0 <= position < len(steps):
                result = result + weight[:, :, tap] @ steps[position]
        results.append(result)
    return results


def transformed(name, positions):
    """One transformer block over a chunk's positions, a list of vectors."""
    width = WIDTH // HEADS
    heads = []
    for position in positions:
        parts = mapped(f"{name}.attention.projection", normalized(f"{name}.attentionNorm", position, 1e-2)).split(width)
        queries = [normalized(f"{name}.attention.queryNorm", part, 1e-5) for part in parts[:HEADS]]
        keys = [normalized(f"{name}.attention.keyNorm", part, 1e-5) for part in parts[HEADS : 2 * HEADS]]
        heads.append((queries, keys, parts[2 * HEADS :]))
    results = []
    for position, (queries, _, _) in zip(positions, heads):
        attended_heads = []
        for head in range(HEADS):
            scores = torch.stack([queries[head] @ keys[head] / math.sqrt(width) for _, keys, _ in heads])
            weights = (scores - scores.logsumexp(0)).exp()
            attended_heads.append(sum(weight * values[head] for weight, (_, _, values) in zip(weights, heads)))
        attended = position + of(f"{name}.attentionScale") * mapped(f"{name}.attention.output", torch.cat(attended_heads))
        hidden = gelu(mapped(f"{name}.feedForward.up", normalized(f"{name}.feedForwardNorm", attended, 1e-2)))
        results.append(attended + of(f"{name}.feedForwardScale") * mapped(f"{name}.feedForward.down", hidden))
    return results


def about(side, kind, first, end, group_index, patch_index):
    number = SHAPES[kind]["number"]
    return of(f"{side}.{number}.timeIndex")[patch_index] + of(f"{side}.{number}.groupIndex")[group_index] + of(f"{side}.{number}.columnCount")[end - first - 1]


def patches_of(robot, kind):
    return math.ceil(robot["horizon"] / SHAPES[kind]["steps"])


def latents_of(robot, chunk):
    """A latent a position, of a chunk [T, D]."""
    positions, skips = [], []
    for kind, first, end, group_index in robot["groups"]:
        shape, patches = SHAPES[kind], patches_of(robot, kind)
        number, count = shape["number"], shape["steps"]
        steps = [torch.cat([row[first:end], row.new_zeros(shape["columns"] - (end - first))]) for row in chunk]
        steps += [steps[-1]] * (patches * count - len(steps))
        smooth = [gelu(step) for step in convolved(f"patchEmbeddings.{number}.convolution", steps)]
        for patch_index in range(patches):
            own = range(patch_index * count, (patch_index + 1) * count)
            patch = torch.cat([torch.cat([steps[step], smooth[step]]) for step in own])
            positions.append(mapped(f"patchEmbeddings.{number}.projection", patch) + about("encoderPositions", kind, first, end, group_index, patch_index))
            skips.append(mapped(f"patchEmbeddings.{number}.skip", torch.cat([steps[step] for step in own])))
    positions = transformed("encoder.0", positions)
    return [mapped("toLatent", normalized("encoderNorm", position, 1e-2)) + more for position, more in zip(positions, skips)]


def chunk_of(robot, latents):
    """A chunk [T, D], of a latent a position, before it is clipped."""
    cells = [(*group, patch_index) for group in robot["groups"] for patch_index in range(patches_of(robot, group[0]))]
    positions = [mapped("fromLatent", latent) + about("decoderPositions", *cell) for latent, cell in zip(latents, cells)]
    positions = [normalized("decoderNorm", position, 1e-2) for position in transformed("decoder.0", positions)]
    columns = []
    for group in robot["groups"]:
        kind, first, end, _ = group
        shape = SHAPES[kind]
        number, own = shape["number"], [index for index, cell in enumerate(cells) if cell[:4] == group]
        values, hidden, skips = [], [], []
        for index in own:
            for step in mapped(f"patchUnembeddings.{number}.projection", positions[index]).split(STEP_WIDTH + shape["columns"]):
                values.append(step[: shape["columns"]])
                hidden.append(gelu(step[shape["columns"] :]))
            skips += mapped(f"patchUnembeddings.{number}.skip", latents[index]).split(shape["columns"])
        smooth = convolved(f"patchUnembeddings.{number}.convolution", hidden)
        steps = [sum(parts)[: end - first] for parts in zip(values, smooth, skips)]
        columns.append(torch.stack(steps[: robot["horizon"]]))
    return torch.cat(columns, dim=1)


def cosines(x):
    """The orthonormal DCT-II along the first axis."""
    length = len(x)
    rows = []
    for frequency in range(length):
        angles = math.pi / length * (torch.arange(length).double() + 0.5) * frequency
        rows.append(math.sqrt((1 if frequency == 0 else 2) / length) * (angles.cos() @ x))
    return torch.stack(rows)


class StraightThrough(torch.autograd.Function):
    """The second argument forwards, the first backwards."""

    @staticmethod
    def forward(context, vector, quantized):
        return quantized.clone()

    @staticmethod
    def backward(context, gradient):
        return gradient, None


# ---------------------------------------------------------------------------------------------------------
# One step

single = lambda tensor: tensor.float().double()
TYPES = len(SHAPES)  # each type has codebooks of its own
entries = single(torch.randn(TYPES, CODEBOOKS, ENTRIES, LATENTS) * torch.tensor([1.0, 0.5])[:, None, None])
counts = single(torch.rand(TYPES, CODEBOOKS, ENTRIES) * 3 + 0.5)
sums = single(entries * counts[..., None])


def tables(prefix, **values):
    return {f"{prefix}quantizer.quantizers.{kind}.{name}": value[kind] for name, value in values.items() for kind in range(TYPES)}


golden = {f"tensors.{name}": value for name, value in parameters.items()}
golden |= tables("tensors.", entries=entries, counts=counts, sums=sums)
new_counts, totals = torch.zeros_like(counts), torch.zeros_like(sums)
distances, losses, depth, clipped = [], [], iter(ACTIVE), 0
for number, robot in enumerate(ROBOTS):
    horizon, columns, count = robot["horizon"], robot["groups"][-1][2], len(robot["valid"])
    lowest, largest = single(-1 - torch.rand(columns)), single(1 + torch.rand(columns))
    chunks = single(torch.randn(count, horizon, columns).clamp(lowest, largest))
    reconstructions, latents_kept, codes_kept = [], [], []
    values = sum(robot["valid"]) * columns / count
    for chunk, valid in zip(chunks, robot["valid"]):
        chunk[valid:] = chunk[valid - 1]
        starts = [
            (SHAPES[group[0]]["number"], patch_index * SHAPES[group[0]]["steps"])
            for group in robot["groups"]
            for patch_index in range(patches_of(robot, group[0]))
        ]
        latents, allowed, restored = latents_of(robot, chunk), next(depth), []
        for latent, (kind, start) in zip(latents, starts):
            left, whole, used = latent.detach(), 0, 0
            for codebook in range(CODEBOOKS):
                chosen = min(range(ENTRIES), key=lambda entry: torch.dist(left, entries[kind, codebook, entry]).item())
                codes_kept.append(chosen)
                if start < valid:
                    new_counts[kind, codebook, chosen] += 1
                    totals[kind, codebook, chosen] += left
                whole = whole + entries[kind, codebook, chosen]
                if codebook < allowed:
                    used = used + entries[kind, codebook, chosen]
                left = left - entries[kind, codebook, chosen]
            if start < valid:
                distances.append((latent - whole).square().mean())
            restored.append(StraightThrough.apply(latent, used))
        free = chunk_of(robot, restored)
        held = free.clamp(lowest, largest)
        clipped += (held != free).sum().item()
        error = torch.cat([held[:valid] - chunk[:valid], torch.zeros_like(held[valid:])])
        losses.append(
            {
                "l1": error.abs().sum() / values,
                "dctL1": cosines(error).abs().sum() / values,
            }
        )
        latents_kept.append(torch.stack(latents))
        reconstructions.append(free)
    golden |= {f"{number}.actions": chunks, f"{number}.lowest": lowest, f"{number}.largest": largest}
    golden |= {f"{number}.latents": torch.stack(latents_kept), f"{number}.reconstructions": torch.stack(reconstructions)}
    codes = torch.tensor(codes_kept).reshape(count, -1, CODEBOOKS)  # positions, then codebooks
    golden[f"{number}.codes"] = codes.transpose(1, 2).reshape(count, -1)
assert 0 < clipped < sum(chunk.numel() for name, chunk in golden.items() if name.endswith("reconstructions")) / 2, clipped

means = {name: torch.stack([part[name] for part in losses]).mean() for name in losses[0]}
means["commitment"] = torch.stack(distances).mean()
total = means["l1"] + sum(weight * means[name] for name, weight in WEIGHTS.items())
total.backward()
unused = [name for name, parameter in parameters.items() if parameter.grad is None]
assert not unused, unused
golden |= {f"gradients.{name}": parameter.grad for name, parameter in parameters.items()}
golden |= {f"loss.{name}": means[name] for name in ("l1", "dctL1", "commitment")} | {"loss.total": total}
counts = DECAY * counts + (1 - DECAY) * new_counts
sums = DECAY * sums + (1 - DECAY) * totals
golden |= tables("after.", entries=sums / counts[..., None], counts=counts, sums=sums)

golden = {name: (value.float() if value.is_floating_point() else value).detach().contiguous().clone() for name, value in golden.items()}
path = pathlib.Path(__file__).with_name("network.safetensors")
save_file(golden, path, metadata={"torch": torch.__version__, "script": pathlib.Path(__file__).name})
print(f"{path}: {len(golden)} tensors, {path.stat().st_size} bytes, {clipped} values clipped")
