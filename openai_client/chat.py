"""A question as a chat request, in the richest form that this server takes, and the reply read. Pure."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..engine.judge.vision_model import AnswerUnusable, Question, Reply, Token
from ..ollama_client.failures import takes_one_picture
from .models import Dialect

THINKING_TOKENS = 6144
"""At most, for an answer with thoughts before it."""
LISTED = 20
"""Likeliest tokens listed at each place; the most that OpenAI's dialect has."""


@dataclass(frozen=True)
class Form:
    """What a request asks for beside the answer. schema: an enforced form. probabilities: of the answer's tokens.

    extras: a seed, and no thinking. several: the frames of a clip as pictures of their own. thinks: the model was seen
    to think all the same, and needs room for it.
    """

    schema: bool = True
    probabilities: bool = True
    extras: bool = True
    several: bool = True
    thinks: bool = False

    def simpler(self, status: int, said: str) -> Form | None:
        """The form to try after an error about this one; None when the error is about something else."""
        low = said.lower()
        if self.several and takes_one_picture(low):
            return replace(self, several=False)
        if self.probabilities and "logprob" in low:
            return replace(self, probabilities=False)
        if self.schema and any(word in low for word in _ABOUT_SCHEMA):
            return replace(self, schema=False)
        if self.extras and any(word in low for word in _ABOUT_EXTRAS):
            return replace(self, extras=False)
        plain = replace(self, schema=False, probabilities=False, extras=False)
        return plain if status in (400, 422, 501) and plain != self else None


_ABOUT_SCHEMA = ("response_format", "json_schema", "json schema", "grammar", "guided", "structured", "schema")
_ABOUT_EXTRAS = (
    "seed",
    "chat_template_kwargs",
    "reasoning_effort",
    "extra_forbidden",
    "extra fields",
    "unexpected keyw",
)


def request_of(question: Question, model: str, form: Form, dialect: Dialect) -> dict[str, Any]:
    """The body of POST /v1/chat/completions."""
    asked: Any = question.text
    if question.jpeg:
        shown = question.pictures if form.several else (question.jpeg,)
        asked = [{"type": "text", "text": question.text}, *(_part(one) for one in shown)]
    tokens = question.answer_tokens
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "system", "content": question.system}, {"role": "user", "content": asked}],
        "stream": False,
        "temperature": question.temperature,
        "max_tokens": max(tokens, THINKING_TOKENS) if form.thinks else tokens,
    }
    if form.schema:
        schema = {"name": "answer", "strict": True, "schema": question.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if form.probabilities and question.probabilities:
        body |= {"logprobs": True, "top_logprobs": LISTED}
    if form.extras:
        body["seed"] = question.seed
        body |= {"reasoning_effort": "none"} if dialect == "ollama" else {}
        body |= {"chat_template_kwargs": {"enable_thinking": False}} if dialect in ("llama.cpp", "vllm") else {}
    return body


def _part(jpeg: bytes) -> dict[str, Any]:
    picture = base64.b64encode(jpeg).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{picture}"}}


def reply_of(document: Any, model: str) -> tuple[Reply, bool]:
    """What the model said, and whether it thought before it did.

    Raises AnswerUnusable where it said nothing usable, ValueError for a document that is no chat completion.
    """
    if not isinstance(document, dict) or not isinstance(document.get("choices"), list):
        raise ValueError("no chat completion")
    choice = document["choices"][0] if document["choices"] else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise AnswerUnusable(f"{model} gave an empty answer.")
    text, thought = _text(message.get("content")), _text(message.get("reasoning_content") or message.get("reasoning"))
    if choice.get("finish_reason") == "length":
        raise CutOff(f"The answer of {model} was too long and was cut off.", bool(thought) or "<think" in text)
    if not text.strip():
        # Some servers take the whole answer of a model that thinks for its thoughts.
        text, thought = thought, ""
    if not text.strip():
        raise AnswerUnusable(f"{model} gave an empty answer.")
    return Reply(text, tuple(_tokens(choice.get("logprobs")))), bool(thought)


class CutOff(AnswerUnusable):
    """The answer has more tokens than it may have. thinking: whether thoughts used them up."""

    def __init__(self, message: str, thinking: bool) -> None:
        super().__init__(message)
        self.thinking = thinking


def _text(content: Any) -> str:
    """A text, or one in parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _tokens(listed: Any) -> Iterator[Token]:
    """The tokens of the answer; none where one of them is not as it should be."""
    entries = listed.get("content") if isinstance(listed, dict) else None
    if not isinstance(entries, list):
        return
    try:
        tokens = [Token(_word(e), _logprob(e), _alternatives(e)) for e in entries]
    except (TypeError, KeyError, ValueError, AttributeError):
        return
    yield from tokens


def _alternatives(entry: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    return tuple((_word(other), _logprob(other)) for other in entry.get("top_logprobs") or ())


def _word(entry: dict[str, Any]) -> str:
    word = entry["token"]
    if not isinstance(word, str):
        raise TypeError("a token is a text")
    return word


def _logprob(entry: dict[str, Any]) -> float:
    """A server without a value for a token may send anything; that counts as next to impossible."""
    value = float(entry["logprob"])
    return min(value, 0.0) if math.isfinite(value) else -100.0
