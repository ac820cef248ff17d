"""Words that a model or a user wrote, made safe for a prompt, a question or the page. No letter is lost."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from .letters import comparable, cut, extends, unspaced, words_in
from .number_words import whole_number
from .quotations import quotations

_ENDS = (
    " .,;:!?\"'\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d\u300e\u300f\u3002\u3001\uff0c\uff01\uff1f"
    "\u060c\u061f\u0964"
)
_QUESTION_MARKS = ("?", "\uff1f", "\u061f", "\u037e")
_SYNTAX = frozenset("<>{}[]()|\\`^~_/:")
"""Weights, wildcards, tags and paths in prompts are made of these."""
_IN_QUOTATIONS = frozenset("/:~^()")
"""Harmless in words to be written, as in OPEN 24/7; brackets as far as they give no weight."""
_COMMAND = re.compile(r"\bembedding\s*:|<[^<>]*>", re.IGNORECASE)
_WEIGHT = re.compile(r":\s*([\d.]+\s*\))")
MOST_QUOTED = 200
"""Characters by which a quotation that is kept whole may make a text longer than it should be."""


def plain_words(value: Any, length: int, own: str = "") -> str:
    """Words and simple punctuation only, one line, at most `length` characters; anything but text becomes "".

    What a model writes reaches a prompt: brackets, slashes and the like could name a file, a LoRA or an embedding.
    Quotations are never cut: they stay whole or go. own: the user's text; what is quoted from it stays as it is there.
    """
    if not isinstance(value, str):
        return ""
    user = comparable(own)
    pieces, at = [], 0
    for quotation in quotations(value):
        pieces.append(_plain(value[at : quotation.start]))
        said = value[quotation.start : quotation.end]
        known = bool(user) and comparable(quotation.words) in user
        pieces.append(_printable(said) if known else _plain_quotation(said))
        at = quotation.end
    pieces.append(_plain(value[at:]))
    return _trimmed(clip_words(" ".join("".join(pieces).split()), length))


def question_words(value: Any, length: int, own: str = "") -> str:
    """Plain words as one question, with its mark at the end; "" when nothing is left."""
    text = plain_words(value, length, own)
    mark = text[-1:] if text.endswith(_QUESTION_MARKS) else "?"
    text = text.rstrip("".join(_QUESTION_MARKS) + " .!")
    return f"{text}{mark}" if words_in(text) else ""


def one_line(text: str) -> str:
    """A text on one line without tags or angle brackets, so that it cannot end the marked part of a question early.

    Angle brackets become single guillemets, which look alike.
    """
    plain = text.replace("<", "\u2039").replace(">", "\u203a")
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", plain).split())


def clip_words(text: str, length: int) -> str:
    """At most `length` characters, cut between words where there is a gap, and never within a quotation.

    A quotation of up to MOST_QUOTED characters that begins before the cut stays whole, and the text ends with it.
    """
    if len(text) <= length:
        return text
    for quotation in quotations(text):
        if quotation.start < length < quotation.end:
            short = quotation.end - quotation.start <= MOST_QUOTED
            return text[: quotation.end] if short else text[: quotation.start].rstrip(" ,;")
    head = text[: length + 1]
    if unspaced(head[-1]) or unspaced(head[-2:-1] or " ") or " " not in head:
        return cut(text, length).rstrip(" ,;")
    return head.rsplit(" ", 1)[0].rstrip(" ,;")


def first_words(text: str, count: int) -> str:
    """At most `count` words of a text. A quotation is one word and stays whole; in scripts that are written without
    blanks, two characters are one."""
    spans = [(quotation.start, quotation.end) for quotation in quotations(text)]
    room, at, place = float(count), 0, 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        end = at
        while end < len(text) and not text[end].isspace():
            while place < len(spans) and spans[place][1] <= end:
                place += 1
            end = spans[place][1] if place < len(spans) and spans[place][0] <= end else end + 1
        word = text[at:end]
        dense = sum(map(unspaced, word)) / 2
        if max(1.0, dense) > room:
            kept = at + (len(cut(word, int(2 * room))) if dense > 1 and room >= 1 and not quotations(word) else 0)
            return _trimmed(" ".join(text[:kept].split()))
        room -= max(1.0, dense)
        at = end
    return _trimmed(" ".join(text.split()))


def spoken(text: str) -> str:
    """A short answer for comparison: as `comparable`, no punctuation around it, number words as digits."""
    bare = comparable(text).strip(_ENDS)
    number = whole_number(bare)
    return bare if number is None else str(number)


def found_in(part: str, whole: str) -> bool:
    """Whether a text occurs in another, whatever the case, the blanks and the punctuation around it. "" does not."""
    sought = comparable(part).strip(_ENDS)
    return bool(sought) and sought in comparable(whole)


def vocabulary(text: str) -> set[str]:
    """The words of a text in lower case, for counting overlap. Plural and singular fall together."""
    return {word if len(word) < 4 else word.removesuffix("s") for word in words_in(comparable(text))}


def number_within(value: Any, allowed: tuple[float, float]) -> float | None:
    """The value as a number when it is one and lies in the range, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and allowed[0] <= number <= allowed[1] else None


def _trimmed(text: str) -> str:
    """Without blanks, commas and full stops around it; a point before a digit is part of a number."""
    bare = text.strip(" ,.")
    return f".{bare}" if bare[:1].isdigit() and text.lstrip(" ,").startswith(f".{bare}") else bare


def _plain(text: str) -> str:
    """What stands outside of quotations. Blanks at the ends stay, for what comes before and after."""
    text = _COMMAND.sub(" ", text).replace("__", " ")
    kept = [char if _harmless(text, at, char) else " " for at, char in enumerate(text)]
    return re.sub(r"(?<! ) +([,.])(?!\d)", r"\1", "".join(kept))


def _plain_quotation(text: str) -> str:
    text = _WEIGHT.sub(r" \1", _COMMAND.sub(" ", text)).replace("__", " ")
    return "".join(char if char in _IN_QUOTATIONS or _harmless(text, at, char) else " " for at, char in enumerate(text))


def _printable(text: str) -> str:
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)


def _harmless(text: str, at: int, char: str) -> bool:
    """Whether a character of a model's words may reach a prompt."""
    if char in _SYNTAX:
        between = at > 0 and text[at - 1].isdigit() and text[at + 1 : at + 2].isdigit()
        return (between and char in "/:") or (char == "_" and text[at - 1 : at].isalnum())
    return unicodedata.category(char)[0] in "LMNPSZ" or extends(char)
