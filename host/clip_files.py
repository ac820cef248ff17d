"""Clips as files: their last frame, and two of them as one.

Read and written by PyAV. Moving WebP, which FFmpeg has no decoder for, is read by Pillow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..engine.loop.clip_saving import MOVING, CannotEncode
from .clip_encoding import SPEED, USUAL_RATE, av_library

QUALITY = "15"
"""libx264's crf of a joined clip: it was encoded once before."""
SOUND_RATE, SOUND_LAYOUT, CHANNELS = 48_000, "stereo", 2
NO_READER = "This ComfyUI has no PyAV, which reads and joins clips. Install it: pip install av."
BLOCK = 1024
"""Samples of a frame of AAC."""


class ComfyClipFiles:
    """The engine's port ClipFiles. Every method blocks and raises CannotEncode, OSError."""

    def last_frames(self, clip: Path, count: int) -> list[Image.Image]:
        """So many last pictures of a clip, in order; the last one alone of a clip that has no more."""
        with _read(clip) as shown:
            kept = deque(shown.frames, maxlen=count + 1)
            if not kept:
                raise CannotEncode(f"{clip.name} holds no frame.")
            last = list(kept)[-count:] if len(kept) > count else [kept[-1]]
            return [one if isinstance(one, Image.Image) else one.to_image() for one in last]

    def join(self, first: Path, second: Path, to: BinaryIO, shared: int = 1) -> None:
        """Both as one MP4: the second without its first `shared` frames, which are the last ones of the first; sound
        laid under, silence where one has none. At the rate of the first, which the second must share, as the size."""
        av = av_library(NO_READER)
        with _read(first) as one, _read(second) as other:
            if (one.width, one.height, one.rate) != (other.width, other.height, other.rate):
                raise CannotEncode(f"The clips differ: {one} and {other}. Render both alike to have them joined.")
            with av.open(to, mode="w", format="mp4") as joined:
                video = joined.add_stream("libx264", rate=one.rate)
                video.width, video.height, video.pix_fmt = (*_even(one.width, one.height), "yuv420p")
                video.options = {"crf": QUALITY, "preset": SPEED}
                sounds = one.has_sound or other.has_sound
                audio = joined.add_stream("aac", rate=SOUND_RATE, layout=SOUND_LAYOUT) if sounds else None
                counts = []
                for clip, skip in ((one, 0), (other, shared)):
                    count = 0
                    for frame in islice(clip.frames, skip, None):
                        joined.mux(video.encode(_fresh(av, frame)))
                        count += 1
                    counts.append(count)
                joined.mux(video.encode())
                if audio is not None:
                    lengths = [round(count / one.rate * SOUND_RATE) for count in counts]
                    skipped = round(shared / one.rate * SOUND_RATE)
                    parts = [_sound(one, first, 0, lengths[0]), _sound(other, second, skipped, lengths[1])]
                    for packet in _encoded(av, audio, np.concatenate(parts, axis=1)):
                        joined.mux(packet)


@dataclass(frozen=True)
class _Shown:
    """A clip that is open. Sides in pixels, rate in frames a second. frames: once, in order, of PyAV or Pillow."""

    width: int
    height: int
    rate: Fraction
    has_sound: bool
    frames: Iterator[Any]

    def __str__(self) -> str:
        return f"{self.width} x {self.height} at {float(self.rate):g} frames a second"


@contextmanager
def _read(clip: Path) -> Iterator[_Shown]:
    """A clip to read. Raises CannotEncode in words for a broken one."""
    if clip.suffix.lower() in MOVING:
        try:
            with Image.open(clip) as picture:
                yield _Shown(*picture.size, _rate_of(picture), False, _pictures(picture))
        except UnidentifiedImageError as problem:
            raise CannotEncode(f"{clip.name} cannot be read: {problem}") from problem
        return
    with _opened(clip) as container:
        video = container.streams.video[0]
        sound = bool(container.streams.audio)
        yield _Shown(video.width, video.height, video.average_rate, sound, container.decode(video=0))


def _rate_of(picture: Image.Image) -> Fraction:
    """Of a moving WebP or GIF, which holds milliseconds for each frame."""
    picture.load()
    milliseconds = picture.info.get("duration") or 1000 / USUAL_RATE
    return Fraction(round(1000 / milliseconds * 1000), 1000)


def _pictures(picture: Image.Image) -> Iterator[Image.Image]:
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        yield picture.convert("RGB")


def _even(width: int, height: int) -> tuple[int, int]:
    """H.264 has half as many colours as rows and columns: an odd one is left out."""
    return width - width % 2, height - height % 2


def _fresh(av: Any, frame: Any) -> Any:
    """The frame without the times of its clip; where it can be in the colours of the file, so that nothing is lost."""
    if isinstance(frame, Image.Image):
        pixels = np.asarray(frame)
    elif _even(frame.width, frame.height) == (frame.width, frame.height):
        return av.VideoFrame.from_ndarray(frame.to_ndarray(format="yuv420p"), format="yuv420p")
    else:
        pixels = frame.to_ndarray(format="rgb24")
    width, height = _even(pixels.shape[1], pixels.shape[0])
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:height, :width]), format="rgb24")


def _sound(shown: _Shown, clip: Path, skip: int, length: int) -> np.ndarray:
    """float32 [2, length] of a clip's sound from sample `skip` on; silence where it has none, and behind its end."""
    pieces = []
    if shown.has_sound:
        with _opened(clip) as container:
            resampler = av_library(NO_READER).AudioResampler(format="fltp", layout=SOUND_LAYOUT, rate=SOUND_RATE)
            for frame in container.decode(audio=0):
                pieces += [one.to_ndarray() for one in resampler.resample(frame)]
            pieces += [one.to_ndarray() for one in resampler.resample(None)]
    samples = np.concatenate(pieces, axis=1) if pieces else np.zeros((CHANNELS, 0), np.float32)
    samples = samples[:, skip : skip + length]
    return np.pad(samples, ((0, 0), (0, length - samples.shape[1]))).astype(np.float32)


def _encoded(av: Any, audio: Any, samples: np.ndarray) -> Iterator[Any]:
    for start in range(0, samples.shape[1], BLOCK):
        block = np.ascontiguousarray(samples[:, start : start + BLOCK])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=SOUND_LAYOUT)
        frame.sample_rate, frame.pts = SOUND_RATE, start
        yield from audio.encode(frame)
    yield from audio.encode()


@contextmanager
def _opened(clip: Path) -> Iterator[Any]:
    """A clip to read. Whatever PyAV says of a broken one is told in words."""
    av = av_library(NO_READER)
    try:
        with av.open(str(clip)) as container:
            if not container.streams.video:
                raise CannotEncode(f"{clip.name} holds no video.")
            yield container
    except (av.FFmpegError, ValueError) as problem:
        raise CannotEncode(f"{clip.name} cannot be read: {problem}") from problem
