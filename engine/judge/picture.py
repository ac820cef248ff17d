"""Pictures on their way to the judge: from tensor to small JPEG, and fingerprints that recognise a repetition."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from PIL import Image

LONG_SIDE = 1024
"""Pixels. About 1000 to 1400 vision tokens, which fits a context of 8192 twice over (docs/design-notes.md, 2.17)."""
MAX_BYTES = 600_000
QUALITIES = (85, 75, 65, 50, 35)
SHRINK = 0.8
MAX_BITS_APART = 4
"""dHash bits. JPEG, noise and slight blur move 0 to 1, unrelated pictures about 30 (docs/design-notes.md, 6.2)."""
MAX_CELL_APART = 12
"""Levels of 255, the largest difference of any thumbnail cell. Measured: JPEG 85 moves a cell by up to 9 levels at 384
pixels and 4 at 1024, noise of 1/255 by 1. An object of 6 % of the width is nearly two cells wide, so wherever it lies
it fills one of them almost completely and moves it by its whole contrast."""
CLEAR_STEP = 1.7
"""Levels of 255. Neighbours closer than this count as equal in the dHash, or noise would decide on flat areas."""
HASH_ROWS, HASH_COLUMNS, THUMBNAIL_SIDE = 8, 9, 32
COARSE_SIDE = 256


@dataclass(frozen=True)
class Encoded:
    """A JPEG for the judge. width, height: pixels. scale: encoded by original long side, at most 1. quality: 1..95."""

    jpeg: bytes
    width: int
    height: int
    scale: float
    quality: int


@dataclass(frozen=True)
class Fingerprint:
    """dhash: 64 bits, unsigned. thumbnail: 32 x 32 x 3 bytes, RGB, rows from the top."""

    dhash: int
    thumbnail: bytes

    def to_text(self) -> str:
        """Base64 of 8 + 3072 bytes, for the journal."""
        return base64.b64encode(self.dhash.to_bytes(8, "big") + self.thumbnail).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> Fingerprint:
        """Raises ValueError when the text is not a fingerprint."""
        raw = base64.b64decode(text, validate=True)
        if len(raw) != 8 + THUMBNAIL_SIDE * THUMBNAIL_SIDE * 3:
            raise ValueError(f"A fingerprint has 3080 bytes, this text holds {len(raw)}.")
        return cls(int.from_bytes(raw[:8], "big"), raw[8:])


class Picture:
    """IMAGE [H,W,C] (float 0..1; C 1, 3 or 4, the fourth being opacity) and what is derived from it, each made once.

    Gate, fingerprint and JPEG all begin with the same reduction; of a large picture that is most of the work.
    The properties raise ValueError for any other shape.
    """

    def __init__(self, image: torch.Tensor) -> None:
        self.image = image

    @classmethod
    def of(cls, image: torch.Tensor | Picture) -> Picture:
        return image if isinstance(image, Picture) else cls(image)

    @cached_property
    @torch.inference_mode()
    def finite(self) -> bool:
        """Whether all values are numbers."""
        # One sum instead of a test of each value: 6 ms against 250 ms at 4096 x 4096. No sane picture overflows it.
        return bool(torch.isfinite(self.image.detach().sum(dtype=torch.float32)))

    @cached_property
    @torch.inference_mode()
    def reduced(self) -> torch.Tensor:
        """[h,w,3], long side at most 1024 (never enlarged), transparency over white, values that are no numbers 0."""
        full = rgb(self.image)
        scale = min(1.0, LONG_SIDE / max(full.shape[:2]))
        return resize(full, max(1, round(full.shape[0] * scale)), max(1, round(full.shape[1] * scale)))

    @cached_property
    @torch.inference_mode()
    def coarse(self) -> torch.Tensor:
        """[256,256,3], whatever the proportions were."""
        return resize(self.reduced, COARSE_SIDE, COARSE_SIDE, enlarge=True)

    @cached_property
    @torch.inference_mode()
    def encoded(self) -> Encoded:
        """The JPEG for the judge, at most 600,000 bytes."""
        return encode_within(self.reduced, max(self.image.shape[:2]), MAX_BYTES)

    @cached_property
    @torch.inference_mode()
    def fingerprint(self) -> Fingerprint:
        small = self.coarse * 255
        thumbnail = resize(small, THUMBNAIL_SIDE, THUMBNAIL_SIDE).round_().to(torch.uint8)
        grey = resize(small, HASH_ROWS, HASH_COLUMNS) @ torch.tensor([0.299, 0.587, 0.114])
        bits = (grey[:, 1:] - grey[:, :-1] > CLEAR_STEP).flatten().tolist()
        return Fingerprint(int("".join("1" if bit else "0" for bit in bits), 2), thumbnail.numpy().tobytes())


def encode_jpeg(image: torch.Tensor | Picture) -> Encoded:
    """The JPEG of IMAGE [H,W,C] for the judge, see Picture."""
    return Picture.of(image).encoded


def fingerprint(image: torch.Tensor | Picture) -> Fingerprint:
    """The fingerprint of IMAGE [H,W,C], see Picture."""
    return Picture.of(image).fingerprint


def near_duplicate(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether two pictures are the same but for compression or faint noise. Another colour or one more thing is not."""
    if (a.dhash ^ b.dhash).bit_count() > MAX_BITS_APART:
        return False
    one = np.frombuffer(a.thumbnail, np.uint8).astype(np.int16)
    other = np.frombuffer(b.thumbnail, np.uint8).astype(np.int16)
    return bool(np.abs(one - other).max() <= MAX_CELL_APART)


def rgb(image: torch.Tensor) -> torch.Tensor:
    """[H,W,3] float32 on the CPU, all values finite and within 0..1, transparency over white. Raises ValueError."""
    if image.ndim != 3 or image.shape[-1] not in (1, 3, 4) or 0 in image.shape:
        raise ValueError(f"A picture has the shape [height, width, 1, 3 or 4], not {list(image.shape)}.")
    clean = image.detach().cpu().float()
    low, high = clean.aminmax()
    if not (low >= 0 and high <= 1):
        clean = clean.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).clamp_(0, 1)
    if clean.shape[-1] == 4:
        # Black less white, scaled, plus white: the picture is read and written only once more.
        return (clean[..., :3] - 1).mul_(clean[..., 3:]).add_(1)
    return clean.expand(-1, -1, 3)


def resize(picture: torch.Tensor, height: int, width: int, enlarge: bool = False) -> torch.Tensor:
    """[H,W,3] float to [height,width,3] with every source pixel counted. `enlarge`: otherwise no side grows."""
    if not enlarge:
        height, width = min(height, picture.shape[0]), min(width, picture.shape[1])
    if (height, width) == tuple(picture.shape[:2]):
        return picture
    planes = picture.permute(2, 0, 1)[None]
    # A permuted view on purpose: a contiguous copy of a 4096 x 4096 picture costs as much as the resize itself.
    scaled = torch.nn.functional.interpolate(planes, size=(height, width), mode="bilinear", antialias=True)
    return scaled[0].permute(1, 2, 0)


def levels(picture: torch.Tensor) -> np.ndarray:
    """uint8 of [H,W,3], float 0..1."""
    return picture.mul(255).round_().clamp_(0, 255).to(torch.uint8).contiguous().numpy()


def encode_within(picture: torch.Tensor, original_side: int, limit: int) -> Encoded:
    """The JPEG of [H,W,3] in at most `limit` bytes: quality goes down first, the size only when the lowest quality is
    still too much. original_side: longest side in pixels of what it was made from."""
    height, width = picture.shape[:2]
    scale = 1.0
    while True:
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        pixels = levels(resize(picture, rows, columns))
        for quality in QUALITIES:
            jpeg = _jpeg(pixels, quality)
            if len(jpeg) <= limit or (rows, columns, quality) == (1, 1, QUALITIES[-1]):
                return Encoded(jpeg, columns, rows, max(rows, columns) / original_side, quality)
        scale *= SHRINK


def _jpeg(pixels: np.ndarray, quality: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return stream.getvalue()
