"""The training step of the bench in PyTorch: the same network, data types, optimiser and protocol as stepContender.ts.

Reads lines from stdin: "run N" does N steps and answers {"seconds": [...]}; "end" answers {"peakBytes": ...} and leaves.
Arguments: network (resnet20 | wrn28-2), height, width, batch, precision (float32 | bfloat16), threads.
"""
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

network, height, width, batch, precision, threads = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5], int(sys.argv[6])
torch.set_num_threads(threads)
torch.manual_seed(0)


def convolution(inputs, outputs, size, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


class BasicUnit(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.norm1 = convolution(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.norm2 = convolution(outputs, outputs, 3), nn.BatchNorm2d(outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)), inplace=True)
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x), inplace=True)


class PreActivationUnit(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inputs), convolution(inputs, outputs, 3, stride)
        self.norm2, self.conv2 = nn.BatchNorm2d(outputs), convolution(outputs, outputs, 3)
        self.shortcut = None if inputs == outputs else convolution(inputs, outputs, 1, stride)

    def forward(self, x):
        active = F.leaky_relu(self.norm1(x), 0.1, inplace=True)
        y = self.conv2(F.leaky_relu(self.norm2(self.conv1(active)), 0.1, inplace=True))
        return y + (x if self.shortcut is None else self.shortcut(active))


class Network(nn.Module):
    def __init__(self, stem, units, tail, filters, classes=10):
        super().__init__()
        self.features = nn.Sequential(*stem, *units, *tail)
        self.classifier = nn.Linear(filters, classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def build():
    wide = network == 'wrn28-2'
    unit, count, factor = (PreActivationUnit, 4, 2) if wide else (BasicUnit, 3, 1)
    stem = [convolution(3, 16, 3)] if wide else [convolution(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    units, inputs = [], 16
    for stage, filters in enumerate((16 * factor, 32 * factor, 64 * factor)):
        for index in range(count):
            units.append(unit(inputs, filters, 2 if stage > 0 and index == 0 else 1))
            inputs = filters
    tail = [nn.BatchNorm2d(inputs), nn.LeakyReLU(0.1, inplace=True)] if wide else []
    return Network(stem, units, tail, inputs)


model = build().to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
images = torch.randint(0, 256, (batch, height, width, 3), dtype=torch.uint8)
labels = torch.softmax(torch.randn(batch, 10), 1)


def step():
    x = (images.permute(0, 3, 1, 2).float() - 120.0) / 60.0
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=precision == 'bfloat16'):
        logits = model(x)
    loss = F.cross_entropy(logits.float(), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


for line in sys.stdin:
    command = line.split()
    if command[0] == 'end':
        print(json.dumps({'peakBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, 'version': torch.__version__}), flush=True)
        break
    seconds = []
    for _ in range(int(command[1])):
        began = time.perf_counter()
        loss = step()
        seconds.append(time.perf_counter() - began)
    print(json.dumps({'seconds': seconds, 'loss': loss}), flush=True)
