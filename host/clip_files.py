"""Clips as files, by PyAV: their last frame, and two of them as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from ..engine.loop.clip_saving import CannotEncode
from .clip_encoding import SPEED, av_library

QUALITY = "15"
"""libx264's crf of a joined clip: it was encoded once before."""
SOUND_RATE, SOUND_LAYOUT, CHANNELS = 48_000, "stereo", 2
BLOCK = 1024
"""Samples of a frame of AAC."""


class ComfyClipFiles:
    """The engine's port ClipFiles. Every method blocks and raises CannotEncode, OSError."""

    def last_frame(self, clip: Path) -> Image.Image:
        """The last picture of a clip."""
        with _opened(clip) as container:
            last = None
            for frame in container.decode(video=0):
                last = frame
            if last is None:
                raise CannotEncode(f"{clip.name} holds no frame.")
            return last.to_image()

    def join(self, first: Path, second: Path, to: BinaryIO) -> None:
        """Both as one MP4: the second without its first frame, which is the last one of the first; sound laid under,
        silence where one has none. At the rate of the first, which the second must share, as the size."""
        av = av_library()
        with _opened(first) as one, _opened(second) as other:
            a, b = one.streams.video[0], other.streams.video[0]
            if (a.width, a.height) != (b.width, b.height) or a.average_rate != b.average_rate:
                raise CannotEncode(
                    f"The clips differ: {a.width} x {a.height} at {float(a.average_rate):g} frames a second, and "
                    f"{b.width} x {b.height} at {float(b.average_rate):g}. Render both alike to have them joined."
                )
            rate, sounds = a.average_rate, bool(one.streams.audio or other.streams.audio)
            with av.open(to, mode="w", format="mp4") as joined:
                video = joined.add_stream("libx264", rate=rate)
                video.width, video.height, video.pix_fmt = a.width, a.height, "yuv420p"
                video.options = {"crf": QUALITY, "preset": SPEED}
                audio = joined.add_stream("aac", rate=SOUND_RATE, layout=SOUND_LAYOUT) if sounds else None
                counts = []
                for container, skip in ((one, 0), (other, 1)):
                    count = 0
                    for number, frame in enumerate(container.decode(video=0)):
                        if number >= skip:
                            fresh = av.VideoFrame.from_ndarray(frame.to_ndarray(format="yuv420p"), format="yuv420p")
                            joined.mux(video.encode(fresh))
                            count += 1
                    counts.append(count)
                joined.mux(video.encode())
                if audio is not None:
                    lengths = [round(count / rate * SOUND_RATE) for count in counts]
                    skipped = round(1 / rate * SOUND_RATE)
                    parts = [_sound(first, 0, lengths[0]), _sound(second, skipped, lengths[1])]
                    for packet in _encoded(av, audio, np.concatenate(parts, axis=1)):
                        joined.mux(packet)


def _sound(clip: Path, skip: int, length: int) -> np.ndarray:
    """float32 [2, length] of a clip's sound from sample `skip` on; silence where it has none, and behind its end."""
    av = av_library()
    with _opened(clip) as container:
        pieces = []
        if container.streams.audio:
            resampler = av.AudioResampler(format="fltp", layout=SOUND_LAYOUT, rate=SOUND_RATE)
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
    av = av_library()
    try:
        with av.open(str(clip)) as container:
            if not container.streams.video:
                raise CannotEncode(f"{clip.name} holds no video.")
            yield container
    except (av.FFmpegError, ValueError) as problem:
        raise CannotEncode(f"{clip.name} cannot be read: {problem}") from problem
