"""Pictures of a run on disk: lossless PNG with the graph that made it, and the contact sheet."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from .files import write_atomically

PNG_OPTIONS = {"compress_level": 1, "compress_type": 3}
"""zlib level 1 with run-length matching: on photo-like pictures as small as level 4 in a third of the time."""
TILE = 256
CAPTION = 22


def save_png(image: torch.Tensor, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write IMAGE [H,W,C] (float 0..1, C 1, 3 or 4) as 8-bit PNG. Values that are not numbers become black.

    metadata: each entry becomes a text chunk of JSON, as ComfyUI's SaveImage writes `prompt` and `workflow`.
    Raises OSError.
    """
    pixels = torch.nan_to_num(image.detach().cpu().float()).clamp(0, 1).mul(255).round_().to(torch.uint8).numpy()
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    chunks = PngImagePlugin.PngInfo()
    for key, value in metadata.items():
        chunks.add_text(key, json.dumps(value))
    write_atomically(path, lambda stream: picture.save(stream, "PNG", pnginfo=chunks, **PNG_OPTIONS))


def save_contact_sheet(tiles: Sequence[tuple[Path, str, bool]], path: Path) -> None:
    """One picture of all iterations. tiles: (picture file, caption, is the best). Missing files are left out.

    A picture larger than Pillow dares to open keeps an empty tile. Raises OSError.
    """
    tiles = [t for t in tiles if t[0].is_file()]
    if not tiles:
        return
    columns = min(len(tiles), 6)
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * TILE, rows * (TILE + CAPTION)), "#202020")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for position, (file, caption, is_best) in enumerate(tiles):
        left, top = position % columns * TILE, position // columns * (TILE + CAPTION)
        with contextlib.suppress(Image.DecompressionBombError), Image.open(file) as picture:
            picture.thumbnail((TILE - 8, TILE - 8))
            inset = (left + (TILE - picture.width) // 2, top + (TILE - picture.height) // 2)
            sheet.paste(picture.convert("RGB"), inset)
        colour = "#f0c040" if is_best else "#c8c8c8"
        if is_best:
            draw.rectangle((left + 1, top + 1, left + TILE - 2, top + TILE + CAPTION - 2), outline=colour, width=2)
        draw.text((left + 8, top + TILE), caption, fill=colour, font=font)
    write_atomically(path, lambda stream: sheet.save(stream, "JPEG", quality=88))
