"""Perturbation sequences, frame by frame, with Pillow, OpenCV, scipy and scikit-image, at the parameters and random draws handed in.

Written after the published recipes of CIFAR-10-P, Tiny-ImageNet-P and ImageNet-P, on other libraries than ours.
"""
import math

import cv2
import exchange
import numpy as np
import scipy.ndimage
import scipy.stats
import skimage.color
import skimage.filters
from PIL import Image


def byte(values):
    return np.uint8(np.clip(values, 0, 1) * 255)


def noise(image, p, draws, kind):
    x = image / 255.0
    frames = [image]
    for z in draws.reshape(p["frames"] - 1, *image.shape):
        if kind == "gaussian":
            frames.append(byte(x + p["scale"] * z))
        elif kind == "speckle":
            frames.append(byte(x + x * p["scale"] * z))
        else:
            counts = np.where(x > 0, scipy.stats.poisson.ppf(z, np.maximum(x * p["photons"], 1e-300)), 0)
            frames.append(byte(counts / p["photons"]))
    return frames


def motion(plane, radius, sigma, angle):
    """One half of a Gaussian along a direction, each tap a shift of whole pixels by the nearest border pixel."""
    width = 2 * radius + 1
    taps = np.exp(-np.arange(width) ** 2 / (2 * sigma**2))
    taps /= taps.sum()
    radians = angle * math.pi / 180  # in this order: a tap that falls between two pixels is decided by the last bit
    down, right = width * math.sin(radians), width * math.cos(radians)
    length = math.hypot(down, right)
    out = np.zeros(plane.shape)
    for i, tap in enumerate(taps):
        dy, dx = -math.ceil(i * down / length - 0.5), -math.ceil(i * right / length - 0.5)
        if abs(dy) >= plane.shape[0] or abs(dx) >= plane.shape[1]:
            break
        shift = (dy, dx) + (0,) * (plane.ndim - 2)
        out += tap * scipy.ndimage.shift(plane.astype(float), shift, order=0, mode="nearest")
    return out


def affine(image, matrix):
    """Pillow's own transform. `matrix` is the 2 x 2 map from result to source, about the centre of the image."""
    height, width = image.shape[:2]
    centre = np.array([width / 2, height / 2])
    offset = centre - matrix @ centre
    data = (matrix[0, 0], matrix[0, 1], offset[0], matrix[1, 0], matrix[1, 1], offset[1])
    return np.asarray(Image.fromarray(image).transform((width, height), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR))


def tilt(image, degrees):
    """OpenCV's matrices as published; read by scipy, for OpenCV rounds places to a 32nd of a pixel."""
    h, w = image.shape[:2]
    a = math.radians(degrees)
    f = math.hypot(w, h)
    p1 = np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1], [0, 0, 1]])
    rx = np.array([[1, 0, 0, 0], [0, math.cos(a), -math.sin(a), 0], [0, math.sin(a), math.cos(a), 0], [0, 0, 0, 1]])
    ry = np.array([[math.cos(a), 0, -math.sin(a), 0], [0, 1, 0, 0], [math.sin(a), 0, math.cos(a), 0], [0, 0, 0, 1]])
    t = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, f], [0, 0, 0, 1]])
    p2 = np.array([[f, 0, w / 2, 0], [0, f, h / 2, 0], [0, 0, 1, 0]])
    forward = p2 @ t @ rx @ ry @ p1
    y, x = np.mgrid[:h, :w]
    u, v, depth = np.linalg.inv(forward) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    u, v = u / depth, v / depth
    inside = (u >= -0.5) & (v >= -0.5) & (u < w - 0.5) & (v < h - 0.5)
    channels = [scipy.ndimage.map_coordinates(image[..., c].astype(float), (v, u), order=1, mode="nearest") * inside for c in range(3)]
    by_opencv = cv2.warpPerspective(image, forward, (w, h))
    return np.uint8(np.stack(channels, -1).reshape(image.shape) + 1e-9), by_opencv


def snow(image, p, draws):
    height, width = image.shape[:2]
    layer = p["mean"] + p["deviation"] * draws.reshape(height, width)
    rows, columns = math.ceil(height / p["zoom"]), math.ceil(width / p["zoom"])
    top, left = (height - rows) // 2, (width - columns) // 2
    layer = scipy.ndimage.zoom(layer[top : top + rows, left : left + columns], p["zoom"], order=1)
    layer[layer < p["threshold"]] = 0
    layer = np.clip(layer, 0, 1)
    x = image / 255.0
    gray = cv2.cvtColor(np.float32(x), cv2.COLOR_RGB2GRAY)[..., None]
    frames = []
    for i in range(p["frames"]):
        fallen = np.round(motion(layer, p["radius"], p["sigma"], p["from"] + i * p["step"]) * 255) / 255
        fallen = fallen[:height, :width, None]
        z = p["keep"] * x + (1 - p["keep"]) * np.maximum(x, gray * 1.5 + 0.5)
        frames.append(byte(z + fallen + np.rot90(fallen, k=2)))
    return frames


def brightness(image, amount):
    hsv = skimage.color.rgb2hsv(image / 255.0)
    hsv[..., 2] = np.clip(hsv[..., 2] + amount, 0, 1)
    return byte(skimage.color.hsv2rgb(hsv))


def spatter(image, p, draws, run):
    x = np.float32(image) / 255
    layer = skimage.filters.gaussian(p["mean"] + p["deviation"] * draws.reshape(image.shape[:2]), sigma=p["blur"], mode="nearest")
    layer[layer < p["threshold"]] = 0
    frames = []
    for _ in range(p["frames"]):
        liquid = (layer * 255).astype(np.uint8)
        relief = cv2.distanceTransform(255 - cv2.Canny(liquid, 50, 150), cv2.DIST_L2, 5)
        relief = cv2.threshold(relief, 20, 20, cv2.THRESH_TRUNC)[1]
        relief = cv2.equalizeHist(cv2.blur(relief, (3, 3)).astype(np.uint8))
        relief = cv2.filter2D(relief, cv2.CV_8U, np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]))
        light = liquid * cv2.blur(relief, (3, 3)).astype(np.float32)
        light = light / max(light.max(), 1e-9) * p["intensity"]
        frames.append(byte(x + light[..., None] * np.array([175, 238, 238]) / 255))
        layer = np.apply_along_axis(lambda column: np.convolve(column, run, mode="same"), 0, layer)
    return frames


def frames_of(name, image, p, draws, run):
    steps = [p.get("from", 0) + i * p["step"] for i in range(p["frames"])] if "step" in p else []
    turn = lambda degrees: np.array([[math.cos(math.radians(degrees)), math.sin(math.radians(degrees))], [-math.sin(math.radians(degrees)), math.cos(math.radians(degrees))]])
    if name in ("gaussian_noise", "shot_noise", "speckle_noise"):
        return noise(image, p, draws, name.split("_")[0])
    if name == "motion_blur":
        return [np.uint8(np.clip(motion(image, p["radius"], p["sigma"], angle), 0, 255)) for angle in steps]
    if name == "zoom_blur":
        enlarged = [image] + [affine(image, np.eye(2) / (1 + p["step"] * i)) for i in range(1, p["frames"])]
        sums = np.cumsum(np.int64(enlarged), axis=0)
        return [np.uint8(sums[i] // (i + 1)) for i in range(p["frames"])]
    if name == "snow":
        return snow(image, p, draws)
    if name == "brightness":
        return [brightness(image, amount) for amount in steps]
    if name == "translate":
        return [np.uint8(scipy.ndimage.shift(image, (0, pixels, 0), order=0, cval=0)) for pixels in steps]
    if name == "rotate":
        return [affine(image, turn(degrees)) for degrees in steps]
    if name == "scale":
        return [affine(image, np.eye(2) / factor) for factor in steps]
    if name == "shear":
        return [affine(image, np.array([[1, math.tan(math.radians(degrees))], [0, 1]])) for degrees in steps]
    if name == "gaussian_blur":
        return [byte(skimage.filters.gaussian(image / 255.0, sigma=sigma, truncate=p["truncate"], mode="nearest", channel_axis=-1)) for sigma in steps]
    if name == "spatter":
        return spatter(image, p, draws, run)
    raise ValueError(name)


value, arrays = exchange.read()
results, far = [], []
for case in value:
    image, draws = arrays[case["image"]], arrays[case["values"]]
    p = case["parameters"]
    if case["name"] == "tilt":
        both = [tilt(image, p["from"] + i * p["step"]) for i in range(p["frames"])]
        frames = [frame for frame, _ in both]
        # Away from the border the two readings are of the same places, but for OpenCV's rounding of them.
        far.append(float(np.mean([np.abs(a[8:-8, 8:-8].astype(int) - b[8:-8, 8:-8]) for a, b in both])))
    else:
        frames = frames_of(case["name"], image, p, draws, case["run"])
    results.append(np.stack(frames))
exchange.write({"tiltAgainstOpenCV": far}, results)
