"""The self-test of a text encoder, as a node's work: ComfyUI's memory, progress and Interrupt apply."""

from __future__ import annotations

import asyncio
from typing import Any

import comfy.utils

from ..engine.judge.self_test import in_words, run_self_test
from ..engine.judge.self_test_scenes import self_test_scenes
from ..engine.judge.vision_model import ModelUnreachable
from . import app, comfyui
from .text_encoder import TextEncoderModel


class EncoderNotTested(RuntimeError):
    """The self-test could not be made."""


async def test_encoder(clip: Any, node: str) -> str:
    """What it finds, in words; kept, so that runs which judge with this encoder use it. node: id of the node.

    Raises EncoderNotTested, and whatever ComfyUI raises for an interrupt.
    """
    model = TextEncoderModel(clip, comfyui.interrupted, comfyui.stop)
    bar = comfy.utils.ProgressBar(len(self_test_scenes()))
    try:
        tested = await run_self_test(model, lambda done, of: bar.update_absolute(done, of))
        await asyncio.to_thread(app.self_test_store.save, tested)
    except ModelUnreachable as problem:
        raise EncoderNotTested(f"Judge Self-Test (node {node}): {problem}") from problem
    except OSError as problem:
        raise EncoderNotTested(
            f"Judge Self-Test (node {node}): the result could not be saved ({problem.strerror or problem}). Make room "
            "in ComfyUI's user directory and queue it again."
        ) from problem
    return "\n".join(in_words(tested))
