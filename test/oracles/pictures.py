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


value, arrays = exchange.read()
decoded = [upright_rgb(array.tobytes()) for array in arrays]
if value:
    decoded = [fit(pixels, value["height"], value["width"], value["fit"]) for pixels in decoded]
exchange.write(None, decoded)
