"""What the trainer's networks compute and how they train, according to PyTorch: test/trainer/networks/pytorch.json.

Weights and inputs are not stored: both sides draw them by `draws` of drawn.py (unsigned 32-bit arithmetic, the same everywhere).

    python test/pytorch/trajectory.py > test/trainer/networks/pytorch.json
"""
import json

import torch
import torch.nn.functional as F

from drawn import draw_images, draw_labels, filled

CASES = [('resnet20', 32, 32), ('resnet20', 64, 32), ('resnet8', 27, 19), ('wrn28-2', 32, 32), ('wrn28-2', 64, 32), ('wrn28-2', 19, 27)]
# What these compute, but not how they train: they are made of the same parts.
FORWARD = [('wrn40-2', 32, 32), ('resnet18', 32, 16), ('conv-large', 26, 15)]
ROWS, CLASSES, STEPS, RATE = 4, 10, 4, 0.02


def forward(name, height, width):
    with torch.no_grad():
        return {'network': name, 'height': height, 'width': width, 'logits': filled(name, CLASSES).eval()(draw_images(ROWS, height, width)).tolist()}


def case(name, height, width):
    network, images, labels = filled(name, CLASSES), draw_images(ROWS, height, width), draw_labels(ROWS, CLASSES)

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
