"""Words that a model or a user wrote, made safe for a prompt, a question or the page."""

from __future__ import annotations

import math
import re
from typing import Any

_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
NUMBERS: dict[str, int] = {word: number for number, word in enumerate(_NUMBER_WORDS)}
"""Numbers as words, 0 to 20. More of one thing nobody counts in a picture."""

_ENDS = " .,;:!?\"'"


def plain_words(value: Any, length: int) -> str:
    """Words and simple punctuation only, one line, at most `length` characters; anything but text becomes "".

    What a model writes reaches a prompt: brackets, slashes and the like could name a file, a LoRA or an embedding.
    """
    if not isinstance(value, str):
        return ""
    text = re.sub(r"\bembedding\s*:|<[^<>]*>|[^\w\s,.'\"\-+%&]", " ", value, flags=re.IGNORECASE)
    text = re.sub(r"\s+([,.])", r"\1", " ".join(text.split()))
    return clip_words(text, length).strip(" ,.")


def question_words(value: Any, length: int) -> str:
    """Plain words as one question, with its mark at the end; "" when nothing is left."""
    text = plain_words(value, length)
    return f"{text}?" if text else ""


def one_line(text: str) -> str:
    """A text on one line without tags or angle brackets, so that it cannot end the marked part of a question early."""
    return " ".join(re.sub(r"[<>\x00-\x1f\x7f]", " ", text).split())


def clip_words(text: str, length: int) -> str:
    """At most `length` characters, cut between words where there is a gap."""
    if len(text) <= length:
        return text
    head = text[: length + 1]
    return (head.rsplit(" ", 1)[0] if " " in head else head[:length]).rstrip(" ,;")


def first_words(text: str, count: int) -> str:
    """At most `count` words of a text."""
    return " ".join(text.split()[:count]).strip(" ,.")


def spoken(text: str) -> str:
    """A short answer for comparison: lower case, single blanks, no punctuation around it, number words as digits."""
    bare = " ".join(text.casefold().split()).strip(_ENDS)
    return str(NUMBERS[bare]) if bare in NUMBERS else bare


def found_in(part: str, whole: str) -> bool:
    """Whether a text occurs in another, whatever the case, the blanks and the punctuation around it. "" does not."""
    sought = " ".join(part.casefold().split()).strip(_ENDS)
    return bool(sought) and sought in " ".join(whole.casefold().split())


def vocabulary(text: str) -> set[str]:
    """The words of a text in lower case, for counting overlap. Plural and singular fall together."""
    return {word if len(word) < 4 else word.removesuffix("s") for word in re.findall(r"\w+", text.casefold())}


def number_within(value: Any, allowed: tuple[float, float]) -> float | None:
    """The value as a number when it is one and lies in the range, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and allowed[0] <= number <= allowed[1] else None
