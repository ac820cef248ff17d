"""Log-probabilities as Ollama gives them: one entry per generated token, with values from before the grammar's mask.

So punctuation that the grammar forced is improbable and its list of likely tokens names others, and a value may come
in odd pieces ("y" and "es") while its list names the whole word. What counts is the mass on the first piece of a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from math import exp, log
from typing import Any

from .world.misreading import chance

MOST_ALTERNATIVES = 20
FIRST_VERSION = (0, 12, 11)

_PIECE = re.compile(r" ?[^\W\d_]{1,7}|\d|[\"}\]]+[,:]?|\s+|.", re.DOTALL)
_TABLE = {"excellent": ("ex", "cellent"), "poor": ("po", "or"), "unknown": ("un", "known")}
_OTHERS = (
    "The", "I", "Based", "A", "In", "```", "\n", "This", "It", "There", " the", "Here", "To", "{\n", "**", "Looking",
    "Let", "We", "Image", "So", "From", "An", "Sure", "As",
)  # fmt: skip
_LEAST = 1e-12


def supported(version: str) -> bool:
    """Whether a server of that version gives log-probabilities."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    return numbers >= FIRST_VERSION


def logprobs(text: str, beliefs: Mapping[str, Mapping[str, float]], top: int) -> list[dict[str, Any]]:
    """Entries whose tokens make up the text. beliefs: probability of each value, by key of the text's JSON object.

    top: alternatives per token, 0 to MOST_ALTERNATIVES.
    """
    entries, at = [], 0
    for start, end, belief, key in _values(text, beliefs):
        entries += _plain(text[at:start], top)
        entries += _value(text[start:end], belief, key, top)
        at = end
    return entries + _plain(text[at:], top)


def _values(
    text: str, beliefs: Mapping[str, Mapping[str, float]]
) -> Iterator[tuple[int, int, Mapping[str, float], str]]:
    """Where the values of those keys stand, the blank before them included, from left to right."""
    found = []
    for key, belief in beliefs.items():
        place = re.search(rf'{re.escape(json.dumps(key))}\s*:(\s*(?:"(?:[^"\\]|\\.)*"|-?\d+))', text)
        if place:
            found.append((place.start(1), place.end(1), belief, key))
    return iter(sorted(found, key=lambda one: one[0]))


def _plain(text: str, top: int) -> list[dict[str, Any]]:
    """Keys, punctuation and free text."""
    entries = []
    for at, piece in enumerate(_PIECE.findall(text)):
        luck = chance(text, at)
        if piece.strip().isalnum():
            likely = exp(-0.02 - 2 * luck**3)
            entries.append(_entry(piece, {piece: likely} | _others(1 - likely, piece, luck), top))
        else:
            entries.append(_entry(piece, _others(1.0, piece, luck), top, forced=exp(-6 - 20 * luck)))
    return entries


def _value(text: str, belief: Mapping[str, float], key: str, top: int) -> list[dict[str, Any]]:
    """A value, cut in one of several ways: the first piece of the word itself carries the belief."""
    blank = text[: len(text) - len(text.lstrip())]
    quoted = text.lstrip().startswith('"')
    word = json.loads(text)
    luck = chance(key, "cut")
    letters = {said[:1].lower() for said in belief}
    single = quoted and len(letters) == len(belief) and luck < 0.5
    glued = blank + ('"' if quoted else "") if luck < 0.25 or 0.5 <= luck < 0.6 else ""
    whole = str(word)
    first = whole[:1] if single else _first(whole)
    rest = whole[len(first) :]
    pieces = [] if glued else [piece for piece in (blank, '"' if quoted else "") if piece]
    after = [rest[i : i + 2] for i in range(0, len(rest), 2)] if single else [rest] if rest else []
    weights = _spread(belief, glued, single, luck)
    entries = [_entry(piece, _others(1.0, piece, luck), top, forced=exp(-6 - 20 * luck)) for piece in pieces]
    entries.append(_entry(glued + first, weights, top))
    for piece in after:
        entries.append(_entry(piece, {piece: 0.998} | _others(0.002, piece, luck), top))
    return entries + (_plain('"', top) if quoted else [])


def _first(word: str) -> str:
    if word.isdigit():
        return word[:1]
    return _TABLE.get(word, (word if len(word) <= 8 else word[:4],))[0]


def _spread(belief: Mapping[str, float], glued: str, single: bool, luck: float) -> dict[str, float]:
    """Probability of each first token: every answer in the ways in which it may begin, some mass on other talk.

    Every answer has the same shares, so that the ratio of two answers' masses is that of their probabilities.
    """
    mass = 0.86 + 0.12 * luck
    weights: dict[str, float] = {}
    for said, likely in belief.items():
        first = _first(said)
        styled = glued + (said[:1] if single else first)
        for token, share in ((first, 0.6), (first.capitalize(), 0.15), (f" {first}", 0.15), (styled, 0.1)):
            weights[token] = weights.get(token, 0.0) + mass * share * likely
    return weights | _others(1 - mass, "", luck, taken=weights)


def _others(mass: float, piece: str, luck: float, taken: Mapping[str, float] | None = None) -> dict[str, float]:
    """What a model without a grammar would say instead, the likeliest first."""
    turn = int(luck * len(_OTHERS))
    tokens = [t for t in (*_OTHERS[turn:], *_OTHERS[:turn]) if t != piece and t not in (taken or {})]
    shares = [0.6**at for at in range(len(tokens))]
    return {token: mass * share / sum(shares) for token, share in zip(tokens, shares, strict=True)}


def _entry(token: str, weights: Mapping[str, float], top: int, forced: float | None = None) -> dict[str, Any]:
    """One token. forced: its probability where it is in none of the weights."""
    entry = _one(token, weights.get(token, 0.0) if forced is None else forced)
    if top:
        likely = sorted(weights.items(), key=lambda item: -item[1])[:top]
        entry["top_logprobs"] = [_one(other, weight) for other, weight in likely]
    return entry


def _one(token: str, probability: float) -> dict[str, Any]:
    return {"token": token, "logprob": log(max(probability, _LEAST)), "bytes": list(token.encode())}
