"""Codes and actions of action-space residual stages, in action_space.safetensors beside this file.

    Scripts/bootstrap --peers && .deps/peers/bin/python Tests/FASTerVQTests/Golden/make_action_space_golden.py

Written from what the comments in Sources/FASTerVQ/Departures promise, value by value: every stage adds the entry nearest to
what is still missing from a patch, and the sum stays within the recorded range. Steps beyond the episode, steps beyond the
chunk and columns beyond the group miss nothing. Computed in double precision from numbers that single precision can hold.

The robot's position is wider than a patch, its chunk ends within the last patch, and its gripper bypasses the autoencoder: its
stages start from zero, and it has as many codebooks more as there are of latents.
"""

import pathlib

import torch
from safetensors.torch import save_file

HORIZON, COLUMNS, ENTRIES, LATENT_CODEBOOKS, STAGES = 5, 4, 7, 2, 2
VALID = [5, 3, 1, 5, 4, 2, 5, 5]
POSITION, GRIPPER = {"steps": 2, "columns": 2}, {"steps": 4, "columns": 1}
GROUPS = [(POSITION, 0, 2), (POSITION, 2, 3), (GRIPPER, 3, 4)]  # position=0:3,gripper=3

single = lambda tensor: tensor.float().double()
torch.manual_seed(0)
count = len(VALID)
lower, upper = single(-0.8 - 0.4 * torch.rand(COLUMNS)), single(0.8 + 0.4 * torch.rand(COLUMNS))
actions = single((0.8 * torch.randn(count, HORIZON, COLUMNS)).clamp(lower - 0.2, upper + 0.2))
entries = {
    "position": single(0.5 * torch.randn(STAGES, ENTRIES, 4)),
    "gripper": single(0.5 * torch.randn(LATENT_CODEBOOKS + STAGES, ENTRIES, 4)),
}
golden = {"actions": actions, "lower": lower, "upper": upper}
golden |= {f"entries.{name}": value for name, value in entries.items()}
restored = {"all": torch.zeros_like(actions), "first": torch.zeros_like(actions)}
clipped = 0
for number, (shape, first, end) in enumerate(GROUPS):
    steps, columns = shape["steps"], shape["columns"]
    patches = -(-HORIZON // steps)
    table = entries["position" if shape is POSITION else "gripper"]
    codes = torch.zeros(count, patches, len(table), dtype=torch.int64)
    decoded = single(torch.randn(count, patches, steps * columns)) if shape is POSITION else None
    for chunk in range(count):
        for patch in range(patches):
            values = {}  # of this patch, by its own step and column
            for step in range(steps):
                for column in range(columns):
                    if patch * steps + step < HORIZON and first + column < end:
                        start = decoded[chunk, patch, step * columns + column].item() if decoded is not None else 0.0
                        low, high = lower[first + column].item(), upper[first + column].item()
                        values[step, column] = min(max(start, low), high) if decoded is not None else start
            for stage, candidates in enumerate(table):
                missing = torch.zeros(steps, columns, dtype=torch.float64)
                for (step, column), value in values.items():
                    if patch * steps + step < VALID[chunk]:
                        missing[step, column] = actions[chunk, patch * steps + step, first + column] - value
                chosen = min(range(ENTRIES), key=lambda entry: torch.dist(missing.flatten(), candidates[entry]).item())
                codes[chunk, patch, stage] = chosen
                for (step, column), value in values.items():
                    total = value + candidates[chosen, step * columns + column].item()
                    low, high = lower[first + column].item(), upper[first + column].item()
                    values[step, column] = min(max(total, low), high)
                    clipped += not low < total < high
                kept = {"all": len(table) - 1, "first": len(table) - STAGES}
                for name, last in kept.items():
                    if stage == last:
                        for (step, column), value in values.items():
                            restored[name][chunk, patch * steps + step, first + column] = value
    golden[f"codes.{number}"] = codes
    if decoded is not None:
        golden[f"decoded.{number}"] = decoded
golden |= {f"actions.{name}": value for name, value in restored.items()}
assert clipped > 20, clipped

golden = {name: (value.float() if value.is_floating_point() else value).contiguous() for name, value in golden.items()}
path = pathlib.Path(__file__).with_name("action_space.safetensors")
save_file(golden, path, metadata={"torch": torch.__version__, "script": pathlib.Path(__file__).name})
print(f"{path}: {len(golden)} tensors, {path.stat().st_size} bytes, {clipped} values clipped")
