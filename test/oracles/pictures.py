"""Pictures as Pillow sees them: the pixels that a file is decoded to, and what scaling makes of them."""
import io

import exchange
import numpy as np
from PIL import Image, ImageOps


def upright_rgb(data):
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if picture.mode.startswith("I;16"):
        return np.repeat((np.array(picture) >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        picture = Image.alpha_composite(black, picture)
    return np.array(picture.convert("RGB"))


def fit(pixels, height, width, how):
    picture = Image.fromarray(pixels)
    across, down = width / picture.width, height / picture.height
    if how == "stretch":
        return np.array(picture.resize((width, height), Image.LANCZOS))
    scale = max(across, down) if how == "crop" else min(across, down)
    scaled = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.LANCZOS)
    if how == "crop":
        left, top = (scaled.width - width + 1) // 2, (scaled.height - height + 1) // 2
        return np.array(scaled.crop((left, top, left + width, top + height)))
    sheet = Image.new("RGB", (width, height))
    sheet.paste(scaled, ((width - scaled.width) // 2, (height - scaled.height) // 2))
    return np.array(sheet)


def written(pixels):
    """One picture in the modes that people save: what our decoder must read."""
    picture = Image.fromarray(pixels)
    gray = picture.convert("L")
    alpha = Image.fromarray(np.tile(np.arange(pixels.shape[1], dtype=np.uint8) * 6, (pixels.shape[0], 1)))
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 256 + 77)
    palette = picture.quantize(16)
    saves = {
        "gray": (gray, "PNG", {}), "gray jpeg": (gray, "JPEG", {"quality": 90}), "one bit": (gray.convert("1"), "PNG", {}),
        "gray of 16 bits": (deep, "PNG", {}), "palette": (palette, "PNG", {}), "palette with a clear colour": (palette, "PNG", {"transparency": 3}),
        "gif": (palette, "GIF", {}), "gray and alpha": (Image.merge("LA", [gray, alpha]), "PNG", {}), "alpha": (Image.merge("RGBA", [*picture.split(), alpha]), "PNG", {}),
        "webp with alpha": (Image.merge("RGBA", [*picture.split(), alpha]), "WEBP", {"lossless": True, "exact": True}),
        "cmyk": (picture.convert("CMYK"), "JPEG", {"quality": 95, "subsampling": 0}),
    }
    files = {}
    for name, (image, kind, options) in saves.items():
        out = io.BytesIO()
        image.save(out, kind, **options)
        files[name] = np.frombuffer(out.getvalue(), np.uint8)
    return files


value, arrays = exchange.read()
if value == "write":
    files = written(arrays[0])
    exchange.write(list(files), list(files.values()))
    raise SystemExit
decoded = [upright_rgb(array.tobytes()) for array in arrays]
if value:
    decoded = [fit(pixels, value["height"], value["width"], value["fit"]) for pixels in decoded]
exchange.write(None, decoded)
