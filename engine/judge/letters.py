"""Characters as people see them, and the words they make, in every script. Pure; time grows with the length alone.

Python's own word pattern takes a combining mark for punctuation, so that words of Hindi, Thai or vowelled Arabic fall
apart, and it knows no words in scripts that are written without blanks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_ZWJ = "\u200d"
_JOINERS = frozenset("\u200c\u200d")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Burmese, Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d"
    "\U00020000-\U0003ffff]"
)
_LONGEST_RUN_OF_MARKS = 30
"""Marks on one letter that are put in order together (Unicode Standard Annex 15, 13: Stream-Safe Text)."""


def extends(char: str) -> bool:
    """Whether a character belongs to the one before it: a combining mark, joiner, skin tone or later jamo."""
    if char < "\u0300":
        return False
    return (
        unicodedata.category(char)[0] == "M"
        or char in _JOINERS
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or "\u1160" <= char <= "\u11ff"
    )


def unspaced(char: str) -> bool:
    """Whether a character is of a script that is written without blanks between words."""
    return _UNSPACED.match(char) is not None


def words_in(text: str) -> list[str]:
    """The words as they stand: letters and digits with their marks. Emoji, and characters of scripts written without
    blanks, are words of their own; punctuation is none."""
    if text.isascii():
        return re.findall(r"\w+", text)
    found: list[list[str]] = []
    open_word = False
    joined = False
    for char in text:
        if found and (joined or extends(char)) and char != " ":
            found[-1].append(char)
            joined = char == _ZWJ
            continue
        joined = False
        if char.isalnum() or char == "_":
            alone = unspaced(char)
            if open_word and not alone:
                found[-1].append(char)
            else:
                found.append([char])
            open_word = not alone
        else:
            open_word = False
            if unicodedata.category(char) == "So" or extends(char):
                found.append([char])
    return ["".join(word) for word in found]


def letters_of(text: str) -> str:
    """Letters, digits and their marks alone."""
    if text.isascii():
        return re.sub(r"[\W_]", "", text)
    return "".join(char for char in text if char.isalnum() or extends(char))


def cut(text: str, length: int) -> str:
    """At most `length` code points, never within a character, unless that is longer than all that may stay."""
    if len(text) <= length:
        return text
    at = length
    while at > 0 and _within_character(text, at):
        at -= 1
    return text[: at or length]


def _within_character(text: str, at: int) -> bool:
    """Whether a cut before the code point `at` would part a character."""
    if extends(text[at]) or text[at - 1] == _ZWJ:
        return True
    flags = 0
    if _flag_letter(text[at]):
        while flags < at and _flag_letter(text[at - 1 - flags]):
            flags += 1
    return flags % 2 == 1


def _flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def comparable(text: str) -> str:
    """A text for comparison: lower case, composed, wide and ligated forms as plain ones, single blanks."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(_compose(_compose(text).casefold()).split())


def _compose(text: str) -> str:
    """NFKC. Runs of marks that no writing has are taken in pieces: sorting them takes the square of their length."""
    pieces, begun, run = [], 0, 0
    for at, char in enumerate(text):
        run = run + 1 if unicodedata.combining(char) else 0
        if run > _LONGEST_RUN_OF_MARKS:
            pieces.append(text[begun:at])
            begun, run = at, 1
    pieces.append(text[begun:])
    return "".join(unicodedata.normalize("NFKC", piece) for piece in pieces)


def sentence_case(text: str) -> str:
    """With a capital at the start, where that is one letter again (not so for the German sharp s)."""
    first = text[:1].title()
    return first + text[1:] if len(first) == 1 and text.isascii() | (text[:1] < "\u0590") else text


def listed(parts: Sequence[str], most: int, more: str = "more") -> str:
    """At least one part, with commas and "and"; those beyond so many are counted: "a, b and 3 more"."""
    named, rest = list(parts[:most]), len(parts) - most
    last = f"{rest} {more}" if rest > 0 else named.pop()
    return " and ".join(filter(None, [", ".join(named), last]))
