"""The contract of the judge's answer: as data, and as the JSON schema that Ollama turns into a grammar.

Keys are in alphabetical order because that is the order in which Ollama has them generated (facts of the server: it
sorts properties by name for most models). So the scores come first and the reason last. Every field is required, no
field has a default, and only keywords that the server enforces are used.
"""

from __future__ import annotations

import math
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator

from .critique import Changes

TOP = 10
"""Best score of a check in an answer; the worst is 0. Whole numbers: the grammar does not enforce limits on others."""
PROMPT_APPEND_LENGTH = 120
NEG_APPEND_LENGTH = 90
REASON_LENGTH = 300
CFG_RANGE = (0.0, 30.0)
STEPS_RANGE = (1, 150)

_SCORE = {"type": "integer", "minimum": 0, "maximum": TOP}

ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "assessment": {
            "type": "object",
            "properties": {name: _SCORE for name in ("artifacts", "composition", "faces", "prompt_match", "text")},
            "required": ["artifacts", "composition", "faces", "prompt_match", "text"],
            "additionalProperties": False,
        },
        "changes": {
            "type": "object",
            "properties": {
                "cfg": {"type": ["number", "null"]},
                "neg_append": {"type": "string", "maxLength": NEG_APPEND_LENGTH},
                "prompt_append": {"type": "string", "maxLength": PROMPT_APPEND_LENGTH},
                "seed": {"type": "string", "enum": ["keep", "new"]},
                "steps": {"type": ["integer", "null"]},
            },
            "required": ["cfg", "neg_append", "prompt_append", "seed", "steps"],
            "additionalProperties": False,
        },
        "done": {"type": "boolean"},
        "reason": {"type": "string", "maxLength": REASON_LENGTH},
    },
    "required": ["assessment", "changes", "done", "reason"],
    "additionalProperties": False,
}


class Assessment(BaseModel):
    """One whole number 0..10 for each check, 10 being flawless. "7/10" and "7" are read as 7."""

    model_config = ConfigDict(frozen=True)

    artifacts: int = Field(ge=0, le=TOP)
    composition: int = Field(ge=0, le=TOP)
    faces: int = Field(ge=0, le=TOP)
    prompt_match: int = Field(ge=0, le=TOP)
    text: int = Field(ge=0, le=TOP)

    @field_validator("*", mode="before")
    @classmethod
    def _whole_number(cls, value: Any) -> int:
        if isinstance(value, str):
            match = re.fullmatch(r"\s*(\d{1,3})(?:\.0+)?(?:\s*(?:/|out of)\s*10)?\s*", value, re.ASCII)
            value = int(match[1]) if match else value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value % 1:
            raise ValueError("a whole number from 0 to 10 is needed")
        return int(value)


class Answer(BaseModel):
    """What a model said about one picture.

    assessment: None when the model gave only a yes or no (the plain contract: done, changes, reason).
    changes: proposals that cannot be used are dropped; they are no part of the verdict.
    done: always the model's own, explicit word.
    """

    model_config = ConfigDict(frozen=True)

    assessment: Assessment | None = None
    changes: Changes = Changes()
    done: StrictBool
    reason: str = ""

    @field_validator("changes", mode="before")
    @classmethod
    def _usable_proposals(cls, value: Any) -> Changes:
        given = value if isinstance(value, dict) else {}
        steps = _within(given.get("steps"), STEPS_RANGE)
        return Changes(
            prompt_append=plain_words(given.get("prompt_append"), PROMPT_APPEND_LENGTH),
            neg_append=plain_words(given.get("neg_append"), NEG_APPEND_LENGTH),
            cfg=_within(given.get("cfg"), CFG_RANGE),
            steps=None if steps is None else round(steps),
            seed="new" if given.get("seed") == "new" else "keep",
        )

    @field_validator("reason", mode="before")
    @classmethod
    def _one_line(cls, value: Any) -> Any:
        if value is None:
            return ""
        return clipped(" ".join(value.split()), REASON_LENGTH) if isinstance(value, str) else value


def plain_words(value: Any, length: int) -> str:
    """Words and simple punctuation only, one line, at most `length` characters; anything but text becomes "".

    What a model writes reaches a prompt: brackets, slashes and the like could name a file, a LoRA or an embedding.
    """
    if not isinstance(value, str):
        return ""
    text = re.sub(r"\bembedding\s*:|<[^<>]*>|[^\w\s,.'\"\-+%&]", " ", value, flags=re.IGNORECASE)
    text = re.sub(r"\s+([,.])", r"\1", " ".join(text.split()))
    return clipped(text, length).strip(" ,.")


def clipped(text: str, length: int) -> str:
    """At most `length` characters, cut between words where there is a gap."""
    if len(text) <= length:
        return text
    head = text[: length + 1]
    return (head.rsplit(" ", 1)[0] if " " in head else head[:length]).rstrip(" ,;")


def _within(value: Any, allowed: tuple[float, float]) -> float | None:
    """The value as a number when it is one and lies in the range, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and allowed[0] <= number <= allowed[1] else None
