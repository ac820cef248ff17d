"""A checklist without a model: the user's lines as they are, or the goal taken apart at its commas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from .checklist import MOST_REQUIREMENTS, Checklist, Kind, Requirement
from .checklist_wording import first_wording, kind_of, second_wording, trust_in
from .words import clipped

LINE_LENGTH = 200
_MARK = re.compile(r"^(?:[-*\u2022]|\d{1,2}[.)])\s+")
_BREAK = re.compile(r"[,;\n]|\.\s|\band\b", re.IGNORECASE)
_TOGETHER = re.compile(r"\"[^\"]*\"|\u201c[^\u201d]*\u201d|(?<!\w)'[^']*'(?!\w)|\bblack and white\b", re.IGNORECASE)


def checklist_of_lines(goal: str, lines: Sequence[str]) -> Checklist:
    """One requirement for each line, in the user's words; empty and repeated lines and list marks are left out.

    Raises ValueError with a sentence for the user: none, more than 10, or a line longer than 200 characters.
    """
    texts = list(dict.fromkeys(text for text in (_MARK.sub("", line.strip()).strip() for line in lines) if text))
    if not texts:
        raise ValueError("The checklist is empty. Write at least one requirement, one a line.")
    if len(texts) > MOST_REQUIREMENTS:
        raise ValueError(
            f"The checklist has {len(texts)} requirements; at most {MOST_REQUIREMENTS} can be judged. "
            "Keep the most important ones, one a line."
        )
    for number, text in enumerate(texts, 1):
        if len(text) > LINE_LENGTH:
            raise ValueError(
                f"Requirement {number} of the checklist is longer than {LINE_LENGTH} characters. "
                "Write one visible fact a line."
            )
    return _made(goal, texts)


def checklist_of_goal(goal: str) -> Checklist:
    """The goal taken apart at commas, semicolons, line breaks, full stops and "and", where no model can do it better.

    Words in quotes stay together. At most 10 parts: the last one holds what is left. Empty for an empty goal.
    """
    texts = list(parts_of(goal, _BREAK))
    if len(texts) > MOST_REQUIREMENTS:
        texts = [*texts[: MOST_REQUIREMENTS - 1], ", ".join(texts[MOST_REQUIREMENTS - 1 :])]
    return _made(goal, [clipped(text, LINE_LENGTH) for text in texts])


def parts_of(goal: str, breaks: re.Pattern[str]) -> tuple[str, ...]:
    """What lies between the breaks, each part once, on one line, without dots around it. Words in quotes stay whole."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\x00{len(kept) - 1}\x00"

    hidden = _TOGETHER.sub(keep, goal.replace("\x00", " "))
    parts = [re.sub(r"\x00(\d+)\x00", lambda match: kept[int(match[1])], part) for part in breaks.split(hidden)]
    return tuple(dict.fromkeys(text for text in (" ".join(part.split()).strip(" .") for part in parts) if text))


def _made(goal: str, texts: Sequence[str]) -> Checklist:
    return Checklist(goal=goal, requirements=tuple(_requirement(f"r{n}", text) for n, text in enumerate(texts, 1)))


def _requirement(name: str, text: str) -> Requirement:
    return requirement_of(name, text, kind_of(text), "user")


def requirement_of(name: str, text: str, kind: Kind, source: Literal["user", "model"]) -> Requirement:
    """A requirement with both wordings made by rule. name: its id."""
    first = first_wording(text, kind)
    second = second_wording(text, kind, first)
    return Requirement(
        id=name,
        kind=kind,
        text=text,
        question=first.question,
        ask=first.ask,
        expect=first.expect,
        alt_question=second.question,
        alt_ask=second.ask,
        alt_expect=second.expect,
        span=text,
        trust=trust_in(kind, first.expect),
        source=source,
    )
