"""A clip as MP4, by PyAV, which ComfyUI itself requires: for graphs that save no video."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, BinaryIO

import torch

from ..engine.judge.clip import Clip
from ..engine.judge.picture import levels, rgb
from ..engine.loop.clip_saving import CannotEncode

USUAL_RATE = 16
"""Frames a second where the graph says nothing: as Wan's models are trained."""
QUALITY, SPEED = "18", "veryfast"
"""libx264's crf and preset: hardly a loss to be seen, and a quarter of the time of its own default."""
NO_ENCODER = (
    "The clip could not be kept: this ComfyUI has no PyAV (pip install av). Or add a SaveVideo node to the "
    "workflow: its file is kept then."
)


@torch.inference_mode()
def encode_clip(clip: Clip, stream: BinaryIO) -> None:
    """H.264 in MP4, at the clip's own rate, one frame in memory at a time. An odd row or column is left out.

    Raises CannotEncode, OSError. Blocks: call it from a thread.
    """
    av = av_library()
    height, width = (side - side % 2 for side in clip.image.shape[:2])
    try:
        with av.open(stream, mode="w", format="mp4") as container:
            video = container.add_stream("libx264", rate=Fraction(clip.rate or USUAL_RATE).limit_denominator(1001))
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            video.options = {"crf": QUALITY, "preset": SPEED}
            for image in clip.frames:
                pixels = levels(rgb(image[:height, :width]))
                container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(video.encode())
    except OSError:
        raise
    except (av.FFmpegError, ValueError) as problem:
        raise CannotEncode(f"The clip could not be kept: {problem}. Add a SaveVideo node to the workflow.") from problem


def av_library(without: str = NO_ENCODER) -> Any:
    """PyAV, imported when the first clip is read or written. without: what a server that lacks it is told. Raises
    CannotEncode."""
    try:
        import av
    except ImportError as problem:
        raise CannotEncode(without) from problem
    return av
