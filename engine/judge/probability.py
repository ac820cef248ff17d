"""Soft scores: how probable the right answer was, read from the tokens in which a model gave its answer.

The server's values come before the grammar's mask: the list at a token may hold words that the schema forbids, so only
candidate answers count, and they are compared among each other (loop-science, 3.3). Tokens may cut an answer anywhere
("y", "es") and hold quotes or blanks, so a value is found by its place in the text, never by counting tokens.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .vision_model import Token
from .words import NUMBERS

CERTAIN = 0.9
"""What a plain word counts where there are no probabilities: right CERTAIN, wrong 1 - CERTAIN."""
UNKNOWN = 0.5


class _Option(NamedTuple):
    """One listed token. piece: its letters and digits, lower case. mass: its probability."""

    piece: str
    mass: float


def plain(right: bool) -> float:
    """The probability that a word alone stands for."""
    return CERTAIN if right else 1 - CERTAIN


def voted(agreeing: int, votes: int) -> float:
    """The probability that repeated answers stand for: (k + .5) / (n + 1) (loop-science, 3.3)."""
    return (agreeing + 0.5) / (votes + 1)


def of_choice(tokens: Sequence[Token], key: str, said: str, right: str, wrong: str) -> float | None:
    """How probable `right` was against `wrong`, the only two answers, at the token where the value of `key` starts.

    said: the value as the answer holds it. None when the tokens do not tell: no such value, or no list with either.
    """
    start = next(_steps(tokens, key, said), None)
    if start is None:
        return None
    options = [option for option in start.options if option.piece]
    return _share(options, right.startswith, wrong.startswith)


def of_answer(tokens: Sequence[Token], key: str, said: str, right: Sequence[str]) -> float | None:
    """How probable one of the `right` answers was against all others, for a number or a word in free form.

    Goes on through the tokens of the value as long as what was written may still become a right answer, so that "1"
    is told from "12" and "green" from "grey". said, None: as in of_choice.
    """
    wanted = [_piece(answer) for answer in right]
    value = _piece(said)
    digits = value.isdigit()
    probability, known = 1.0, False
    for step in _steps(tokens, key, said):
        written = step.written
        # A number ends where its digits end; before its first digit, other words are no answer.
        options = [o if o.piece.isdigit() or not digits else o._replace(piece="") for o in step.options]
        options = [o for o in options if o.piece or written]
        share = _share(options, lambda piece, written=written: _leads(written, piece, wanted), lambda _: True)
        if share is not None:
            probability, known = probability * share, True
        now = written + step.piece
        if not any(answer.startswith(now) for answer in wanted) or (now == value and now in wanted):
            break
    return probability if known else None


def of_levels(tokens: Sequence[Token], key: str, said: str, levels: Mapping[str, float]) -> float | None:
    """The expectation over the level words at the token where the value of `key` starts. said, None: as in of_choice.

    The mean of the distribution tells more than its mode (loop-science, 3.2).
    """
    start = next(_steps(tokens, key, said), None)
    if start is None:
        return None
    total = mean = 0.0
    for option in start.options:
        if not option.piece:
            continue
        matching = [value for word, value in levels.items() if word.startswith(option.piece)]
        if matching:
            total += option.mass
            mean += option.mass * sum(matching) / len(matching)
    return mean / total if total > 0 else None


class _Step(NamedTuple):
    """One token of a value. written: the value's pieces before it. piece: what it adds. options: what was listed."""

    written: str
    piece: str
    options: list[_Option]


def _steps(tokens: Sequence[Token], key: str, said: str) -> Iterator[_Step]:
    """The tokens of a value from its first letter or digit on, and the one after it. None when it is not there."""
    text = "".join(token.text for token in tokens)
    # The last one counts: a model may have written a draft first.
    places = list(re.finditer(rf"""["']{re.escape(key)}["']\s*:\s*["']?\s*""", text))
    if not places or not said or not text.startswith(said, places[-1].end()):
        return
    start, end = places[-1].end(), places[-1].end() + len(said)
    at, written = 0, ""
    for token in tokens:
        begins, at = at, at + len(token.text)
        if at <= start:
            continue
        lead = text[begins:start] if begins < start else ""
        piece = _piece(text[max(begins, start) : min(at, end)])
        yield _Step(written, piece, _options(token, lead))
        if begins >= end:
            return
        written += piece


def _options(token: Token, lead: str) -> list[_Option]:
    """What was listed at a token, the token itself included. lead: its part before the value, mostly a quote.

    Empty where the server listed nothing: a token's own value, before the mask, says nothing without the others.
    """
    if not token.top:
        return []
    listed = {token.text: token.logprob} | dict(token.top)
    bare = _piece(lead)
    options = []
    for text, logprob in listed.items():
        if math.isnan(logprob):
            continue
        piece = _piece(text)
        if bare:
            # The token began inside the key: only those that begin so as well are about this value.
            if not piece.startswith(bare):
                continue
            piece = piece.removeprefix(bare)
        options.append(_Option(piece, math.exp(min(logprob, 0.0))))
    return options


def _share(options: list[_Option], right: Callable[[str], bool], other: Callable[[str], bool]) -> float | None:
    """mass(right) / (mass(right) + mass(others)). A side that is not listed has the smallest listed value.

    None when neither is listed: then the list only says that the model would rather have written something else.
    """
    rights = [option.mass for option in options if right(option.piece)]
    others = [option.mass for option in options if not right(option.piece) and other(option.piece)]
    if not rights and not others:
        return None
    smallest = min(option.mass for option in options)
    for_it, against = sum(rights) if rights else smallest, sum(others) if others else smallest
    return for_it / (for_it + against) if for_it + against > 0 else None


def _leads(written: str, piece: str, wanted: Sequence[str]) -> bool:
    """Whether a piece after what was written may be a right answer; no piece means that the value ends here."""
    if not piece:
        return bool(written) and written in wanted
    return any(answer.startswith(written + piece) for answer in wanted)


def _piece(text: str) -> str:
    """Letters and digits alone, lower case, number words as digits."""
    bare = re.sub(r"[\W_]", "", text).casefold()
    return str(NUMBERS[bare]) if bare in NUMBERS else bare
