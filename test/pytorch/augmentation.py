"""What torchvision has for AutoAugment and RandAugment, as the fixture test/trainer/image/torchvision.json.

    python augmentation.py > ../trainer/image/torchvision.json

The CIFAR-10 policy as a table; magnitudes at 10 levels (AutoAugment) and 11 (RandAugment) for pictures of 40 x 32 pixels; and
`adjust_hue` of a picture of noise, which torchvision does by way of Pillow.
"""
import json

import numpy as np
import torchvision
from PIL import Image
from torchvision.transforms import AutoAugment, AutoAugmentPolicy, RandAugment
from torchvision.transforms import functional as F

height, width = 40, 32
auto = AutoAugment(AutoAugmentPolicy.CIFAR10)
space = auto._augmentation_space(10, (height, width))
rand = RandAugment()._augmentation_space(11, (height, width))
levels = lambda space: {name: values.tolist() for name, (values, signed) in space.items()}
image = np.random.RandomState(1).randint(0, 256, (16, 16, 3), np.uint8)
turns = [-0.5, -0.27, -0.1, 0.04, 0.1, 0.5]
print(json.dumps({
    "torchvision": torchvision.__version__,
    "policy": [[list(step) for step in pair] for pair in auto.policies],
    "autoaugment": levels(space),
    "randaugment": levels(rand),
    "image": image.ravel().tolist(),
    "hue": [{"turns": t, "pixels": np.asarray(F.adjust_hue(Image.fromarray(image), t)).ravel().tolist()} for t in turns],
}))
