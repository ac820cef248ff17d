"""The judge's VisionModel on a text encoder that ComfyUI has loaded: no server, and no second model on the card.

It goes the way of ComfyUI's own node Generate Text: tokenize with a picture, generate, decode. ComfyUI's memory
management loads the encoder, its progress bar counts the tokens, and its Interrupt ends them. What an encoder can is
found out on the object, never by a version.
"""

from __future__ import annotations

import hashlib
import io
import logging
import weakref
from collections.abc import Callable
from typing import Any

import comfy.model_management
import numpy as np
import torch
from PIL import Image

from ..engine.judge.line_answers import read_lines
from ..engine.judge.sight_check import is_blind
from ..engine.judge.vision_model import (
    AnswerUnusable,
    ModelStumbled,
    ModelUnfit,
    ModelUnreachable,
    Question,
    Reply,
)

LOG = logging.getLogger(__name__)

LINE_TOKENS, MOST_LINE_TOKENS = 14, 320
"""For one short line, and for all lines of an answer, at most."""
JSON_TOKENS = 1024
"""For a question about text alone: a checklist, or clauses for a prompt."""
TEMPERATURE_LEAST = 0.01
_LIKE_QWEN = "<|im_start|>"

_looked: weakref.WeakSet[Any] = weakref.WeakSet()
"""Encoders that were found to see, or of which it could not be found out."""


class TextEncoderModel:
    """One text encoder. clip: as a CLIP loader gives it. interrupted, stop: see OllamaVisionModel."""

    def __init__(self, clip: Any, interrupted: Callable[[], bool], stop: Callable[[], BaseException]) -> None:
        self.name = encoder_name(clip)
        self._clip, self._interrupted, self._stop = clip, interrupted, stop

    async def check(self) -> None:
        """Raises ModelUnfit for an encoder that cannot write or cannot see. Loads nothing."""
        if problem := why_unfit(self._clip):
            raise ModelUnfit(problem)

    async def ask(self, question: Question) -> Reply:
        """The answer to short lines as JSON. Before its first answer about a picture it is found out whether it sees.

        Raises ModelUnreachable (ModelUnfit, ModelStumbled), AnswerUnusable, and what ComfyUI raises for an interrupt.
        """
        await self.check()
        if question.jpeg and self._clip.cond_stage_model not in _looked:
            await self._make_sure_it_sees()
        return Reply(self._answer(question))

    async def digest(self) -> str:
        """Of its class and a sample of its numbers."""
        return _digest(self._clip)

    async def release(self) -> None:
        """Nothing: ComfyUI keeps and frees it as any of its models."""

    async def _make_sure_it_sees(self) -> None:
        """Raises ModelUnfit for an encoder that names the colours of a picture wrongly, twice."""

        async def answer(question: Question) -> str:
            return self._answer(question)

        if await is_blind(answer):
            raise ModelUnfit(
                f"The text encoder {self.name} does not see pictures: it names the colours of a test picture wrongly. "
                "Link another one to clip, for example Qwen3-VL 4B."
            )
        _looked.add(self._clip.cond_stage_model)

    def _answer(self, question: Question) -> str:
        lines = bool(question.lines)
        most = JSON_TOKENS
        if lines:
            wanted = 24 + LINE_TOKENS * len(question.schema["properties"])
            # A clip has a line for each frame of each question.
            most = wanted if question.frames else min(MOST_LINE_TOKENS, wanted)
        text = question.lines if lines else f"{question.system}\n\n{question.text}"
        said, whole = self._generate(text, question, most)
        if lines:
            return read_lines(said if whole else said.rpartition("\n")[0], question.schema)
        if not whole:
            raise AnswerUnusable(f"The answer of {self.name} was too long and was cut off.")
        return said

    def _generate(self, text: str, question: Question, most: int) -> tuple[str, bool]:
        """What the encoder writes, and whether that is all of it. most: tokens."""
        if self._interrupted():
            raise self._stop()
        management = comfy.model_management
        sampled = question.temperature > 0
        try:
            with torch.inference_mode():
                picture = _picture(question.jpeg) if question.jpeg else None
                ids = self._clip.generate(
                    tokenized(self._clip, text, picture),
                    do_sample=sampled,
                    max_length=most,
                    temperature=max(question.temperature, TEMPERATURE_LEAST) if sampled else 1.0,
                    seed=question.seed,
                )
                said = self._clip.decode(ids)
        except management.InterruptProcessingException:
            raise
        except management.OOM_EXCEPTION as problem:
            management.soft_empty_cache()
            raise ModelStumbled(
                f"There was not enough memory for {self.name} to judge. Render smaller, or use a smaller text encoder.",
                out_of_memory=True,
            ) from problem
        except Exception as problem:
            LOG.exception("Imitatoes: the text encoder %s could not answer", self.name)
            raise ModelUnreachable(
                f"The text encoder {self.name} could not answer ({type(problem).__name__}: {str(problem)[:160]}). "
                "Update ComfyUI, or judge with another model."
            ) from problem
        if not isinstance(said, str):
            raise AnswerUnusable(f"{self.name} gave an empty answer.")
        return said, len(ids) < most


def encoder_name(clip: Any) -> str:
    """As "qwen3vl_4b in ComfyUI"."""
    encoder = getattr(clip, "cond_stage_model", None)
    name = getattr(encoder, "clip_name", None) or type(encoder).__name__.strip("_")
    return f"{name} in ComfyUI"


def why_unfit(clip: Any) -> str:
    """Why this text encoder cannot judge, and what to do; "" where it can."""
    name = encoder_name(clip)
    if not (hasattr(clip, "generate") and hasattr(clip, "decode")):
        return "This ComfyUI cannot let a text encoder answer. Update ComfyUI, or judge with Ollama."
    advice = "Link one that can to clip, for example Qwen3-VL 4B, or judge with Ollama."
    if not _writes(clip.cond_stage_model):
        return f"The text encoder {name} cannot write an answer. {advice}"
    try:
        blank = torch.full((1, 64, 64, 3), 0.5)
        seen = _holds_picture(tokenized(clip, "What is in the picture?", blank))
    except Exception:
        LOG.debug("a picture could not be tokenized for %s", name, exc_info=True)
        seen = False
    return "" if seen else f"The text encoder {name} cannot see pictures. {advice}"


def tokenized(clip: Any, text: str, picture: torch.Tensor | None) -> Any:
    """Tokens with the picture among them, in whichever of the two ways the tokenizer takes one."""
    if picture is None:
        return clip.tokenize(text, min_length=1, thinking=False)
    tokens = clip.tokenize(text, image=picture, min_length=1, thinking=False)
    if _holds_picture(tokens) or not getattr(clip.tokenizer, "llama_template", "").startswith(_LIKE_QWEN):
        return tokens
    # Qwen-Image's tokenizer takes a list, and its own template speaks of editing: a plain one goes in its place.
    asked = (
        "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>" + text + "<|im_end|>\n<|im_start|>assistant\n"
    )
    return clip.tokenize(asked, images=[picture], min_length=1)


def _holds_picture(tokens: Any) -> bool:
    batches = tokens.values() if isinstance(tokens, dict) else [tokens]
    return any(isinstance(entry[0], dict) for batch in batches for row in batch for entry in row)


def _writes(encoder: Any) -> bool:
    """Whether the model inside, below the wrappers that hand `generate` on, has one."""
    return any(
        hasattr(module, "generate") and not hasattr(module, "transformer")
        for module in encoder.modules()
        if module is not encoder
    )


def _picture(jpeg: bytes) -> torch.Tensor:
    """IMAGE [1, H, W, 3], float32, 0..1: the picture as every judge gets it."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        pixels = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
    return torch.from_numpy(pixels)[None]


_digests: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
_SAMPLED = 12


def _digest(clip: Any) -> str:
    encoder = clip.cond_stage_model
    if encoder not in _digests:
        told = hashlib.sha256(type(encoder).__name__.encode())
        parameters = list(encoder.named_parameters())
        for name, value in parameters:
            told.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        for _, value in parameters[:: max(1, len(parameters) // _SAMPLED)]:
            told.update(value.detach().reshape(-1)[:64].float().cpu().numpy().tobytes())
        _digests[encoder] = told.hexdigest()
    return _digests[encoder]
