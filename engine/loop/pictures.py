"""Pictures of a run on disk: PNG with the graph inside, contact sheet, thumbnails."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from ..files import write_atomically
from .repaired_tile import Shares, box_of, draw_frame, draw_outline, inset_before
from .run import RepairedRegion

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_COLOUR = {1: 0, 3: 2, 4: 6}
PNG_UP = 2
"""The row filter: each row less the one above."""
PNG_CHANNELS = {0: 1, 2: 3, 6: 4}
TILE = 256
CAPTION = 22
LONGEST_CAPTION = 34
"""Letters that a tile has room for."""
BEFORE_SIDE = 1024
"""Longer side in pixels of the picture from which a part is shown as it was before its repair."""
TILES_A_SHEET = 240
"""40 rows: a JPEG may be 65,535 pixels high, and viewers and memory end long before."""
PIXELS_AT_ONCE = 40_000_000
"""A larger picture of a run is not unpacked whole to be shown small. Pillow refuses from 179 million pixels on."""
LONGEST_SIDE = 65_535
BYTES_AT_ONCE = 1 << 20

LOG = logging.getLogger(__name__)


def save_png(image: torch.Tensor, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write IMAGE [H,W,C] (float 0..1, C 1, 3 or 4) as 8-bit PNG, its colours to the pixel what SaveImage writes.
    Values that are not numbers become black.

    metadata: each entry becomes a text chunk of JSON, as ComfyUI's SaveImage writes `prompt` and `workflow`.
    Raises OSError.
    """
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    png = png_chunks(eight_bits(image), texts)
    write_atomically(path, lambda stream: stream.writelines(png))


def png_chunks(pixels: np.ndarray, texts: Mapping[str, str]) -> list[bytes]:
    """A PNG file in pieces. pixels: uint8 [H,W,C], C 1, 3 or 4. texts: ASCII; unfit keys are left out.

    Written here because Pillow tries five filters for each row: 77 / 311 / 1243 ms at 1024 / 2048 / 4096 pixels square
    on a photo-like picture, against 24 / 97 / 406 for one filter and zlib with run-length matching, at the same size.
    """
    height, width, channels = pixels.shape
    rows = pixels.reshape(height, width * channels)
    filtered = np.empty((height, width * channels + 1), np.uint8)
    filtered[:, 0] = PNG_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    deflate = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    data = deflate.compress(filtered) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, PNG_COLOUR[channels], 0, 0, 0)
    fit = {key: text for key, text in texts.items() if key.isascii() and key.isprintable() and 0 < len(key) < 80}
    return [
        PNG_SIGNATURE,
        png_chunk(b"IHDR", header),
        *(png_chunk(b"tEXt", key.encode() + b"\0" + text.encode("ascii")) for key, text in fit.items()),
        png_chunk(b"IDAT", data),
        png_chunk(b"IEND", b""),
    ]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return b"".join([struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))])


@torch.inference_mode()
def eight_bits(image: torch.Tensor) -> np.ndarray:
    """IMAGE (float 0..1) as it is saved: uint8 of the same shape."""
    clean = image.detach().cpu().float()
    low, high = clean.aminmax()
    if not (low >= 0 and high <= 1):
        clean = torch.nan_to_num(clean, nan=0.0, posinf=0.0, neginf=0.0).clamp_(0, 1)
    # Cut off, not rounded, as ComfyUI and its packs do it: a picture that a worker has sent in 8 bits stays as it is,
    # and the same render alone gives the same file (docs/design-notes.md, 22.7).
    levels = clean.mul(255)
    if levels.shape[-1] == 4:  # opacity goes through masks, and 1 - (1 - a) may be a hair below a
        levels[..., 3].round_()
    return levels.to(torch.uint8).numpy()


def contact_sheet_names(tiles: int) -> list[str]:
    """File names of the sheets that so many pictures take."""
    sheets = -(-tiles // TILES_A_SHEET)
    return [f"contact_sheet{f'_{number}' if number > 1 else ''}.jpg" for number in range(1, sheets + 1)]


class TileRepair(NamedTuple):
    """region: what a repair was allowed to change, None where that is not known; changed: the box of what it changed,
    as shares of width and height. before: the picture that it was made from."""

    region: RepairedRegion | None
    changed: Shares | None
    before: Path | None = None


class SheetTile(NamedTuple):
    """A picture of a contact sheet. repair: of a repaired one. strip: of a clip, its judged frames side by side."""

    file: Path
    caption: str
    is_best: bool
    repair: TileRepair | None = None
    strip: Path | None = None


def save_contact_sheets(tiles: Sequence[SheetTile], folder: Path) -> None:
    """All iterations in small, what was repaired outlined, with that part as it was before. Missing files are left out.

    A picture that cannot be read keeps an empty tile. Raises OSError.
    """
    tiles = [t for t in tiles if t[0].is_file()]
    for number, name in enumerate(contact_sheet_names(len(tiles))):
        shown = tiles[number * TILES_A_SHEET : (number + 1) * TILES_A_SHEET]
        sheet = _contact_sheet(shown)
        write_atomically(folder / name, lambda stream, sheet=sheet: sheet.save(stream, "JPEG", quality=88))


def _contact_sheet(tiles: Sequence[SheetTile]) -> Image.Image:
    columns = min(len(tiles), 6)
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * TILE, rows * (TILE + CAPTION)), "#202020")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for position, (file, caption, is_best, repair, strip) in enumerate(tiles):
        left, top = position % columns * TILE, position // columns * (TILE + CAPTION)
        try:
            picture = read_small(file, TILE - 8) if strip is None else _with_strip(file, strip, TILE - 8)
        except (OSError, ValueError) as problem:
            LOG.warning("Imitatoes: %s has an empty tile in the contact sheet: %s", file, problem)
        else:
            if repair is not None:
                _draw_repair(picture, repair)
            sheet.paste(picture, (left + (TILE - picture.width) // 2, top + (TILE - picture.height) // 2))
        colour = "#f0c040" if is_best else "#c8c8c8"
        if is_best:
            draw.rectangle((left + 1, top + 1, left + TILE - 2, top + TILE + CAPTION - 2), outline=colour, width=2)
        draw.text((left + 8, top + TILE), caption, fill=colour, font=font)
    return sheet


def _with_strip(file: Path, strip: Path, side: int) -> Image.Image:
    """The middle frame of a clip above all its judged frames in small. Raises OSError, ValueError."""
    with Image.open(strip) as frames:
        frames.thumbnail((side, side))
        row = frames.convert("RGB")
    middle = read_small(file, side)
    middle.thumbnail((side, side - row.height - 4))
    joined = Image.new("RGB", (side, middle.height + 4 + row.height), "#202020")
    joined.paste(middle, ((side - middle.width) // 2, 0))
    joined.paste(row, ((side - row.width) // 2, middle.height + 4))
    return joined


def _draw_repair(picture: Image.Image, repair: TileRepair) -> None:
    """The outline of what was painted anew, and how that part was before. What cannot be read is left out."""
    box = (box_of(repair.region) if repair.region is not None else None) or repair.changed
    if repair.region is not None:
        draw_outline(picture, repair.region)
    elif repair.changed is not None:
        draw_frame(picture, repair.changed)
    if repair.before is None or box is None:
        return
    try:
        inset_before(picture, read_small(repair.before, BEFORE_SIDE), box)
    except (OSError, ValueError) as problem:
        LOG.warning("Imitatoes: %s is not shown beside its repair: %s", repair.before, problem)


def read_small(path: Path, side: int) -> Image.Image:
    """A picture as RGB, its longest side at most `side` pixels.

    Of one beyond PIXELS_AT_ONCE single pixels are taken while it is unpacked, so that it is never whole in memory.
    Raises OSError, ValueError for what is damaged or too large.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(33)
            if head[:8] == PNG_SIGNATURE and len(head) == 33:
                width, height, depth, colour, *_, interlaced = struct.unpack(">IIBBBBB", head[16:29])
                if width * height > PIXELS_AT_ONCE and (depth, interlaced) == (8, 0) and colour in PNG_CHANNELS:
                    return _sampled(stream, width, height, PNG_CHANNELS[colour], side)
        with Image.open(path) as picture:
            picture.thumbnail((side, side))
            return picture.convert("RGB")
    except Image.DecompressionBombError as problem:
        raise ValueError(f"{path.name} is larger than what is read at once, and not written by this pack.") from problem
    except (SyntaxError, struct.error, zlib.error, EOFError, MemoryError) as problem:
        raise ValueError(f"{path.name} is damaged: {problem}") from problem


def _sampled(stream: BinaryIO, width: int, height: int, channels: int, side: int) -> Image.Image:
    """Every n-th pixel of a PNG as png_chunks writes it; stream: behind its header. Raises ValueError for another."""
    step = max(1, -(-max(width, height) // side))
    row_bytes = width * channels + 1
    if width > LONGEST_SIDE or height > LONGEST_SIDE:
        raise ValueError(f"sides of {width} x {height} are beyond what is read")
    above, kept, waiting = np.zeros(row_bytes - 1, np.uint8), [], bytearray()
    row = 0
    for piece in _unpacked(stream):
        waiting += piece
        whole = len(waiting) // row_bytes
        lines = np.frombuffer(bytes(waiting[: whole * row_bytes]), np.uint8).reshape(whole, row_bytes)
        del waiting[: whole * row_bytes]
        for line in lines[: height - row]:
            if line[0] != PNG_UP:
                raise ValueError("a row is packed in another way than this pack does")
            above = above + line[1:]
            if row % step == 0:
                kept.append(above.reshape(width, channels)[::step])
            row += 1
    if row < height:
        raise ValueError(f"it ends after {row} of {height} rows")
    pixels = np.stack(kept)
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels).convert("RGB")


def _unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a PNG's picture data, a little at a time."""
    inflate = zlib.decompressobj()
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        if kind != b"IDAT":
            stream.seek(length + 4, 1)
            continue
        while length:
            packed = stream.read(min(length, BYTES_AT_ONCE))
            if not packed:
                return
            length -= len(packed)
            while packed:
                yield inflate.decompress(packed, BYTES_AT_ONCE)
                packed = inflate.unconsumed_tail
        stream.seek(4, 1)


SIDE = 256
"""Longest side in pixels: sharp at 128 CSS pixels on a screen of double density."""
QUALITY = 80
DEFAULT_KEPT = 1000


THUMBNAILS_AT_ONCE = 2
"""Making more at a time would only take processors from the render."""


class Thumbnails:
    """A cache of JPEG files in one folder. kept: at most so many; the least lately made ones go first, 0 keeps none.

    root may be emptied at any time: what is missing is made again.
    """

    def __init__(self, root: Path, kept: int = DEFAULT_KEPT) -> None:
        self.root, self.kept = root, kept
        self._making = asyncio.Semaphore(THUMBNAILS_AT_ONCE)

    async def make(self, picture: Path, run_id: str) -> bytes:
        """As `of`, from threads, a few at a time."""
        async with self._making:
            return await asyncio.to_thread(self.of, picture, run_id)

    def of(self, picture: Path, run_id: str) -> bytes:
        """The thumbnail of a picture of a run, as JPEG. Blocks: call it from a thread. Raises OSError, ValueError.

        A picture that was written anew, as a resumed render does, gets a new thumbnail.
        """
        changed = picture.stat().st_mtime_ns
        path = self.root / f"{run_id}_{picture.stem}_{changed:x}.jpg"
        with contextlib.suppress(OSError):
            return path.read_bytes()
        self.root.mkdir(parents=True, exist_ok=True)
        small = read_small(picture, SIDE)
        write_atomically(path, lambda stream: small.save(stream, "JPEG", quality=QUALITY))
        jpeg = path.read_bytes()
        self._prune()
        return jpeg

    def forget(self, run_id: str) -> None:
        """Remove the thumbnails of a run."""
        for path in self.root.glob(f"{run_id}_*.jpg"):
            path.unlink(missing_ok=True)

    def _prune(self) -> None:
        with contextlib.suppress(OSError):
            files = list(self.root.glob("*.jpg"))
            if len(files) <= self.kept:
                return
            files.sort(key=lambda path: path.stat().st_mtime_ns)
            for path in files[: len(files) - self.kept]:
                path.unlink(missing_ok=True)
