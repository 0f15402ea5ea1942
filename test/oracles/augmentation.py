"""Augmentations by Pillow at given parameters, and AugMix's mixture of chains of them."""
import exchange
import numpy as np
from PIL import Image, ImageEnhance, ImageOps

filters = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR}


def affine(image, matrix, sampling):
    return image.transform(image.size, Image.Transform.AFFINE, matrix, filters[sampling["filter"]], fillcolor=(sampling["fill"],) * 3)


operations = {
    "shearX": lambda image, value, sampling: affine(image, (1, value, 0, 0, 1, 0), sampling),
    "shearY": lambda image, value, sampling: affine(image, (1, 0, 0, value, 1, 0), sampling),
    "translateX": lambda image, value, sampling: affine(image, (1, 0, value, 0, 1, 0), sampling),
    "translateY": lambda image, value, sampling: affine(image, (1, 0, 0, 0, 1, value), sampling),
    "rotate": lambda image, value, sampling: image.rotate(value, filters[sampling["filter"]], fillcolor=(sampling["fill"],) * 3),
    "autocontrast": lambda image, value, sampling: ImageOps.autocontrast(image),
    "equalize": lambda image, value, sampling: ImageOps.equalize(image),
    "invert": lambda image, value, sampling: ImageOps.invert(image),
    "posterize": lambda image, value, sampling: ImageOps.posterize(image, int(value)),
    "solarize": lambda image, value, sampling: ImageOps.solarize(image, value),
    "brightness": lambda image, value, sampling: ImageEnhance.Brightness(image).enhance(value),
    "color": lambda image, value, sampling: ImageEnhance.Color(image).enhance(value),
    "contrast": lambda image, value, sampling: ImageEnhance.Contrast(image).enhance(value),
    "sharpness": lambda image, value, sampling: ImageEnhance.Sharpness(image).enhance(value),
    "identity": lambda image, value, sampling: image,
    "flip": lambda image, value, sampling: ImageOps.mirror(image),
}


def shift(pixels, top, left, border):
    """By numpy's own padding."""
    most = max(abs(top), abs(left), 1)
    padded = np.pad(pixels, ((most, most), (most, most), (0, 0)), "constant" if border == "zero" else "reflect")
    return padded[most + top : most + top + pixels.shape[0], most + left : most + left + pixels.shape[1]]


def mixture(image, request):
    original = np.asarray(image, np.float64)
    mixed = np.zeros_like(original)
    for weight, chain in zip(request["weights"], request["chains"]):
        copy = image
        for name, value in chain:
            copy = operations[name](copy, value, request["sampling"])
        mixed += weight * np.asarray(copy, np.float64)
    return np.uint8(np.round((1 - request["share"]) * original + request["share"] * mixed))


requests, arrays = exchange.read()
results = []
for request in requests:
    pixels = arrays[request["image"]]
    image = Image.fromarray(pixels)
    if request["name"] == "augmix":
        results.append(mixture(image, request))
    elif request["name"] == "shift":
        results.append(shift(pixels, request["top"], request["left"], request["border"]))
    else:
        results.append(np.asarray(operations[request["name"]](image, request["value"], request["sampling"])))
exchange.write(None, results)
