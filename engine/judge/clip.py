"""A clip as one thing to judge: evenly sampled frames, shown in order or on one sheet with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from .batch import sample_batch
from .clip_measures import ClipMotion, measure_motion, moment, motion_faults
from .picture import MAX_BYTES, Encoded, Picture, encode_within, levels, resize, rgb

FEWEST_FRAMES, MOST_FRAMES = 6, 9
"""Of a clip so many frames are judged. Nine numbers have one digit, so that keys of answers sort as they are asked, and
nine frames of FRAME_SIDE fit a context of 8192 tokens beside thirty questions (docs/design-notes.md, 20.1)."""
FRAMES_EACH = 24
"""Beyond FEWEST_FRAMES times so many frames, a clip gets one more for each of them: about one a second."""
FRAME_SIDE = 640
"""Pixels of a frame's long side where several are shown at once: about 220 vision tokens of a wide one."""
SHEET_SIDE = 1536
CAPTION = 22
"""Pixels above each frame of a sheet, where its number stands."""


def sample_frames(count: int) -> tuple[int, ...]:
    """Indices of the frames that are judged, evenly spaced; the first and the last are always among them."""
    most = min(MOST_FRAMES, max(FEWEST_FRAMES, -(-count // FRAMES_EACH)))
    return tuple(sample_batch(count, most))


def sheet_cells(count: int, width: int, height: int) -> list[tuple[int, int]]:
    """Left and top of each frame on the sheet, row by row; each has CAPTION pixels above it."""
    columns = columns_of(count)
    return [(n % columns * width, n // columns * (height + CAPTION) + CAPTION) for n in range(count)]


def columns_of(count: int) -> int:
    """Frames side by side on a sheet of so many."""
    return count if count < 4 else 3


class Clip(Picture):
    """IMAGE [B,H,W,C] (float 0..1; C 1, 3 or 4), its frames in order of time; as a picture, the middle one.

    frames: all of them, or those that are judged. rate: frames a second, 0 where it is not known. places: the number of
    each frame in the whole clip, where frames are only those that are judged. length: frames of the whole clip.
    The properties raise ValueError for any other shape.
    """

    def __init__(
        self, frames: torch.Tensor, rate: float = 0.0, places: Sequence[int] | None = None, length: int | None = None
    ) -> None:
        super().__init__(frames[(len(frames) - 1) // 2])
        self.frames, self.rate = frames, rate
        self.whole = places is None
        shown = sample_frames(len(frames)) if places is None else range(len(frames))
        self.places = tuple(shown if places is None else places)
        self.length = len(frames) if length is None else length
        self.shown = tuple(Picture(frames[index]) for index in shown)

    @property
    def moments(self) -> tuple[str, ...]:
        """When each shown frame is, in words: "1.2 s", or "frame 31" where the rate is not known."""
        return tuple(moment(place, self.rate) for place in self.places)

    @cached_property
    def motion(self) -> ClipMotion | None:
        """What all frames together tell of its motion; None where only some of them are at hand."""
        return measure_motion(self.frames) if self.whole else None

    @property
    def measures(self) -> dict[str, float]:
        """What was measured in all frames, by name; nothing where only some of them are at hand."""
        return {} if self.motion is None else self.motion.measures

    def faults(self, goal: str) -> tuple[str, ...]:
        """What was measured to be wrong with it (see motion_faults); nothing where only some frames are at hand."""
        return () if self.motion is None else motion_faults(self.motion, self.rate, goal)

    @cached_property
    def finite(self) -> bool:
        """Whether all values of the shown frames are numbers."""
        return all(frame.finite for frame in self.shown)

    @cached_property
    @torch.inference_mode()
    def small_frames(self) -> list[torch.Tensor]:
        """[h,w,3] of each shown frame, long side at most FRAME_SIDE."""
        return [_reduced(rgb(frame.image), FRAME_SIDE) for frame in self.shown]

    @cached_property
    def jpegs(self) -> tuple[bytes, ...]:
        """The shown frames for the judge, in order of time, together at most MAX_BYTES."""
        most = MAX_BYTES // len(self.small_frames)
        return tuple(encode_within(small, max(self.image.shape[:2]), most).jpeg for small in self.small_frames)

    @cached_property
    def sheet(self) -> Image.Image:
        """The shown frames on one picture, row by row, each with its number above."""
        height, width = self.small_frames[0].shape[:2]
        count = len(self.small_frames)
        rows = -(-count // columns_of(count))
        sheet = Image.new("RGB", (columns_of(count) * width, rows * (height + CAPTION)), "#000000")
        pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=16)
        for number, (small, (left, top)) in enumerate(
            zip(self.small_frames, sheet_cells(count, width, height), strict=True), 1
        ):
            sheet.paste(_image(small), (left, top))
            pen.text((left + 6, top - CAPTION + 1), f"frame {number}", fill="#ffffff", font=font)
        return sheet

    @cached_property
    def strip(self) -> Image.Image:
        """The shown frames side by side: for the run folder."""
        height, width = self.small_frames[0].shape[:2]
        strip = Image.new("RGB", (width * len(self.small_frames), height))
        for number, small in enumerate(self.small_frames):
            strip.paste(_image(small), (number * width, 0))
        return strip

    @cached_property
    @torch.inference_mode()
    def reduced(self) -> torch.Tensor:
        """[h,w,3], the shown frames without captions, in the rows of the sheet: what a fingerprint is made of."""
        height, width = self.small_frames[0].shape[:2]
        columns = columns_of(len(self.small_frames))
        black = torch.zeros(height, width, 3)
        cells = [*self.small_frames, *[black] * (-len(self.small_frames) % columns)]
        rows = [torch.cat(cells[at : at + columns], dim=1) for at in range(0, len(cells), columns)]
        return torch.cat(rows, dim=0)

    @cached_property
    @torch.inference_mode()
    def encoded(self) -> Encoded:
        """The sheet as JPEG, for a model that takes one picture only."""
        return encode_within(_reduced(_tensor(self.sheet), SHEET_SIDE), max(self.image.shape[:2]), MAX_BYTES)


def clip_of_strip(strip: Image.Image, places: Sequence[int], length: int, rate: float) -> Clip:
    """The shown frames as a run folder has them. Raises ValueError for a strip of another number of frames."""
    width, rest = divmod(strip.width, max(1, len(places)))
    if not places or rest or not width:
        raise ValueError(f"The strip is {strip.width} pixels wide, which is no {len(places)} frames.")
    whole = _tensor(strip.convert("RGB"))
    frames = torch.stack([whole[:, n * width : (n + 1) * width] for n in range(len(places))])
    return Clip(frames, rate, places, length)


def _reduced(full: torch.Tensor, side: int) -> torch.Tensor:
    scale = min(1.0, side / max(full.shape[:2]))
    return resize(full, max(1, round(full.shape[0] * scale)), max(1, round(full.shape[1] * scale)))


def _image(small: torch.Tensor) -> Image.Image:
    return Image.fromarray(levels(small))


def _tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).float().div_(255)
