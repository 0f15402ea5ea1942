"""What the trainer's networks compute and how they train, according to PyTorch: test/trainer/networks/pytorch.json.

Weights and inputs are not stored: both sides draw them by `draws` below (unsigned 32-bit arithmetic, the same everywhere).

    python test/pytorch/trajectory.py > test/trainer/networks/pytorch.json
"""
import json

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from networks import build

CASES = [('resnet20', 32, 32), ('resnet20', 64, 32), ('resnet8', 27, 19), ('wrn28-2', 32, 32), ('wrn28-2', 64, 32), ('wrn28-2', 19, 27)]
# What these compute, but not how they train: they are made of the same parts.
FORWARD = [('wrn40-2', 32, 32), ('resnet18', 32, 16), ('conv-large', 26, 15)]
ROWS, CLASSES, STEPS, RATE = 4, 10, 4, 0.02


def draws(name, count):
    """Uniform in [-1, 1), float64 `[count]`: a hash of the name's bytes and the place."""
    phase = 0
    for byte in name.encode():
        phase = (phase * 31 + byte) & 0xFFFFFFFF
    x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(phase)
    for shift, factor in ((16, 2246822519), (13, 3266489917), (16, 668265263)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    return (x ^ (x >> np.uint32(16))).astype(np.float64) / 2**31 - 1


def fill(network):
    """Kernels in the trainer's layout [h, w, in, out], with the variance of He et al.; norms near the identity."""
    with torch.no_grad():
        for path, module in network.named_modules():
            name = path.replace('.', '_')
            if isinstance(module, nn.Conv2d):
                out, into, h, w = module.weight.shape
                kernel = draws(f'{name}/kernel', h * w * into * out).reshape(h, w, into, out) * np.sqrt(6 / (h * w * into))
                module.weight.copy_(torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()))
            elif isinstance(module, nn.BatchNorm2d):
                n = module.num_features
                for key, tensor, base in (('gamma', module.weight, 1), ('beta', module.bias, 0), ('moving_mean', module.running_mean, 0), ('moving_variance', module.running_var, 1)):
                    tensor.copy_(torch.from_numpy(base + 0.3 * draws(f'{name}/{key}', n)))
            elif isinstance(module, nn.Linear):
                module.weight.copy_(torch.from_numpy(draws(f'{name}/kernel', module.in_features * CLASSES).reshape(module.in_features, CLASSES).T * np.sqrt(3 / module.in_features)))
                module.bias.copy_(torch.from_numpy(0.1 * draws(f'{name}/bias', CLASSES)))


def filled(name):
    network = build(name, CLASSES)
    fill(network)
    return network


def draw_images(height, width):
    pixels = np.floor((draws('pixels', ROWS * height * width * 3) + 1) * 128).reshape(ROWS, height, width, 3)
    return torch.from_numpy((pixels - 127.5) / 64).float().permute(0, 3, 1, 2)


def forward(name, height, width):
    with torch.no_grad():
        return {'network': name, 'height': height, 'width': width, 'logits': filled(name).eval()(draw_images(height, width)).tolist()}


def case(name, height, width):
    network, images = filled(name), draw_images(height, width)
    labels = torch.from_numpy((draws('labels', ROWS * CLASSES).reshape(ROWS, CLASSES) + 1)).float()
    labels = labels / labels.sum(1, keepdim=True)

    def infer():
        network.eval()
        with torch.no_grad():
            return network(images).tolist()

    before = infer()
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), RATE, momentum=0.9, nesterov=True, weight_decay=5e-4)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {'network': name, 'height': height, 'width': width, 'logits': before, 'losses': losses, 'trainedLogits': infer()}


print(json.dumps({'torch': torch.__version__.split('+')[0], 'rows': ROWS, 'classes': CLASSES, 'learningRate': RATE, 'cases': [case(*one) for one in CASES], 'forward': [forward(*one) for one in FORWARD]}, indent=1))
