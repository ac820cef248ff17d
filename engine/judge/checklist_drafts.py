"""One requirement as a model proposed it, read, and put right where rules know better than the model. Pure.

Rules know better about numbers, where the goal itself says how many, about denials in English, and about words to be
written: those are asked for as the goal has them. Everything else is the model's, in whatever language it asks.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, get_args

from .absence import absent_thing, denies
from .checklist import Ask, Kind, When
from .checklist_rules import QuestionForm, event_wordings, first_wording, second_wording
from .clause_text import usable_clause
from .counts import Count, count_of, counts_within, number_describes, numbers_said
from .language_words import likely_languages, yes_or_no
from .letters import comparable
from .quotations import in_marks, quoted
from .requirement_time import is_event, time_of
from .text_segmentation import parts_of
from .words import found_in, plain_words, question_words, spoken, vocabulary

TEXT_LENGTH, ASKED_LENGTH, EXPECT_LENGTH, SPAN_LENGTH = 80, 120, 40, 160
CLAUSES = 2
KINDS: tuple[str, ...] = get_args(Kind)
ASKS: tuple[str, ...] = get_args(Ask)
TIMES: tuple[str, ...] = get_args(When)

_DENIED = re.compile(r"\b(?:free|without|no|not|absent|missing|lack|lacks)\b", re.IGNORECASE)
_HOW_MANY = re.compile(r"how many\b|what is the number of\b|count\b", re.IGNORECASE)


class Draft(NamedTuple):
    """A usable requirement. number: its place in the model's list, from 1. when: see Requirement."""

    number: int
    kind: Kind
    text: str
    span: str
    first: QuestionForm
    second: QuestionForm
    parents: list[int]
    clauses: tuple[str, ...]
    when: When = "throughout"


def same_draft(one: Draft, other: Draft) -> bool:
    """Whether two drafts ask for one thing."""
    return spoken(one.text) == spoken(other.text) or spoken(one.first.question) == spoken(other.first.question)


def read_draft(number: int, one: dict[str, Any], goal: str, clip: bool = False) -> Draft | None:
    """None when the item says nothing, has no place in the goal, or its answer cannot be told. clip: whether
    a clip is judged."""
    kind, text = one.get("kind"), plain_words(one.get("text"), TEXT_LENGTH, goal)
    span = " ".join(one["span"].split()) if isinstance(one.get("span"), str) else ""
    if kind not in KINDS or not text or not found_in(span, goal):
        return None
    span = span.strip(" .,;:!?\"'")
    first, second = _wording(one, "", goal), _wording(one, "alt_", goal)
    when = _when(one.get("when"), text, span, goal) if clip else "throughout"
    if is_event(when):
        kind, first, second = _event(kind, text, first, second)
    elif kind == "count":
        kind, text, first, second = _count(text, span, goal, first, second)
    elif kind == "absence":
        first = _absence(text, goal, first)
    elif kind == "text":
        text, first = _written(text, one["span"], first)
    if first is None:
        return None
    unusable = second is None or spoken(second.question) == spoken(first.question)
    if unusable or (second.ask == "count" and second.expect != first.expect):
        second = second_wording(text, kind, first, likely_languages(goal))
    parents = one.get("parents")
    numbers = (
        [p for p in parents if isinstance(p, int) and not isinstance(p, bool)] if isinstance(parents, list) else []
    )
    return Draft(
        number=number,
        kind=kind,
        text=text,
        span=span,
        first=first,
        second=second,
        parents=list(dict.fromkeys(p for p in numbers if p != number)),
        when=when,
        clauses=() if kind == "absence" else _clauses(one.get("clauses"), goal, quoted(text) if kind == "text" else ""),
    )


def _when(given: Any, text: str, span: str, goal: str) -> When:
    """When it must hold: as its words say, where the rules can read them, else as the model has it, else as the part of
    the goal says that it comes from."""
    said = next((when for when in (time_of(span)[0], time_of(text)[0]) if when is not None), None)
    if said is not None and not (is_event(said) and given in ("start", "end", "sometime")):
        return said
    if given in TIMES and given != "throughout":
        return given
    part = next((part for part in parts_of(goal, at_and=True) if found_in(span, part)), "")
    around = time_of(part)[0]
    return "throughout" if around is None or is_event(around) else around


def _event(
    kind: Kind, text: str, first: QuestionForm | None, second: QuestionForm | None
) -> tuple[Kind, QuestionForm, QuestionForm | None]:
    """What happens is asked with yes and no, about the whole clip: as the model asks, else by rule."""
    by_rule = event_wordings(text)
    usable = [one if one is not None and one.ask == "yesno" else None for one in (first, second)]
    asked = usable[0] or by_rule[0]
    again = usable[1] if usable[0] is not None else None
    return "object" if kind in ("count", "text") else kind, asked, again or by_rule[1]


def _clauses(value: Any, goal: str, writing: str) -> tuple[str, ...]:
    given = value if isinstance(value, list) else []
    usable = (usable_clause(clause, goal, likely_languages(goal), writing) for clause in given)
    return tuple(dict.fromkeys(clause for clause in usable if clause))[:CLAUSES]


def _wording(one: dict[str, Any], prefix: str, goal: str) -> QuestionForm | None:
    """The first (prefix "") or second (prefix "alt_") wording, where question, form and answer fit together."""
    question, ask = question_words(one.get(f"{prefix}question"), ASKED_LENGTH, goal), one.get(f"{prefix}ask")
    given = one.get(f"{prefix}expect")
    given = [str(g) for g in (given if isinstance(given, list) else [given]) if isinstance(g, (str, int))]
    if not question or not given or ask not in ASKS:
        return None
    expect = _expected(ask, given, goal)
    return QuestionForm(question, ask, expect) if expect else None


def _expected(ask: Ask, given: list[str], goal: str) -> tuple[str, ...]:
    """The right answers, none where they do not fit the form of the question."""
    words = list(dict.fromkeys(filter(None, (spoken(plain_words(g, EXPECT_LENGTH, goal)) for g in given))))[:4]
    if ask == "yesno":
        said = {yes_or_no(word) for word in words}
        return tuple(word for word in said if word) if len(said) == 1 and None not in said else ()
    if ask == "count":
        numbers = numbers_said(given)
        return () if numbers is None else Count(*numbers, "").answers
    return () if any(yes_or_no(word) for word in words) else tuple(words)


def _count(
    text: str, span: str, goal: str, first: QuestionForm | None, second: QuestionForm | None
) -> tuple[Kind, str, QuestionForm | None, QuestionForm | None]:
    """Counts are asked open, whatever the model chose: a number that is suggested is agreed to. How many there may be
    is what the goal says, where the rules can read it."""
    part = next((part for part in parts_of(goal, at_and=True) if found_in(span, part)), span)
    said = count_of(part, text)
    named = next(iter([*counts_within(text), *counts_within(span)]), None)
    if said is None and named is None and number_describes(part):
        return "attribute", text, first_wording(text, "attribute"), None
    asked = first if first is not None and first.ask == "count" else None
    if asked is None and named is None:
        return "count", text, None, None
    expect = (said or named).answers if said or named else asked.expect
    open_form = asked is not None or (first is not None and _HOW_MANY.match(first.question))
    if open_form and (named is None or vocabulary(first.question) & vocabulary(named.named)):
        first = QuestionForm(first.question, "count", expect)
    else:  # a question that does not say what to count, or none at all
        first = QuestionForm(f"How many {named.things} are there?", "count", expect)
    # A second wording that names another number, or one where the goal has a range, would contradict the first.
    fits = second is not None and (second.expect == expect if second.ask == "count" else len(expect) == 1)
    return "count", text, first, second if fits else None


def _absence(text: str, goal: str, first: QuestionForm | None) -> QuestionForm:
    """What must not be there is asked so that "no" is right, where it is named in English; else as the model asks, as
    far as question and answer fit together: an answer "yes" takes a question that denies."""
    languages = likely_languages(goal)
    own = first if first is not None and first.ask == "yesno" else None
    denying = own is not None and (_DENIED.search(own.question) is not None or denies(own.question, languages))
    if own is not None and own.expect == ("no",) and not denying:
        return own
    named = text if denies(text, languages) else f"no {text}"
    if absent_thing(named, languages):
        return first_wording(named, "absence", languages)
    return own if own is not None and own.expect == ("yes",) and denying else first_wording(text, "absence", languages)


def _written(text: str, span: str, first: QuestionForm | None) -> tuple[str, QuestionForm | None]:
    """Words to be written are asked for as the goal has them, where the span quotes them."""
    words = quoted(span)
    if not words or (first is not None and words in first.question and words in text):
        return text, first
    if words not in text:
        text = f"the words {in_marks(words)}" if " " in words else f"the word {in_marks(words)}"
    right = first is not None and (words in first.question or comparable(words) in first.expect)
    return text, first if right else first_wording(text, "text")
