"""The same recipe, written a second time in PyTorch: what ImCLR and the baseline should learn.

Shares nothing with the trainer but the pixels and the recipe. Reads a recipe file (JSON) that names raw arrays:
images uint8 [n, h, w, 3], labels uint16; writes one JSON line per run: {"mode", "seed", "accuracy", "losses"}.

    python learn.py recipe.json --modes imclr --seeds 1 2 3 --threads 1
"""
import argparse
import json
import math
import time

import numpy as np
import torch
import torch.nn.functional as F

from networks import build, draw_he


def load(part, height, width):
    images = np.fromfile(part["images"], np.uint8).reshape(-1, height, width, 3)
    labels = np.fromfile(part["labels"], np.uint16).astype(np.int64)
    if "positions" in part:
        images, labels = images[part["positions"]], labels[part["positions"]]
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels)


def augment(images, recipe, mean, std):
    """Zero-padded random crop and flip, one draw per image. Padding is black, as where it is done on bytes."""
    n, _, height, width = images.shape
    pad = recipe["cropPadding"]
    padded = F.pad(images, (pad, pad, pad, pad))
    top = torch.randint(0, 2 * pad + 1, (n,)).tolist()
    left = torch.randint(0, 2 * pad + 1, (n,)).tolist()
    out = torch.stack([padded[i, :, t : t + height, l : l + width] for i, (t, l) in enumerate(zip(top, left))])
    if recipe["flip"]:
        out = torch.where((torch.rand(n) < 0.5)[:, None, None, None], out.flip(3), out)
    return (out.float() - mean) / std


def train(recipe, mode, seed, data):
    torch.manual_seed(1000 + seed)
    (images, labels), test = data["train"], data["test"]
    mean = torch.tensor(recipe["mean"]).view(1, 3, 1, 1)
    std = torch.tensor(recipe["std"]).view(1, 3, 1, 1)
    classes, batch, epochs = recipe["classes"], recipe["batchSize"], recipe["epochs"]
    net = build(recipe["network"], classes)
    draw_he(net)
    net = net.to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(net.parameters(), recipe["learningRate"], momentum=0.9, nesterov=True, weight_decay=recipe["weightDecay"])
    steps_per_epoch = len(images) // batch if recipe["dropLast"] else math.ceil(len(images) / batch)
    steps, done, losses = steps_per_epoch * epochs, 0, []
    for _ in range(epochs):
        net.train()
        order, total = torch.randperm(len(images)), 0.0
        for start in range(0, steps_per_epoch * batch, batch):
            rows = order[start : start + batch]
            x, y = augment(images[rows], recipe, mean, std), F.one_hot(labels[rows], classes).float()
            if mode == "imclr":
                partner = torch.randperm(len(rows))
                x, y = torch.cat([x, x[partner]], 2), (y + y[partner]) / 2
            for group in optimiser.param_groups:
                group["lr"] = recipe["learningRate"] * 0.5 * (1 + math.cos(math.pi * done / steps))
            optimiser.zero_grad()
            loss = F.cross_entropy(net(x.contiguous(memory_format=torch.channels_last)), y)
            loss.backward()
            optimiser.step()
            total += loss.item()
            done += 1
        losses.append(total / steps_per_epoch)
    return accuracy(net, mode, test, (mean, std)), losses


@torch.no_grad()
def accuracy(net, mode, test, normalisation):
    net.eval()
    images, labels = test
    mean, std = normalisation
    hits = 0
    for start in range(0, len(images), 500):
        x = (images[start : start + 500].float() - mean) / std
        if mode == "imclr":
            x = torch.cat([x, x], 2)
        hits += (net(x.contiguous(memory_format=torch.channels_last)).argmax(1) == labels[start : start + 500]).sum().item()
    return hits / len(images)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("--modes", nargs="+", default=["baseline", "imclr"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    with open(arguments.recipe) as file:
        recipe = json.load(file)
    data = {part: load(recipe[part], recipe["height"], recipe["width"]) for part in ("train", "test")}
    for seed in arguments.seeds:
        for mode in arguments.modes:
            start = time.time()
            result, losses = train(recipe, mode, seed, data)
            print(json.dumps({"mode": mode, "seed": seed, "accuracy": result, "losses": losses, "seconds": round(time.time() - start, 1)}), flush=True)


main()
