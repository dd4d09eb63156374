"""EfficientNet-Lite0 by its PyTorch definition and with its weights for ImageNet, in efficientnet_lite0.safetensors beside this file.

    Scripts/bootstrap --peers
    .deps/peers/bin/python -m pip install --no-deps --target .build/efficientnet efficientnet-lite-pytorch==0.1.0
    PYTHONPATH=.build/efficientnet .deps/peers/bin/python Tests/BackbonesTests/Golden/make_efficientnet_golden.py

An image of 96 x 96 is enlarged to 192 x 192 by torch's bilinear interpolation: logits of the whole network, and the map after the
first eleven blocks. A second image has odd sizes, for which the package pads at run time; its map comes with the gradient of
half its square with respect to the pixels. Computed in double precision.
"""

import pathlib

import torch
from efficientnet_lite_pytorch import EfficientNet
from safetensors.torch import load_file, save_file
from torch.nn.functional import interpolate

here = pathlib.Path(__file__).parent
weights = load_file(here.parents[2] / ".deps/models/efficientnet-lite0/model.safetensors")


def network(**parameters):
    made = EfficientNet.from_name("efficientnet-lite0", **parameters)
    made.load_state_dict(weights)
    return made.double().eval()


def features(made, x):
    """The map after the eleventh block."""
    x = made._swish(made._bn0(made._conv_stem(x)))
    for block in made._blocks[:11]:
        x = block(x)
    return x


def picture(height, width):
    """A smooth picture with some noise, uint8 [1, height, width, 3]."""
    coarse = torch.rand(1, 3, 5, 5, dtype=torch.float64) * 255
    smooth = interpolate(coarse, (height, width), mode="bicubic") + 8 * torch.randn(1, 3, height, width, dtype=torch.float64)
    return smooth.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def normalized(pixels):
    return (pixels.permute(0, 3, 1, 2).double() - 127) / 128


torch.manual_seed(0)
fixed, flexible = network(), network(image_size=None)
image, odd = picture(96, 96), picture(75, 107)
with torch.no_grad():
    enlarged = interpolate(normalized(image), (192, 192), mode="bilinear", align_corners=False)
    golden = {"image": image, "logits": fixed(enlarged), "features": features(fixed, enlarged)}
pixels = normalized(odd).requires_grad_()
map = features(flexible, pixels)
(map.square().sum() / 2).backward()
golden |= {"odd.image": odd, "odd.features": map.detach(), "odd.gradient": pixels.grad}
save_file(
    {name: (value.float() if value.is_floating_point() else value).contiguous() for name, value in golden.items()},
    here / "efficientnet_lite0.safetensors",
)
