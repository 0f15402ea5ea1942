"""Weights and pictures that both sides draw for themselves, so that fixtures need not hold them (test/trainer/networks/drawn.ts)."""
import numpy as np
import torch
from torch import nn

from networks import build


def draws(name, count):
    """Uniform in [-1, 1), float64 `[count]`: a hash of the name's bytes and the place."""
    phase = 0
    for byte in name.encode():
        phase = (phase * 31 + byte) & 0xFFFFFFFF
    x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(phase)
    for shift, factor in ((16, 2246822519), (13, 3266489917), (16, 668265263)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    return (x ^ (x >> np.uint32(16))).astype(np.float64) / 2**31 - 1


def fill(network, classes):
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
                module.weight.copy_(torch.from_numpy(draws(f'{name}/kernel', module.in_features * classes).reshape(module.in_features, classes).T * np.sqrt(3 / module.in_features)))
                module.bias.copy_(torch.from_numpy(0.1 * draws(f'{name}/bias', classes)))


def filled(name, classes):
    network = build(name, classes)
    fill(network, classes)
    return network


def draw_images(rows, height, width, name='pixels'):
    """Bytes, normalised: `[rows, 3, height, width]`."""
    pixels = np.floor((draws(name, rows * height * width * 3) + 1) * 128).reshape(rows, height, width, 3)
    return torch.from_numpy((pixels - 127.5) / 64).float().permute(0, 3, 1, 2)


def draw_labels(rows, classes):
    """Soft: `[rows, classes]`."""
    labels = torch.from_numpy((draws('labels', rows * classes).reshape(rows, classes) + 1)).float()
    return labels / labels.sum(1, keepdim=True)
