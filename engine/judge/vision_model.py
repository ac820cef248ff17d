"""The port through which the judge asks a vision model, and the ways in which that can fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

PICTURE_TOKENS, TEXT_TOKENS = 768, 2048
"""Tokens at most of an answer about a picture, and of one about text alone."""
TOKENS_EACH = 14
"""Of one key with its value, a short word or a number, in an answer with many of them."""


class ModelFailure(Exception):
    """No usable answer. The message is one or two plain sentences for the user: what happened, what to do next."""


class ModelUnreachable(ModelFailure):
    """Nothing answered, or the server refused: down, wrong host, busy, out of memory, model missing or blind."""


class ModelStumbled(ModelUnreachable):
    """This once the server failed, and it may answer the same question now: busy, hung up, its runner started anew.

    out_of_memory: whether memory was the reason. pause: seconds after which it is worth asking again.
    """

    def __init__(self, message: str, out_of_memory: bool = False, pause: float = 0.0) -> None:
        super().__init__(message)
        self.out_of_memory, self.pause = out_of_memory, pause


class ModelUnfit(ModelUnreachable):
    """The server answered, but this model cannot judge: not installed, unable to see, or run elsewhere."""


class AnswerUnusable(ModelFailure):
    """The model answered, but the answer was cut off, stopped half-way or is not what was asked for."""


@dataclass(frozen=True)
class Question:
    """One request to the model.

    system, text: instructions and question. jpeg: the picture, encoded; empty for a question about text alone.
    schema: JSON schema the answer must follow. seed: 0 .. 2**31 - 1. temperature: 0 for the likeliest answer.
    probabilities: whether token probabilities are wanted; servers that have none leave them out.
    lines: the same question for a model that is asked for short lines instead of JSON (see line_answers); "" where
    there is no such form. frames: of a clip, its frames in order of time, encoded, for a model that takes several
    pictures; jpeg is then a sheet of the same frames with their numbers, for one that does not. The text fits both.
    """

    system: str
    text: str
    jpeg: bytes
    schema: dict[str, Any]
    seed: int = 0
    temperature: float = 0.0
    probabilities: bool = False
    lines: str = ""
    frames: tuple[bytes, ...] = ()

    @property
    def pictures(self) -> tuple[bytes, ...]:
        """What a model that takes several pictures is shown, in order."""
        return self.frames or ((self.jpeg,) if self.jpeg else ())

    @property
    def answer_tokens(self) -> int:
        """Tokens that the answer may have: a checklist is longer than a verdict, and one about every frame of a clip
        than one about a picture."""
        if not self.jpeg:
            return TEXT_TOKENS
        return max(PICTURE_TOKENS, TOKENS_EACH * len(self.schema.get("properties", ())))


@dataclass(frozen=True)
class Token:
    """A generated token with its natural log-probability and the likeliest alternatives, before the grammar's mask."""

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Reply:
    """What the model said. tokens: the answer's tokens in order, empty where the server gives no probabilities."""

    text: str
    tokens: tuple[Token, ...] = ()


class Asked(Protocol):
    """What answers questions: a model, or one that is asked with patience."""

    async def check(self) -> None:
        """See VisionModel.check."""

    async def ask(self, question: Question) -> Reply:
        """See VisionModel.ask."""


class VisionModel(Protocol):
    """A model that looks at a picture. Bound to one connection and one model name."""

    name: str

    async def check(self) -> None:
        """Make sure that the model is there and can see pictures. Raises ModelUnreachable."""

    async def ask(self, question: Question) -> Reply:
        """Return the raw answer. Raises ModelUnreachable or AnswerUnusable."""

    async def digest(self) -> str:
        """What tells this very model from another one of the same name. Raises ModelUnreachable."""

    async def release(self) -> None:
        """The picture's last question was asked: give memory back if keep_alive says so. Never raises."""
