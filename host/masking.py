"""TextSegmentMask's inputs, checked, and its work, handed to the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import comfy.model_management
import torch

from ..engine.judge.vision_model import ModelFailure
from ..engine.mask.finishing import Finishing, NothingFound, Outcome, mask_of
from ..engine.mask.looking_again import LookingAgain
from ..engine.mask.piece import Segmenter
from ..engine.mask.preview import overlay
from ..engine.mask.request import read_request
from ..engine.mask.segmenters.failures import SegmenterUnavailable
from ..engine.mask.segmenters.given_boxes import GivenBoxes, is_unset
from ..engine.mask.segmenters.kinds import AUTO, OLLAMA_BOXES
from ..engine.mask.segmenters.vision_boxes import VisionBoxes
from ..ollama_client import OllamaVisionModel
from . import app, comfyui, segmenters, settings
from .comfyui import WrongInput
from .models import ComfyModels


class NoMask(RuntimeError):
    """No mask could be made. The message names the node and says what to do."""


@dataclass(frozen=True, eq=False)
class MaskInputs:
    """The node's inputs. Optional ones left out of an API graph take these defaults."""

    text: str
    engine: str = AUTO
    model_folder: str = AUTO
    threshold: float = 0.4
    select: str = "all"
    number: int = 1
    grow: int = 0
    feather: float = 0.0
    fill_holes: bool = True
    invert: bool = False
    if_nothing_found: str = "empty mask"
    frames_at_once: int = 0
    look_again: bool = True
    boxes: Any = None
    ollama_model: str = app.DEFAULT_MODEL
    connection: str = settings.LOCAL

    @classmethod
    def of(cls, **inputs: Any) -> MaskInputs:
        return cls(**{name: value for name, value in inputs.items() if value is not None})


@dataclass(frozen=True, eq=False)
class Masks:
    """mask: [B, H, W] 0..1. boxes: for each picture, core's form. preview: [B, H, W, 3]. found: in all pictures."""

    mask: torch.Tensor
    boxes: list[list[dict[str, float]]]
    preview: torch.Tensor
    found: int
    report: str


async def masks(image: torch.Tensor, inputs: MaskInputs, hidden: Any) -> Masks:
    """One mask for each picture of IMAGE [B, H, W, C].

    Raises WrongInput; NoMask when no engine can look or nothing may not be found; what ComfyUI raises for an interrupt.
    """
    node = f"Text Segment Mask (node {hidden.unique_id})"
    pictures = _plain(image)
    models = ComfyModels(len(pictures))
    try:
        request = read_request(inputs.text, inputs.select, inputs.number)
        finishing = Finishing(inputs.grow, inputs.feather, inputs.fill_holes, inputs.invert, inputs.if_nothing_found)
        given = None if is_unset(inputs.boxes) else GivenBoxes(inputs.boxes, len(pictures))
    except ValueError as problem:
        raise WrongInput(f"{node}, input {problem}") from problem

    @torch.inference_mode()
    def made(segmenter: Segmenter, notes: Sequence[str] = ()) -> Outcome:
        height, width = pictures.shape[1:3]
        sightings = segmenter.look(pictures, request.phrases, inputs.threshold)
        outcome = mask_of(sightings, request, finishing, height, width, inputs.threshold)
        return replace(outcome, report=(*outcome.report, *notes))

    try:
        if given is not None:
            outcome = made(segmenters.boxed_segmenter("boxes", given, models, inputs.frames_at_once))
        elif inputs.engine == OLLAMA_BOXES:
            outcome = await _with_ollama(made, models, inputs)
        else:
            choice = segmenters.choose_engine(inputs.engine, inputs.model_folder)
            segmenter = segmenters.segmenter_of(choice, models, inputs.frames_at_once)
            outcome = made(_twice(segmenter, inputs), (f"Engine: {choice}.", *choice.notes))
    except settings.UnknownConnection as problem:
        raise WrongInput(f"{node}, input connection: {problem}") from problem
    except (SegmenterUnavailable, ModelFailure, NothingFound) as problem:
        raise NoMask(f"{node}: {problem}") from problem
    device = comfy.model_management.intermediate_device()
    return Masks(
        outcome.mask.to(device),
        outcome.boxes,
        overlay(image.cpu(), outcome.mask, outcome.boxes).to(device),
        sum(outcome.found),
        "\n".join(outcome.report),
    )


def _twice(segmenter: Segmenter, inputs: MaskInputs) -> Segmenter:
    return LookingAgain(segmenter) if inputs.look_again else segmenter


async def _with_ollama(made: Callable[..., Outcome], models: ComfyModels, inputs: MaskInputs) -> Outcome:
    """In a thread, because finding waits for the server, and ComfyUI's worker must stay free for other nodes."""
    model = OllamaVisionModel(
        settings.connection(inputs.connection),
        inputs.ollama_model.strip(),
        0,
        interrupted=comfyui.interrupted,
        stop=comfyui.stop,
    )
    try:
        await model.check()
        finder = VisionBoxes(model, models.between_chunks)
        segmenter = segmenters.boxed_segmenter(OLLAMA_BOXES, finder, models, inputs.frames_at_once)
        return await asyncio.to_thread(made, _twice(segmenter, inputs), (f"Engine: {OLLAMA_BOXES} of {model.name}.",))
    finally:
        await model.release()


def _plain(image: torch.Tensor) -> torch.Tensor:
    """[B, H, W, 3] float32 0..1 on the CPU without NaN; one channel becomes three, opacity is left out."""
    colours = image.cpu().float().nan_to_num(nan=0.0).clamp(0, 1)
    return colours.expand(*colours.shape[:3], 3) if colours.shape[-1] == 1 else colours[..., :3]
