"""Test-only nodes that paint instead of sampling. They run on any ComfyUI from 0.3.64 on, and on the rehearsal."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import comfy.utils
import numpy as np
import torch
from comfy_api.latest import ComfyExtension, io
from PIL import Image, ImageFilter

_PROGRESS_STEPS = 10
_PREVIEW_SIDE = 128


def _take_time(seconds: float, picture: np.ndarray | None = None) -> None:
    """As a sampler does, with its progress. picture: shown on the way, blurred at first, where that takes any time."""
    progress = comfy.utils.ProgressBar(_PROGRESS_STEPS)
    for step in range(1, _PROGRESS_STEPS + 1):
        time.sleep(seconds / _PROGRESS_STEPS)
        shown = None
        if seconds and picture is not None:
            preview = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(_PROGRESS_STEPS - step))
            shown = ("JPEG", preview, _PREVIEW_SIDE)
        progress.update_absolute(step, _PROGRESS_STEPS, shown)


def _images(pixels: np.ndarray) -> io.NodeOutput:
    """uint8 [N,H,W,3] as a node gives them."""
    return io.NodeOutput(torch.from_numpy(pixels.astype(np.float32) / 255.0))


class RehearsalPainter(io.ComfyNode):
    """Paints `batch_size` pictures, the seed counting up, and takes `seconds` over it."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="RehearsalPainter",
            display_name="Rehearsal Painter",
            category="rehearsal",
            inputs=[
                io.String.Input("prompt", multiline=True, default=""),
                io.String.Input("negative", multiline=True, default=""),
                io.Int.Input("seed", default=0, min=0, max=2**64 - 1, control_after_generate=True),
                io.Int.Input("steps", default=20, min=1, max=10000),
                io.Float.Input("cfg", default=7.0, min=0.0, max=100.0, step=0.1),
                io.Int.Input("width", default=512, min=16, max=16384, step=8),
                io.Int.Input("height", default=512, min=16, max=16384, step=8),
                io.Int.Input("batch_size", default=1, min=1, max=4096),
                io.Float.Input("seconds", default=0.0, min=0.0, max=3600.0, step=0.01),
            ],
            outputs=[io.Image.Output("images", display_name="images")],
            hidden=[],
        )

    @classmethod
    def execute(
        cls,
        prompt: str,
        negative: str,
        seed: int,
        steps: int,
        cfg: float,
        width: int,
        height: int,
        batch_size: int,
        seconds: float,
    ) -> io.NodeOutput:
        from .world.painter import paint

        pictures = [
            paint(
                prompt=prompt,
                negative=negative,
                seed=(seed + index) % 2**64,
                steps=steps,
                cfg=cfg,
                width=width,
                height=height,
            )
            for index in range(batch_size)
        ]
        _take_time(seconds, pictures[0])
        return _images(np.stack(pictures))


class RehearsalClip(io.ComfyNode):
    """Paints a clip of known truth: the first of `courses` where the seed is `first_seed`, else the last of them."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="RehearsalClip",
            display_name="Rehearsal Clip",
            category="rehearsal",
            inputs=[
                io.String.Input("prompt", multiline=True, default=""),
                io.Int.Input("seed", default=0, min=0, max=2**64 - 1, control_after_generate=True),
                io.String.Input("courses", default="steady"),
                io.Int.Input("first_seed", default=0, min=0, max=2**64 - 1),
                io.Int.Input("length", default=25, min=1, max=1000),
                io.Int.Input("width", default=256, min=16, max=4096, step=8),
                io.Int.Input("height", default=160, min=16, max=4096, step=8),
                io.Float.Input("seconds", default=0.0, min=0.0, max=3600.0, step=0.01),
            ],
            outputs=[io.Image.Output("images", display_name="images")],
            hidden=[],
        )

    @classmethod
    def execute(
        cls,
        prompt: str,
        seed: int,
        courses: str,
        first_seed: int,
        length: int,
        width: int,
        height: int,
        seconds: float,
    ) -> io.NodeOutput:
        from .world.clip_painter import paint_clip

        listed = [course.strip() for course in courses.split(",")]
        _take_time(seconds)
        frames = paint_clip(listed[0] if seed == first_seed else listed[-1], length, width, height, seed % 2**32)
        return _images(frames)


class RehearsalImageToVideo(io.ComfyNode):
    """Lets a picture drift sideways, `step` pixels a frame, behind the picture itself, or behind all of a batch."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="RehearsalImageToVideo",
            display_name="Rehearsal Image to Video",
            category="rehearsal",
            inputs=[
                io.Image.Input("start_image"),
                io.String.Input("prompt", multiline=True, default=""),
                io.Int.Input("seed", default=0, min=0, max=2**64 - 1, control_after_generate=True),
                io.Int.Input("length", default=9, min=1, max=1000),
                io.Int.Input("step", default=4, min=-64, max=64),
            ],
            outputs=[io.Image.Output("images", display_name="images")],
            hidden=[],
        )

    @classmethod
    def execute(cls, start_image: torch.Tensor, prompt: str, seed: int, length: int, step: int) -> io.NodeOutput:
        last = start_image[-1]
        drifting = [last.roll(number * step, 1) for number in range(1, length)]
        return io.NodeOutput(torch.cat([start_image, *(one[None] for one in drifting)])[:length])


class RehearsalFail(io.ComfyNode):
    """Passes pictures on, or fails with `message` when `prompt` contains `when`. An empty `when` never fails."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="RehearsalFail",
            display_name="Rehearsal Fail",
            category="rehearsal",
            inputs=[
                io.Image.Input("images"),
                io.String.Input("prompt", multiline=True, default=""),
                io.String.Input("when", default=""),
                io.String.Input("message", default="rehearsed failure"),
            ],
            outputs=[io.Image.Output("passed", display_name="images")],
            hidden=[],
        )

    @classmethod
    def execute(cls, images: Any, prompt: str, when: str, message: str) -> io.NodeOutput:
        if when and when in prompt:
            raise RuntimeError(message)
        return io.NodeOutput(images)


class RehearsalScarce(io.ComfyNode):
    """Passes pictures or a latent on, or is out of memory: the first `times` times that it has this `name`, and always
    for more than `largest` rows (0: never for that)."""

    _failed: ClassVar[dict[str, int]] = {}

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="RehearsalScarce",
            display_name="Rehearsal Scarce",
            category="rehearsal",
            inputs=[
                io.AnyType.Input("anything"),
                io.String.Input("name", default=""),
                io.Int.Input("times", default=0, min=0, max=100),
                io.Int.Input("largest", default=0, min=0, max=100000),
            ],
            outputs=[io.AnyType.Output("passed", display_name="anything")],
            hidden=[],
        )

    @classmethod
    def execute(cls, anything: Any, name: str, times: int, largest: int) -> io.NodeOutput:
        rows = anything["samples"].shape[-2] if isinstance(anything, dict) else anything.shape[1]
        failed = cls._failed.get(name, 0)
        if failed < times or 0 < largest < rows:
            RehearsalScarce._failed[name] = failed + 1
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return io.NodeOutput(anything)


class RehearsalService(io.ComfyNode):
    """Paints as RehearsalPainter does, as a service that costs money would: only for an account that came along."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="RehearsalService",
            display_name="Rehearsal Service",
            category="rehearsal",
            inputs=[
                io.String.Input("prompt", multiline=True, default=""),
                io.Int.Input("seed", default=0, min=0, max=2**64 - 1),
            ],
            outputs=[io.Image.Output("images", display_name="images")],
            hidden=[],
            is_api_node=True,
        )

    @classmethod
    def execute(cls, prompt: str, seed: int) -> io.NodeOutput:
        from .world.painter import paint

        if cls.hidden.api_key_comfy_org != "an account":
            raise RuntimeError("Unauthorized: log in to use this node.")
        size = {"width": 256, "height": 256, "steps": 20, "cfg": 7.0}
        picture = paint(prompt=prompt, negative="", seed=seed, **size)
        return _images(picture[None])


class RehearsalExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [
            RehearsalPainter,
            RehearsalClip,
            RehearsalImageToVideo,
            RehearsalFail,
            RehearsalScarce,
            RehearsalService,
        ]


async def comfy_entrypoint() -> RehearsalExtension:
    return RehearsalExtension()
