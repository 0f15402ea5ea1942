"""Corruptions by the package imagecorruptions with our parameters and our random draws put in.

Its functions have their parameters built in (`c = [...][severity - 1]`): that one assignment is replaced in their syntax tree. Its
random functions are replaced by ones that hand out the draws recorded on our side, in order, and fail when the kinds differ. Poisson
counts are made from our uniform draws by scipy's own inverse distribution function.
"""
import ast
import importlib.util
import io
import sys
import types

import cv2
import numpy as np
import scipy.ndimage
import scipy.stats
import skimage.filters
from PIL import Image

import exchange


class Draws:
    """Recorded draws: a list of kinds ('u', 'n', 'i') and of values."""

    def set(self, kinds, values):
        self.kinds, self.values, self.at = kinds, values, 0

    def take(self, kind, count):
        first, self.at = self.at, self.at + count
        kinds = set(self.kinds[first : self.at])
        if kinds != {kind} or self.at > len(self.kinds):
            raise AssertionError(f"draw {first}: {count} of kind {kind} wanted, recorded: {kinds}")
        return self.values[first : self.at]

    def finish(self):
        if self.at != len(self.kinds):
            raise AssertionError(f"{len(self.kinds)} draws recorded, {self.at} used")

    def shaped(self, kind, size):
        if size is None:
            return self.take(kind, 1)[0]
        return self.take(kind, int(np.prod(size))).reshape(size)

    def normal(self, loc=0.0, scale=1.0, size=None):
        return loc + scale * self.shaped("n", size)

    def uniform(self, low=0.0, high=1.0, size=None):
        return low + (high - low) * self.shaped("u", size)

    def randint(self, low, high, size=None):
        return low + self.shaped("i", size).astype(int)

    def poisson(self, lam):
        uniform = self.shaped("u", lam.shape)
        return np.where(lam > 0, scipy.stats.poisson.ppf(uniform, np.maximum(lam, 1e-300)), 0)


draws = Draws()


def load():
    """The package's module with c = PARAMETERS, made to run on current numpy, scipy and scikit-image."""
    origin = importlib.util.find_spec("imagecorruptions").submodule_search_locations[0] + "/corruptions.py"
    tree = ast.parse(open(origin).read())
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for node in function.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "c":
                node.value = ast.parse("PARAMETERS", mode="eval").body
    tree.body = [n for n in tree.body if not (isinstance(n, ast.ImportFrom) and n.module in ("scipy.ndimage.interpolation", "pkg_resources", "skimage.filters"))]
    ast.fix_missing_locations(tree)

    def gaussian(image, sigma=1, multichannel=False, mode="nearest", truncate=4.0):
        return skimage.filters.gaussian(image, sigma, mode=mode, truncate=truncate, channel_axis=-1 if multichannel else None)

    module = types.ModuleType("corruptions")
    module.__dict__.update(map_coordinates=scipy.ndimage.map_coordinates, gaussian=gaussian)
    exec(compile(tree, origin, "exec"), module.__dict__)
    fake = types.SimpleNamespace(**{name: getattr(np, name) for name in dir(np) if not name.startswith("__")})
    fake.float_, fake.random = np.float64, draws
    module.np = fake
    return module


def elastic(image, p):
    """Affine map and displacement as CIFAR-10-C has them, with scipy's interpolation for both (imagecorruptions has no affine part)."""
    image = np.asarray(image) / 255.0
    height, width = image.shape[:2]
    side = min(height, width)
    if p["affine"] > 0:
        centre, half, reach = np.array([width // 2, height // 2]), side // 3, p["affine"] * side
        before = np.float32([centre + half, [centre[0] + half, centre[1] - half], centre - half])
        after = before + draws.uniform(-reach, reach, (3, 2))
        forward = np.vstack([cv2.getAffineTransform(before, np.float32(after)), [0, 0, 1]])
        back = np.linalg.inv(forward)
        y, x = np.mgrid[:height, :width]
        places = back @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        image = sample(image, places[1], places[0], "mirror")
    if p["alpha"] > 0:
        fields = [skimage.filters.gaussian(draws.uniform(-1, 1, (height, width)), p["sigma"] * side, mode="reflect", truncate=3) for _ in "xy"]
        dx, dy = (field * p["alpha"] * side for field in fields)
        y, x = np.mgrid[:height, :width]
        image = sample(image, (y + dy).ravel(), (x + dx).ravel(), "reflect")
    return np.clip(image, 0, 1) * 255


def sample(image, y, x, mode):
    return np.stack([scipy.ndimage.map_coordinates(image[..., c], (y, x), order=1, mode=mode).reshape(image.shape[:2]) for c in range(3)], -1)


def frost(image, p, pictures):
    height, width = np.asarray(image).shape[:2]
    picture = pictures[draws.randint(0, len(pictures))]
    top = draws.randint(0, picture.shape[0] - height)
    left = draws.randint(0, picture.shape[1] - width)
    return np.clip(p["keep"] * np.asarray(image) + p["frost"] * picture[top : top + height, left : left + width], 0, 255)


def pixelate(image, p):
    """Box both ways, as CIFAR-10-C; the package repeats pixels on the way back, which differs where a centre falls on a border."""
    width, height = image.size
    return image.resize((int(width * p["share"]), int(height * p["share"])), Image.BOX).resize((width, height), Image.BOX)


def jpeg(image, p):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(p["quality"]))
    return np.asarray(Image.open(file))


def main():
    module = load()
    cases, arrays = exchange.read()
    results, failures = [], []
    for case in cases:
        image = Image.fromarray(arrays[case["image"]])
        draws.set(case["kinds"], arrays[case["values"]])
        p = case["parameters"]
        name = case["name"]
        values = list(p.values())
        module.PARAMETERS = values[0] if len(values) == 1 else tuple(values)
        try:
            if name == "elastic_transform":
                corrupted = elastic(image, p)
            elif name == "frost":
                corrupted = frost(image, p, [arrays[i] for i in case["frost"]])
            elif name == "pixelate":
                corrupted = pixelate(image, p)
            elif name == "jpeg_compression":
                corrupted = jpeg(image, p)
            else:
                if name == "zoom_blur":
                    module.PARAMETERS = np.arange(1, p["end"], p["step"])
                corrupted = getattr(module, name)(image)
            draws.finish()
        except AssertionError as error:
            failures.append(f"{name} {p}: {error}")
            corrupted = np.zeros((1, 1, 3))
        results.append(np.uint8(np.asarray(corrupted)))
    exchange.write({"failures": failures}, results)


main()
