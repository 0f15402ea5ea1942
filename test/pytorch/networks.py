"""The trainer's networks, written a second time in PyTorch. Modules are named as the trainer names its layers ('.' for '_')."""
import torch.nn.functional as F
from torch import nn


def convolution(inputs, outputs, size, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


class BasicUnit(nn.Module):
    """Two 3x3 convolutions; the shortcut is a 1x1 convolution where the shape changes (He et al. 2015, option B)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.norm1 = convolution(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.norm2 = convolution(outputs, outputs, 3), nn.BatchNorm2d(outputs)
        self.changes = stride != 1 or inputs != outputs
        if self.changes:
            self.shortcut_conv, self.shortcut_norm = convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)), inplace=True)))
        return F.relu(y + (self.shortcut_norm(self.shortcut_conv(x)) if self.changes else x), inplace=True)


class PreActivationUnit(nn.Module):
    """Normalisation, activation, convolution, twice (Zagoruyko and Komodakis 2016)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inputs), convolution(inputs, outputs, 3, stride)
        self.norm2, self.conv2 = nn.BatchNorm2d(outputs), convolution(outputs, outputs, 3)
        self.changes = inputs != outputs
        if self.changes:
            self.shortcut_conv = convolution(inputs, outputs, 1, stride)

    def forward(self, x):
        active = F.leaky_relu(self.norm1(x), 0.1, inplace=True)
        y = self.conv2(F.leaky_relu(self.norm2(self.conv1(active)), 0.1, inplace=True))
        return y + (self.shortcut_conv(active) if self.changes else x)


class Network(nn.Module):
    """Normalised images `[n, 3, h, w]` of any size to logits `[n, classes]`."""

    def __init__(self, unit, units, width, classes):
        super().__init__()
        self.stem_conv = convolution(3, 16, 3)
        if unit is BasicUnit:
            self.stem_norm = nn.BatchNorm2d(16)
        self.names, inputs = [], 16
        for stage, base in enumerate((16, 32, 64)):
            for index in range(units):
                self.names.append(f'stage{stage + 1}_unit{index + 1}')
                self.add_module(self.names[-1], unit(inputs, base * width, 2 if stage > 0 and index == 0 else 1))
                inputs = base * width
        if unit is PreActivationUnit:
            self.final_norm = nn.BatchNorm2d(inputs)
        self.logits = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.stem_conv(x)
        if hasattr(self, 'stem_norm'):
            x = F.relu(self.stem_norm(x), inplace=True)
        for name in self.names:
            x = getattr(self, name)(x)
        if hasattr(self, 'final_norm'):
            x = F.leaky_relu(self.final_norm(x), 0.1, inplace=True)
        return self.logits(x.mean((2, 3)))


def build(name, classes=10):
    """A network by the trainer's name for it, with PyTorch's own first weights."""
    if name == 'wrn28-2':
        return Network(PreActivationUnit, 4, 2, classes)
    return Network(BasicUnit, (int(name.removeprefix('resnet')) - 2) // 6, 1, classes)


def draw_he(network):
    """Kernels anew: normal, variance 2 / fan-in (He et al. 2015, "Delving deep into rectifiers"). The last layer keeps PyTorch's draw."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode='fan_in', nonlinearity='relu')
