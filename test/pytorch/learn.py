"""The same recipe, written a second time in PyTorch: what ImCLR and the baseline should learn.

Shares nothing with the trainer but the pixels and the recipe, the Pi-model included. Reads a recipe file (JSON) that names raw arrays:
images uint8 [n, h, w, 3], labels uint16; writes one JSON line per run: {"mode", "seed", "accuracy", "losses"}.

    python learn.py recipe.json --modes imclr --seeds 1 2 3 --threads 1
"""
import argparse
import copy
import json
import math
import time

import numpy as np
import torch
import torch.nn.functional as F

from networks import build, draw_he, still


def load(part, height, width):
    images = np.fromfile(part["images"], np.uint8).reshape(-1, height, width, 3)
    labels = np.fromfile(part["labels"], np.uint16).astype(np.int64) if "labels" in part else np.zeros(0, np.int64)
    if "positions" in part:
        images, labels = images[part["positions"]], labels[part["positions"]]
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels)


def augment(images, recipe, mean, std):
    """Padded random crop and flip, one draw per image. Padding is black, as where it is done on bytes, or a mirror."""
    n, _, height, width = images.shape
    pad = recipe["cropPadding"]
    padded = F.pad(images, (pad,) * 4) if recipe["border"] == "zero" else F.pad(images.float(), (pad,) * 4, mode="reflect")
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
    decays = lambda parameter: recipe["decay"] == "all" or parameter.dim() > 1
    optimiser = torch.optim.SGD([
        {"params": [p for p in net.parameters() if decays(p)], "weight_decay": recipe["weightDecay"]},
        {"params": [p for p in net.parameters() if not decays(p)], "weight_decay": 0},
    ], recipe["learningRate"], momentum=0.9, nesterov=True)
    average = copy.deepcopy(net) if recipe["emaDecay"] is not None else net
    unlabelled = Unlabelled(recipe, data.get("unlabelled"), batch)
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
                group["lr"] = recipe["learningRate"] * course(recipe["schedule"], done / steps)
            optimiser.zero_grad()
            loss = F.cross_entropy(net(x.contiguous(memory_format=torch.channels_last)), y)
            (loss + unlabelled.term(net, mode, (mean, std), (done, steps))).backward()
            optimiser.step()
            if average is not net:
                follow(average, net, recipe["emaDecay"])
            total += loss.item()
            done += 1
        losses.append(total / steps_per_epoch)
    return accuracy(average, mode, test, (mean, std)), losses


def course(schedule, share):
    """What the learning rate is multiplied by after a share of the steps."""
    return math.cos(7 * math.pi * share / 16) if schedule == "cosine-7-16" else 0.5 * (1 + math.cos(math.pi * share))


@torch.no_grad()
def follow(average, net, decay):
    """All floating weights and statistics go a part of the way."""
    for own, value in zip(average.state_dict().values(), net.state_dict().values()):
        if own.is_floating_point():
            own.add_(value - own, alpha=1 - decay)


class Unlabelled:
    """The Pi-model's second term: weight times ramp times the mean squared difference of two views' probabilities, the second one fixed."""

    def __init__(self, recipe, part, batch):
        self.recipe, self.images, self.order = recipe, part and part[0], []
        self.settings = recipe["semiSupervised"]
        self.count = self.settings["ratio"] * batch if self.settings else 0

    def draw(self):
        """The next images of an order that begins anew when it ends."""
        while len(self.order) < self.count:
            self.order += torch.randperm(len(self.images)).tolist()
        rows, self.order = self.order[: self.count], self.order[self.count :]
        return self.images[rows]

    def term(self, net, mode, normalisation, place):
        if self.settings is None:
            return 0.0
        done, steps = place
        ramp = min(1.0, (done + 1) / max(1, round(self.settings["rampFraction"] * steps)))
        images, partner = self.draw(), torch.randperm(self.count)

        def view():
            x = augment(images, self.recipe, *normalisation)
            x = torch.cat([x, x[partner]], 2) if mode == "imclr" else x
            return x.contiguous(memory_format=torch.channels_last)

        first = still(net, view()).softmax(1)
        with torch.no_grad():
            second = still(net, view()).softmax(1)
        return self.settings["weight"] * ramp * F.mse_loss(first, second)


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
    data = {part: load(recipe[part], recipe["height"], recipe["width"]) for part in ("train", "test", "unlabelled") if recipe.get(part)}
    for seed in arguments.seeds:
        for mode in arguments.modes:
            start = time.time()
            result, losses = train(recipe, mode, seed, data)
            print(json.dumps({"mode": mode, "seed": seed, "accuracy": result, "losses": losses, "seconds": round(time.time() - start, 1)}), flush=True)


main()
