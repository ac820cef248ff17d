"""Token probabilities, from servers that give them (Ollama 0.12.11 and later) through clients that pass them on."""

from __future__ import annotations

import inspect
import math
from typing import Any

from ..engine.judge.vision_model import Token

LISTED = 20
"""Likeliest tokens listed at each place; the most a server gives."""


def asked_for(client: Any) -> dict[str, Any]:
    """Further arguments for `client.chat`; none for a client (before 0.6.1) that does not know them."""
    known = "top_logprobs" in inspect.signature(client.chat).parameters
    return {"logprobs": True, "top_logprobs": LISTED} if known else {}


def refused(problem: BaseException) -> bool:
    """Whether a failure is about these fields, in the request or in what came back."""
    return "logprob" in str(problem).lower()


def read_tokens(reply: Any) -> tuple[Token, ...]:
    """The tokens of a chat reply with what was listed at each. Empty when the server left them out."""
    listed = getattr(reply, "logprobs", None) or ()
    return tuple(Token(one.token, _bounded(one.logprob), _alternatives(one)) for one in listed)


def _alternatives(one: Any) -> tuple[tuple[str, float], ...]:
    return tuple((other.token, _bounded(other.logprob)) for other in one.top_logprobs or ())


def _bounded(logprob: float) -> float:
    """A server without a value for a token may send anything; that counts as next to impossible."""
    return min(logprob, 0.0) if math.isfinite(logprob) else -100.0
