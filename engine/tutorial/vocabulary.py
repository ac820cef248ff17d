"""The words of the scene language."""

from __future__ import annotations

import re

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "black", "white", "grey")
SHAPES = ("circle", "square", "triangle", "star", "diamond", "ring")
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
MAX_WORD = 12

COLOUR_WORDS = {c: c for c in COLOURS} | {"gray": "grey", "violet": "purple", "turquoise": "cyan", "teal": "cyan"}
SHAPE_WORDS = (
    {s: (s, False) for s in SHAPES}
    | {s + "s": (s, True) for s in SHAPES}
    | {"disc": ("circle", False), "discs": ("circle", True), "disk": ("circle", False), "disks": ("circle", True)}
)
COUNT_WORDS = {w: n for n, w in enumerate(NUMBERS)} | {str(n): n for n in range(len(NUMBERS))} | {"a": 1, "an": 1}
VAGUE = {"some", "several", "few", "many", "multiple", "various"}
EMPHASIS = {"exactly", "precisely", "clearly", "definitely"}
PLAIN = {"plain", "pure", "solid"}
NEGATION = {"no", "without"}
COMPARING = {"more", "less", "fewer", "other"}
"""After these, "no" counts and does not negate."""
BACKGROUND = {"background", "backdrop"}
VERTICAL = {"above": "above", "over": "above", "below": "below", "under": "below", "beneath": "below"}
PLACE_WORDS = {
    "top": "top",
    "upper": "top",
    "bottom": "bottom",
    "lower": "bottom",
    "left": "left",
    "right": "right",
    "centre": "centre",
    "center": "centre",
    "middle": "centre",
}
PICTURE_WORDS = {"picture", "image", "canvas", "frame", "scene", "photo"}
WRITTEN = re.compile(
    r"\b(?i:words?|texts?|saying|says|reads?|reading|written|letters|sign|title|label(?:led)?|caption)\b"
    r"[^\"“”,.;\n]{0,16}[\"“”]([^\"“”\n]{1,40})[\"“”]"
    r"|\b(?i:word|text|saying|reads)\s+['‘’]([^'‘’\n]{1,40})['‘’]"  # noqa: RUF001
    # Without quotes too: they are taken out of what a judge proposes.
    r"|\b(?i:word|text)\s+([A-Z0-9]+(?: [A-Z0-9]+)*)\b",
)
WEIGHT = re.compile(r":\s*\d+(?:\.\d+)?\s*\)")
TOKEN = re.compile(r"[a-z]+|\d+|[,.;:!?\n]")
WORD_TOKEN = "thewrittenword"


def spoken(number: int) -> str:
    """The number as a word where this language has one, else in digits."""
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def plain_word(text: str) -> str:
    """The text as it is painted: upper case letters, digits and single spaces, at most MAX_WORD characters."""
    return " ".join(re.sub(r"[^A-Z0-9 ]", "", text.upper()).split())[:MAX_WORD].strip()
