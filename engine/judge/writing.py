"""Whether the writing that was read in a picture is the writing that is wanted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from .checklist import Requirement
from .letters import comparable, letters_of, words_in
from .quotations import quoted

Found = Literal["as wanted", "within", "nearly", "otherwise", "nothing"]
"""Of the wanted writing: read letter by letter; so within a longer word, as readers lose blanks; with few letters
otherwise; other writing was read; none was."""
FOUND: tuple[Found, ...] = get_args(Found)
NEARLY = 0.34
"""Share of letters that may differ where the writing was meant to be the wanted one. Ours."""
BESIDE = 3
"""So many letters before or after it are other writing, fewer a misspelling. Ours."""
MOST_WORDS = 400


class WritingFound(NamedTuple):
    """closest: what was read that comes nearest to it, "" where nothing does."""

    found: Found
    closest: str


def wanted_writing(requirement: Requirement) -> str:
    """The words that a requirement wants to be written; "" where it names none, or letters that readers were not
    measured with: only those of English were."""
    if requirement.kind != "text":
        return ""
    words = quoted(requirement.text) or quoted(requirement.question)
    letters = _letters(words)
    return words if letters and letters.isascii() else ""


def compare_writing(wanted: str, lines: Sequence[str]) -> WritingFound:
    """wanted: as wanted_writing gives it. lines: what was read, in reading order.

    Capitals and blanks do not count: readers lose blanks, and the judges' own questions are answered without capitals.
    The writing must begin and end where words that were read do, so that "HELL" is not found in "HELLO".
    """
    aim = _letters(wanted)
    words = [word for line in lines for word in words_in(line) if _letters(word)][:MOST_WORDS]
    slack = int(NEARLY * len(aim))
    best, closest = slack + 1, ""
    for start in range(len(words)):
        joined = ""
        for end in range(start, len(words)):
            joined += _letters(words[end])
            if len(joined) > len(aim) + slack:
                break
            if len(joined) < len(aim) - slack:
                continue
            apart = _edits(aim, joined, best)
            if apart < best:
                best, closest = apart, " ".join(words[start : end + 1])
    if best == 0:
        return WritingFound("as wanted", closest)
    if containing := next((word for word in words if _within(aim, _letters(word))), ""):
        return WritingFound("within", containing)
    if closest:
        return WritingFound("nearly", closest)
    return WritingFound("otherwise", " ".join(words)) if words else WritingFound("nothing", "")


def _within(aim: str, word: str) -> bool:
    at = word.find(aim)
    while at >= 0:
        before, after = at, len(word) - at - len(aim)
        if all(beside == 0 or beside >= BESIDE for beside in (before, after)):
            return True
        at = word.find(aim, at + 1)
    return False


def _letters(text: str) -> str:
    return letters_of(comparable(text))


def _edits(one: str, other: str, limit: int) -> int:
    """Letters to change, add, leave out or swap with the next (Damerau, 1964), or `limit` where it is no less."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        earlier, before, row = before, row, [number]
        for at, said in enumerate(other, 1):
            row.append(min(before[at] + 1, row[at - 1] + 1, before[at - 1] + (letter != said)))
            if number > 1 and at > 1 and letter == other[at - 2] and one[number - 2] == said:
                row[at] = min(row[at], earlier[at - 2] + 1)
        if min(row) >= limit and min(before) >= limit:
            return limit
    return min(row[-1], limit)
