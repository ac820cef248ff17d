"""A checklist without a model: the user's lines as they are, or the goal taken apart at its punctuation.

How each requirement is asked comes from templates. A second wording has the opposite polarity or an open form, because
a model that likes to say yes then fails one of the two (docs/design-notes.md, 2.4).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from .absence import absent_thing, denials, without_denials
from .checklist import GOAL_LENGTH, MOST_REQUIREMENTS, Ask, Checklist, Kind, Requirement, Source
from .counts import MOST_COUNTED, counted
from .language_words import Language, likely_languages
from .letters import comparable, letters_of
from .quotations import in_marks, quoted
from .requirement_time import is_event, time_of
from .text_segmentation import split_text, without_list_mark
from .words import clip_words

HARD_TRUST, MOST_EASY_COUNT = 0.5, 4
"""Judges miscount above 4 to 5 and mix up relations (docs/design-notes.md, 2.6), and what moves where and in which
order (arXiv 2403.00476)."""
LINE_LENGTH = 200
BY_RULE = (
    "{why} So the goal was taken apart by rule, at its punctuation. Write a checklist of your own for a better one."
)
"""A note for the user, where a model was to do it."""

_RELATION = re.compile(
    r"\b(?:left of|right of|above|below|under|beneath|on top of|in front of|behind|between|next to|beside|inside|"
    r"to the (?:left|right))\b",
    re.I,
)
_VERBS = frozenset("is are has have wears wear holds hold".split())
_QUESTION_MARKS = ("?", "\uff1f", "\u061f", "\u037e")
_ASKING = frozenset("is are does do has have was were can".split())

Languages = frozenset[Language]


class QuestionForm(NamedTuple):
    """One question with its right answers, lower case, counts as digits."""

    question: str
    ask: Ask
    expect: tuple[str, ...]


def kind_of(line: str, languages: Languages | None = None) -> Kind:
    """What a requirement in the user's words is about, by simple rules; "object" where none applies.

    languages: those of the whole goal, for a line that shows none of its own.
    """
    line = _bare(line)
    found = denials(line, languages)
    if absent_thing(line, languages) or (found and found[0].keeps == "nothing" and found[0].start == 0):
        return "absence"
    if quoted(without_denials(line, languages) if found else line):
        return "text"
    if counted(line):
        return "count"
    return "relation" if _RELATION.search(line) else "object"


def first_wording(line: str, kind: Kind, languages: Languages | None = None) -> QuestionForm:
    """A question for a requirement in words. A line that is a question already is asked as it is."""
    what = _bare(line)
    if line.strip().endswith(_QUESTION_MARKS):
        return QuestionForm(line.strip(), "yesno", ("yes",))
    if kind == "count" and (count := counted(what)):
        return QuestionForm(f"How many {count.things} are there?", "count", count.answers)
    thing = absent_thing(what, languages)
    if kind == "absence" and thing:
        return QuestionForm(f"Is there any {thing}{_in_the_picture(thing)}?", "yesno", ("no",))
    if kind == "absence" or any(not denial.thing for denial in denials(what, languages)):
        # What the rules cannot read is asked as it was said: "any keine Menschen" would ask for nothing.
        return QuestionForm(f"Is this true of the picture: {what}?", "yesno", ("yes",))
    if kind == "text" and (writing := quoted(what)):
        return QuestionForm(f"Is {in_marks(writing)} written in the picture, spelled exactly so?", "yesno", ("yes",))
    that = "that " if _states(what) else ""
    return QuestionForm(f"Does the picture show {that}{what}?", "yesno", ("yes",))


def event_wordings(what: str) -> tuple[QuestionForm, QuestionForm]:
    """Two questions for what happens in a clip, of opposite polarity."""
    what = _bare(what)
    return (
        QuestionForm(f"Does this happen in the clip: {what}?", "yesno", ("yes",)),
        QuestionForm(f"Does the clip go by without this happening: {what}?", "yesno", ("no",)),
    )


def second_wording(line: str, kind: Kind, first: QuestionForm, languages: Languages | None = None) -> QuestionForm:
    """Another question for the same requirement. first: the one it must differ from."""
    what = _bare(line)
    if kind == "count" and (count := counted(what)):
        return QuestionForm(f"Count them one by one: what is the number of {count.things}?", "count", first.expect)
    if first.ask == "count":
        return QuestionForm(f"Count carefully, one by one. {first.question}", "count", first.expect)
    thing = absent_thing(what, languages)
    if kind == "absence" and thing and first.expect == ("no",):
        return QuestionForm(f"Is the picture free of {thing}?", "yesno", ("yes",))
    if kind == "text" and (writing := quoted(what)):
        if letters_of(writing) == writing:
            return QuestionForm("Which word is written in the picture?", "open", (comparable(writing),))
        question = f"Is the writing {in_marks(writing)} missing or misspelled in the picture?"
        return QuestionForm(question, "yesno", ("no",))
    if first.ask == "yesno" and first.expect == ("no",):
        return QuestionForm(f"Is this true of the picture: {what}?", "yesno", ("yes",))
    if denials(what, languages) or kind == "absence":
        return QuestionForm(f"Does the picture contradict this: {what}?", "yesno", ("no",))
    return QuestionForm(f"Is this missing or wrong in the picture: {what}?", "yesno", ("no",))


def trust_in(kind: Kind, expect: Collection[str]) -> float:
    """How far judges can tell such a requirement, 0..1."""
    numbers = [int(answer) for answer in expect if answer.isdigit()] if kind == "count" else []
    # What has to be told apart: the ends of a range, where it has them.
    ends = [end for end in (min(numbers), max(numbers)) if 0 < end < MOST_COUNTED] if numbers else []
    return HARD_TRUST if kind == "relation" or any(end > MOST_EASY_COUNT for end in ends) else 1.0


def checklist_of_lines(goal: str, lines: Sequence[str], clip: bool = False) -> Checklist:
    """One requirement for each line, in the user's words; empty and repeated lines and list marks are left out.

    clip: whether a clip is judged; then words about time count.

    Raises ValueError with a sentence for the user: none, more than 30, or a line longer than 200 characters.
    """
    texts = list(dict.fromkeys(text for text in (" ".join(without_list_mark(line).split()) for line in lines) if text))
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
    return _made(goal, texts, "user", likely_languages(" ".join(texts)), clip)


def checklist_of_goal(goal: str, why: str = "", clip: bool = False) -> Checklist:
    """The goal taken apart at commas, sentences, line breaks, list marks and "and", where no model can do it better.

    Words in quotes stay together. Of more than MOST_REQUIREMENTS parts the first ones, see Checklist.uncovered. Empty
    for an empty goal. clip: as in checklist_of_lines.
    why: a sentence that says why no model did it, "" where none was to.
    """
    parts = split_text(goal, at_and=True)
    texts = list(dict.fromkeys(clip_words(_wish(part.text), LINE_LENGTH) for part in parts if part.start < GOAL_LENGTH))
    texts = _with_their_times(texts) if clip else texts
    beyond = [clip_words(part.text, LINE_LENGTH) for part in parts if part.start >= GOAL_LENGTH]
    texts, uncovered = texts[:MOST_REQUIREMENTS], (*texts[MOST_REQUIREMENTS:], *beyond)
    notes = (BY_RULE.format(why=why),) if why else ()
    return _made(goal, texts, "rule", likely_languages(goal), clip).model_copy(
        update={"notes": notes, "uncovered": uncovered}
    )


def requirement_of(name: str, text: str, kind: Kind, source: Source, languages: Languages | None = None) -> Requirement:
    """A requirement with both wordings made by rule. name: its id."""
    first = first_wording(text, kind, languages)
    second = second_wording(text, kind, first, languages)
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


def requirement_by_rule(name: str, text: str, source: Source, languages: Languages, clip: bool) -> Requirement:
    """The same, its kind by its words. clip: whether a clip is judged; then when it must hold is read in them too."""
    if not clip:
        return requirement_of(name, text, kind_of(text, languages), source, languages)
    when, asked = time_of(text)
    made = requirement_of(name, asked or text, kind_of(asked or text, languages), source, languages)
    update: dict[str, Any] = {"text": text, "span": text, "when": when or "throughout"}
    if when is not None and is_event(when):
        first, second = event_wordings(asked)
        update |= {"kind": "object" if made.kind in ("count", "text") else made.kind, "trust": HARD_TRUST}
        update |= {"question": first.question, "ask": first.ask, "expect": first.expect}
        update |= {"alt_question": second.question, "alt_ask": second.ask, "alt_expect": second.expect}
    return made.model_copy(update=update)


def _with_their_times(texts: Sequence[str]) -> list[str]:
    """A part that only says when ("At the end") belongs to the next one, or to the one before where it is the last."""
    joined: list[str] = []
    waiting = ""
    for text in texts:
        when, rest = time_of(text)
        if when is not None and not rest:
            waiting = text
            continue
        joined.append(f"{waiting} {text}".strip())
        waiting = ""
    if waiting:
        joined = [*joined[:-1], f"{joined[-1]} {waiting}"] if joined else [waiting]
    return list(dict.fromkeys(joined))


def _made(goal: str, texts: Sequence[str], source: Source, languages: Languages, clip: bool) -> Checklist:
    requirements = (
        requirement_by_rule(f"r{number}", text, source, languages, clip) for number, text in enumerate(texts, 1)
    )
    return Checklist(goal=goal, requirements=tuple(requirements))


def _wish(text: str) -> str:
    """A part of a goal is a wish, no question, unless it asks about the picture: "a red car?" asks for one."""
    asks = comparable(text).split(" ", 1)[0] in _ASKING
    return text if asks or not text.endswith(_QUESTION_MARKS) else text.rstrip("".join(_QUESTION_MARKS) + " ") or text


def _in_the_picture(thing: str) -> str:
    """Not twice: "any people in the background" says where."""
    return "" if re.search(r" (?:in|on|at|behind|above|below|under|near|of) ", thing) else " in the picture"


def _states(what: str) -> bool:
    """Whether a line is a sentence rather than a name: "the hat is red"."""
    return any(word in _VERBS for word in comparable(what).split()[1:-1])


def _bare(line: str) -> str:
    return " ".join(line.split()).rstrip(" .!?\uff01\uff1f\u3002")
