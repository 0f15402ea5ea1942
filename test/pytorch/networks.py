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
    """Normalisation, activation, convolution, twice (Zagoruyko and Komodakis 2016); slope of the activation below zero."""

    def __init__(self, inputs, outputs, stride, slope):
        super().__init__()
        self.slope = slope
        self.norm1, self.conv1 = nn.BatchNorm2d(inputs), convolution(inputs, outputs, 3, stride)
        self.norm2, self.conv2 = nn.BatchNorm2d(outputs), convolution(outputs, outputs, 3)
        self.changes = inputs != outputs
        if self.changes:
            self.shortcut_conv = convolution(inputs, outputs, 1, stride)

    def forward(self, x):
        active = F.leaky_relu(self.norm1(x), self.slope, inplace=True)
        y = self.conv2(F.leaky_relu(self.norm2(self.conv1(active)), self.slope, inplace=True))
        return y + (self.shortcut_conv(active) if self.changes else x)


class Network(nn.Module):
    """Normalised images `[n, 3, h, w]` of any size to logits `[n, classes]`."""

    def __init__(self, units, filters, classes, slope=None):
        """slope: of the pre-activation network's activation below zero; without it the units are basic ones."""
        super().__init__()
        stem = 16 if slope is not None else filters[0]
        self.slope, self.stem_conv = slope, convolution(3, stem, 3)
        if slope is None:
            self.stem_norm = nn.BatchNorm2d(stem)
        self.names, inputs = [], stem
        for stage, outputs in enumerate(filters):
            for index in range(units):
                self.names.append(f'stage{stage + 1}_unit{index + 1}')
                stride = 2 if stage > 0 and index == 0 else 1
                self.add_module(self.names[-1], BasicUnit(inputs, outputs, stride) if slope is None else PreActivationUnit(inputs, outputs, stride, slope))
                inputs = outputs
        if slope is not None:
            self.final_norm = nn.BatchNorm2d(inputs)
        self.logits = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.stem_conv(x)
        if hasattr(self, 'stem_norm'):
            x = F.relu(self.stem_norm(x), inplace=True)
        for name in self.names:
            x = getattr(self, name)(x)
        if hasattr(self, 'final_norm'):
            x = F.leaky_relu(self.final_norm(x), self.slope, inplace=True)
        return self.logits(x.mean((2, 3)))


class ConvLarge(nn.Module):
    """Laine and Aila 2017, table 5, with batch normalisation and without the noise on the input."""

    def __init__(self, classes):
        super().__init__()
        self.names, inputs = [], 3
        for stage, filters in enumerate(((128, 128, 128), (256, 256, 256), (512, 256, 128))):
            for index, outputs in enumerate(filters):
                self.names.append(f'stage{stage + 1}_{index + 1}')
                self.add_module(f'{self.names[-1]}_conv', nn.Conv2d(inputs, outputs, 3 if stage < 2 or index == 0 else 1, padding=1 if stage < 2 else 0, bias=False))
                self.add_module(f'{self.names[-1]}_norm', nn.BatchNorm2d(outputs))
                inputs = outputs
        self.logits = nn.Linear(inputs, classes)

    def forward(self, x):
        for name in self.names:
            x = F.leaky_relu(getattr(self, f'{name}_norm')(getattr(self, f'{name}_conv')(x)), 0.1, inplace=True)
            if name in ('stage1_3', 'stage2_3'):
                x = F.dropout(F.max_pool2d(x, 2), 0.5, self.training)
        return self.logits(x.mean((2, 3)))


def build(name, classes=10):
    """A network by the trainer's name for it, with PyTorch's own first weights."""
    if name == 'wrn28-2':
        return Network(4, (32, 64, 128), classes, slope=0.1)
    if name == 'wrn40-2':
        return Network(6, (32, 64, 128), classes, slope=0)
    if name == 'conv-large':
        return ConvLarge(classes)
    if name == 'resnet18':
        return Network(2, (64, 128, 256, 512), classes)
    return Network((int(name.removeprefix('resnet')) - 2) // 6, (16, 32, 64), classes)


def draw_he(network):
    """Kernels anew: normal, variance 2 / fan-in (He et al. 2015, "Delving deep into rectifiers"). The last layer keeps PyTorch's draw."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode='fan_in', nonlinearity='relu')


def still(network, images):
    """A pass in training that leaves the moving statistics alone."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momentum = norms[0].momentum
    for norm in norms:
        norm.momentum = 0.0
    answer = network(images)
    for norm in norms:
        norm.momentum = momentum
    return answer
