"""The tutorial's judge: looks at the tutorial's pictures in this process, behind the port of any vision model.

It reads pixels, never the prompt, and gets the same blind questions as a model in Ollama. Whoever judges with it sees
the whole loop at work with nothing installed; about any other picture than coloured shapes it knows nothing.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
from functools import lru_cache
from math import log
from typing import Any

import numpy as np
from PIL import Image

from ..judge.vision_model import AnswerUnusable, Question, Reply, Token
from .answers import answer, levels
from .checklist import checklist
from .editor import edit, read_failing
from .questions import read_question
from .seeing import SeenPicture, see

TUTORIAL = "tutorial"
"""The connection that leads here, and what the model is called in verdicts."""

SURE = 0.995
"""How probable this judge's answers are to be right, measured on drawn scenes (tests/engine/tutorial/test_model.py)."""

_LINE = re.compile(r"^\s*(\w+)\s*\(([^)]*)\)\s*:\s*(.+?)\s*$")


class TutorialModel:
    """A VisionModel that is always there."""

    name = TUTORIAL

    async def check(self) -> None:
        """See VisionModel.check."""

    async def ask(self, question: Question) -> Reply:
        """See VisionModel.ask. Raises AnswerUnusable for a picture that cannot be read, and for no task."""
        said = await asyncio.to_thread(_answered, question)
        tokens = _tokens(said) if question.probabilities else ()
        return Reply("".join(token.text for token in tokens) or json.dumps(said), tokens)

    async def digest(self) -> str:
        """See VisionModel.digest. There is no self-test of this one: it has no weights."""
        return ""

    async def release(self) -> None:
        """See VisionModel.release."""


def _answered(question: Question) -> dict[str, Any]:
    text = question.text
    match _between(text, "task"):
        case "checklist":
            return {"requirements": checklist(_between(text, "goal"))}
        case "look":
            return _looked(_between(text, "questions"), _view(question.jpeg))
        case "edit":
            failing = read_failing(_between(text, "failing"))
            return edit(_between(text, "goal"), failing, _view(question.jpeg), question.seed)
    raise AnswerUnusable("The tutorial's judge takes a checklist, a look or an edit, nothing else.")


def _looked(questions: str, view: SeenPicture) -> dict[str, Any]:
    said: dict[str, Any] = {f"quality_{name}": level for name, level in levels(view).items()}
    for line in questions.splitlines():
        if found := _LINE.match(line):
            said[found[1]] = answer(read_question(found[3]), found[2].lower(), view)
    return said


def _tokens(said: dict[str, Any]) -> tuple[Token, ...]:
    """The answer as JSON, each value a token of its own beside what it would else have been."""
    tokens = [Token("{", 0.0)]
    for number, (key, value) in enumerate(said.items()):
        quote = '"' if isinstance(value, str) else ""
        lead = f"{', ' if number else ''}{json.dumps(key)}: {quote}"
        text = json.dumps(value).strip('"')
        other = {"yes": "no", "no": "yes"}.get(text, str(value + 1) if isinstance(value, int) else "unknown")
        right, wrong = log(SURE), log(1 - SURE)
        tokens += [Token(lead, 0.0), Token(text, right, ((text, right), (other, wrong)))]
        tokens += [Token(quote, 0.0)] if quote else []
    return (*tokens, Token("}", 0.0))


def _between(text: str, tag: str) -> str:
    """What stands between the first such tag and the last of its ends; "" without any. A task is named at the start,
    so that no goal can name another one."""
    _, opened, rest = text.partition(f"<{tag}>")
    inside, closed, _ = rest.partition(f"</{tag}>") if tag == "task" else rest.rpartition(f"</{tag}>")
    return inside.strip() if opened and closed else ""


@lru_cache(maxsize=4)
def _view(jpeg: bytes) -> SeenPicture:
    """A picture is asked about several times: two looks and an edit."""
    try:
        return see(np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")))
    except OSError as problem:
        raise AnswerUnusable("The picture cannot be read.") from problem
