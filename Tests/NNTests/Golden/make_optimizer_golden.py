"""Ten steps of torch.optim.AdamW with clipping and a schedule, in optimizer.safetensors beside this file.

    Scripts/bootstrap --peers && .deps/peers/bin/python Tests/NNTests/Golden/make_optimizer_golden.py

Matrices decay, vectors do not. The rate rises linearly over three steps and then falls along half a cosine to a tenth;
both come from torch's own schedulers. Computed in double precision from numbers that single precision can hold.
"""

import pathlib
import warnings

import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

STEPS, WARM_UP, RATE, FLOOR, CLIP = 10, 3, 1e-2, 0.1, 1.7


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.norm, self.down = nn.Linear(4, 6), nn.LayerNorm(6), nn.Linear(6, 3)

    def forward(self, x):
        return self.down(self.norm(self.up(x)))


torch.manual_seed(0)
network = Network().double()
inputs, targets = torch.randn(STEPS, 8, 4), torch.randn(STEPS, 8, 3) * torch.linspace(0.2, 2, STEPS)[:, None, None]
golden = {"inputs": inputs, "targets": targets}
with torch.no_grad():
    for name, parameter in network.named_parameters():
        parameter.copy_(parameter.float())
        golden[f"first.{name}"] = parameter.float()

matrices = [parameter for parameter in network.parameters() if parameter.ndim >= 2]
vectors = [parameter for parameter in network.parameters() if parameter.ndim < 2]
optimizer = torch.optim.AdamW(
    [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0}], lr=RATE, betas=(0.9, 0.95), eps=1e-8
)
schedule = SequentialLR(
    optimizer,
    [
        LinearLR(optimizer, start_factor=1 / WARM_UP, total_iters=WARM_UP - 1),
        CosineAnnealingLR(optimizer, T_max=STEPS - WARM_UP, eta_min=FLOOR * RATE),
    ],
    milestones=[WARM_UP],
)
warnings.filterwarnings("ignore", message="The epoch parameter")
losses, lengths, factors = [], [], []
for step in range(STEPS):
    optimizer.zero_grad()
    loss = (network(inputs[step].double()) - targets[step].double()).square().mean()
    loss.backward()
    lengths.append(nn.utils.clip_grad_norm_(network.parameters(), CLIP).item())
    losses.append(loss.item())
    factors.append(optimizer.param_groups[0]["lr"] / RATE)
    optimizer.step()
    schedule.step()
    for name, parameter in network.named_parameters():
        golden[f"after.{step}.{name}"] = parameter.detach().float().clone()
assert min(lengths) < CLIP < max(lengths), f"some gradients should be clipped and some not: {lengths}"
for name, parameter in network.named_parameters():
    golden[f"mean.{name}"] = optimizer.state[parameter]["exp_avg"].float()
    golden[f"square.{name}"] = optimizer.state[parameter]["exp_avg_sq"].float()
golden |= {"losses": torch.tensor(losses), "lengths": torch.tensor(lengths), "factors": torch.tensor(factors)}

path = pathlib.Path(__file__).with_name("optimizer.safetensors")
save_file(golden, path, metadata={"torch": torch.__version__, "script": pathlib.Path(__file__).name})
print(f"{path}: {len(golden)} tensors, {path.stat().st_size} bytes, lengths {lengths}")
