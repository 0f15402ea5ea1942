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

from networks import build

network, height, width, batch, precision, threads = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5], int(sys.argv[6])
torch.set_num_threads(threads)
torch.manual_seed(0)

model = build(network).to(memory_format=torch.channels_last)
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
