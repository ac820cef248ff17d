"""A checklist without a model: the user's lines as they are, or the goal taken apart at its commas.

How each requirement is asked comes from templates. A second wording has the opposite polarity or an open form, because
a model that likes to say yes then fails one of the two (docs/design-notes.md, 2.4).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from .checklist import MOST_REQUIREMENTS, Ask, Checklist, Kind, Requirement
from .words import NUMBERS, clip_words

HARD_TRUST, MOST_EASY_COUNT = 0.5, 4
"""Judges miscount above 4 to 5 and mix up relations (docs/design-notes.md, 2.6)."""

_NUMBER = "|".join(sorted(NUMBERS, key=len, reverse=True))
_COUNT = re.compile(rf"(?:there (?:are|is) |exactly |only |just |a total of )*(\d{{1,2}}|{_NUMBER}) ([^\W\d_].*)", re.I)
_ABSENCE = re.compile(r"(?:there (?:are|is) )?(?:no|without|not any) (?:any |a |an )?(.+)", re.I)
_QUOTED = re.compile(r"[\"\u201c\u201d\u201e]([^\"\u201c\u201d\u201e]+)[\"\u201c\u201d]|(?<!\w)'([^']+)'(?!\w)")
_RELATION = re.compile(
    r"\b(?:left of|right of|above|below|under|beneath|on top of|in front of|behind|between|next to|beside|inside|"
    r"to the (?:left|right))\b",
    re.I,
)
_STATEMENT = re.compile(r"\w.* (?:is|are|has|have|wears|wear|holds|hold) \w", re.I)


class QuestionForm(NamedTuple):
    """One question with its right answers, lower case, counts as digits."""

    question: str
    ask: Ask
    expect: tuple[str, ...]


def kind_of(line: str) -> Kind:
    """What a requirement in the user's words is about, by simple rules; "object" where none applies."""
    line = _bare(line)
    if _ABSENCE.fullmatch(line):
        return "absence"
    if _QUOTED.search(line):
        return "text"
    if counted(line):
        return "count"
    return "relation" if _RELATION.search(line) else "object"


def first_wording(line: str, kind: Kind) -> QuestionForm:
    """A question for a requirement in words. A line that is a question already is asked as it is."""
    what = _bare(line)
    if line.strip().endswith("?"):
        return QuestionForm(line.strip(), "yesno", ("yes",))
    if kind == "count" and (count := counted(what)):
        return QuestionForm(f"How many {count[1]} are there?", "count", (str(count[0]),))
    if kind == "absence":
        return QuestionForm(f"Is there any {thing_absent(what)} in the picture?", "yesno", ("no",))
    if kind == "text" and (writing := quoted(what)):
        return QuestionForm(f'Is "{writing}" written in the picture, spelled exactly so?', "yesno", ("yes",))
    that = "that " if _STATEMENT.match(what) else ""
    return QuestionForm(f"Does the picture show {that}{what}?", "yesno", ("yes",))


def second_wording(line: str, kind: Kind, first: QuestionForm) -> QuestionForm:
    """Another question for the same requirement. first: the one it must differ from."""
    what = _bare(line)
    if kind == "count" and (count := counted(what)):
        return QuestionForm(f"Count them one by one: what is the number of {count[1]}?", "count", first.expect)
    if first.ask == "count":
        return QuestionForm(f"Count carefully, one by one. {first.question}", "count", first.expect)
    if kind == "absence":
        return QuestionForm(f"Is the picture free of {thing_absent(what)}?", "yesno", ("yes",))
    if kind == "text" and (writing := quoted(what)):
        if re.fullmatch(r"\w+", writing):
            return QuestionForm("Which word is written in the picture?", "open", (writing.casefold(),))
        return QuestionForm(f'Is the writing "{writing}" missing or misspelled in the picture?', "yesno", ("no",))
    if first.ask == "yesno" and first.expect == ("no",):
        return QuestionForm(f"Is this true of the picture: {what}?", "yesno", ("yes",))
    return QuestionForm(f"Is this missing or wrong in the picture: {what}?", "yesno", ("no",))


def trust_in(kind: Kind, expect: tuple[str, ...]) -> float:
    """How far judges can tell such a requirement, 0..1."""
    many = kind == "count" and any(answer.isdigit() and int(answer) > MOST_EASY_COUNT for answer in expect)
    return HARD_TRUST if many or kind == "relation" else 1.0


def counted(line: str) -> tuple[int, str] | None:
    """The number and the things of "three ducks" or "one duck", in the plural; None for anything else, or above 20."""
    match = _COUNT.fullmatch(_bare(line))
    if match is None:
        return None
    number = int(match[1]) if match[1].isdigit() else NUMBERS[match[1].lower()]
    if number > max(NUMBERS.values()):
        return None
    # "one duck" is asked as "How many ducks"; a longer phrase has its noun somewhere in the middle.
    single = number == 1 and len(match[2].split()) <= 3 and match[2][-1].isalpha() and not match[2].endswith("s")
    return number, f"{match[2]}s" if single else match[2]


def thing_absent(line: str) -> str:
    """What must not be there, without the "no"."""
    match = _ABSENCE.fullmatch(_bare(line))
    return match[1] if match else _bare(line)


def quoted(line: str) -> str:
    """The first words in quotes, or ""."""
    match = _QUOTED.search(line)
    return (match[1] or match[2] or "").strip() if match else ""


def _bare(line: str) -> str:
    return " ".join(line.split()).rstrip(" .!?")


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
    return _made(goal, [clip_words(text, LINE_LENGTH) for text in texts])


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
