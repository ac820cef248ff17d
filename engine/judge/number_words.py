"""Whole numbers in English words and in the digits of any script, 0 to 100. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
MOST_SPOKEN = 100
NUMBERS: dict[str, int] = (
    {word: number for number, word in enumerate(_SMALL)}
    | {word: 10 * number for number, word in enumerate(_TENS, 2)}
    | {f"{ten}-{_SMALL[one]}": 10 * number + one for number, ten in enumerate(_TENS, 2) for one in range(1, 10)}
)
"""Numbers as one word, 0 to 99."""
_GROUPS = {"dozen": 12, "hundred": 100}


def leading_number(words: Sequence[str]) -> tuple[int, int] | None:
    """(number, how many of the words say it) at the start of words in lower case: "3", "twenty five", "a dozen",
    "half a dozen", "two dozen", "a hundred". None for anything else, and above 100."""
    if not words:
        return None
    if list(words[:3]) == ["half", "a", "dozen"]:
        return 6, 3
    if words[0] in ("a", "one", "1") and words[1:2] in (["dozen"], ["hundred"]):
        more = words[1] == "hundred" and _number_of(words[2]) is not None if len(words) > 2 else False
        return None if more else (_GROUPS[words[1]], 2)
    number = _number_of(words[0])
    if number is None:
        return None
    after = words[1] if len(words) > 1 else ""
    if words[0] in _TENS and 1 <= NUMBERS.get(after, 0) <= 9:
        return number + NUMBERS[after], 2
    if after == "dozen":
        return (12 * number, 2) if 1 <= 12 * number <= MOST_SPOKEN else None
    if after in ("hundred", "thousand", "million", "billion"):
        return None
    return (number, 1) if number <= MOST_SPOKEN else None


def whole_number(text: str) -> int | None:
    """The number that a whole text says, in lower case; None where it says anything else."""
    words = text.split()
    found = leading_number(words)
    return found[0] if found is not None and found[1] == len(words) else None


def _number_of(word: str) -> int | None:
    if word in NUMBERS:
        return NUMBERS[word]
    if 1 <= len(word) <= 3 and all(unicodedata.category(char) == "Nd" for char in word):
        return int(word)
    return None
