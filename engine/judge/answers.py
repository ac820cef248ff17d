"""Answers of a vision model read: to the questions of one look, and in the plain contract of simple models. Pure.

The plain contract's mapping: docs/design-notes.md, 2.16. `done` is a vote, and each clause of a proposal belongs to the
requirement whose words it shares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError, field_validator

from . import scoring
from .checklist import Ask, Checklist, Requirement
from .critique import Changes, Check, Edit, Item
from .json_answer import read_object
from .questions import LEVELS, MOST_COUNTED, OPEN_LENGTH, QUALITY, AskedQuestion, LookQuestions, quality_key
from .scoring import NO_BIAS, UNKNOWN, Bias, clip, correct_logit_bias, orphans
from .vision_model import AnswerUnusable, Reply, Token
from .words import clip_words, first_words, number_within, plain_words, spoken, vocabulary

PROMPT_APPEND_LENGTH = 120
NEG_APPEND_LENGTH = 90
REASON_LENGTH = 300
CFG_RANGE = (0.0, 30.0)
STEPS_RANGE = (1, 150)
CLAUSE_WORDS = 12
NEGATIVE_TERMS = 3


class PlainAnswer(BaseModel):
    """What a simple model said about one picture.

    changes: proposals that cannot be used are dropped; they are no part of the verdict.
    done: always the model's own, explicit word.
    """

    model_config = ConfigDict(frozen=True)

    changes: Changes = Changes()
    done: StrictBool
    reason: str = ""

    @field_validator("changes", mode="before")
    @classmethod
    def _usable_proposals(cls, value: Any) -> Changes:
        given = value if isinstance(value, dict) else {}
        return Changes(
            prompt_append=plain_words(given.get("prompt_append"), PROMPT_APPEND_LENGTH),
            neg_append=plain_words(given.get("neg_append"), NEG_APPEND_LENGTH),
            cfg=wished_cfg(given.get("cfg")),
            steps=wished_steps(given.get("steps")),
            seed="new" if given.get("seed") == "new" else "keep",
        )

    @field_validator("reason", mode="before")
    @classmethod
    def _one_line(cls, value: Any) -> Any:
        if value is None:
            return ""
        return clip_words(" ".join(value.split()), REASON_LENGTH) if isinstance(value, str) else value


def is_plain(found: dict[str, Any]) -> bool:
    """Whether an answer follows the plain contract rather than answering the questions."""
    return "done" in found and not any(re.fullmatch(r"q[0-9]{2}", key) for key in found)


def read_plain(found: dict[str, Any]) -> PlainAnswer:
    """Raises AnswerUnusable, naming the field that breaks the format."""
    try:
        return PlainAnswer.model_validate(found)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AnswerUnusable(f'The model\'s answer breaks the format at "{where}": {first["msg"]}.') from problem


def owned_clauses(answer: PlainAnswer, checklist: Checklist) -> tuple[Edit, ...]:
    """One edit for each clause of prompt_append, at most one for a requirement; none when the model says done."""
    if answer.done:
        return ()
    edits: dict[str, Edit] = {}
    for part in re.split(r"[,;]|\.\s", answer.changes.prompt_append):
        clause = first_words(part, CLAUSE_WORDS)
        if clause:
            owner = _owner(clause, checklist.requirements)
            edits.setdefault(owner.id, Edit(requirement=owner.id, clause=clause))
    return tuple(edits.values())


def negative_terms(text: str) -> tuple[str, ...]:
    """At most three different terms of a comma separated text."""
    terms = [plain_words(part, NEG_APPEND_LENGTH) for part in text.split(",")]
    return tuple(dict.fromkeys(term for term in terms if term))[:NEGATIVE_TERMS]


def wished_cfg(value: Any) -> float | None:
    """A guidance scale that a sampler takes, else None."""
    return number_within(value, CFG_RANGE)


def wished_steps(value: Any) -> int | None:
    """A number of steps that a sampler takes, else None."""
    steps = number_within(value, STEPS_RANGE)
    return None if steps is None else round(steps)


def _owner(clause: str, requirements: tuple[Requirement, ...]) -> Requirement:
    """The requirement that shares most words with the clause; the first on a tie."""
    words = vocabulary(clause)
    return max(requirements, key=lambda requirement: len(words & vocabulary(requirement.text)))


NOT_APPLICABLE = ("none", "n/a", "not applicable")
UNANSWERED = "unknown"
IMAGINED = "the judge sees it in an empty picture too"
_YES, _NO = ("yes", "y", "true"), ("no", "n", "false")
_DENIALS = {"no", "not", "without", "non"}


@dataclass(frozen=True)
class LookResult:
    """One look that was read.

    items: in the checklist's order. levels: 0..1 by check, None where a check does not apply; empty after a plain
    answer. soft: every item's p comes from token probabilities. plain: the answer, if it followed the plain contract.
    """

    items: tuple[Item, ...]
    levels: Mapping[Check, float | None]
    soft: bool = False
    plain: PlainAnswer | None = None


@dataclass(frozen=True)
class _GivenAnswer:
    """An answer that was given. shown: for people. raw: as it stands in the JSON text. right: by the word itself."""

    shown: str
    raw: str
    right: bool


def read_look(
    reply: Reply, questions: LookQuestions, checklist: Checklist, bias: Bias = NO_BIAS, more: Sequence[Reply] = ()
) -> tuple[LookResult, str]:
    """What a look saw, and what its answer lacks, as a sentence to ask again with ("" when nothing).

    more: answers to the same questions, drawn anew: votes, used instead of probabilities. A question without a usable
    answer is unknown: p .5, never passed. Raises AnswerUnusable when nothing at all was answered.
    """
    found = read_object(reply.text)
    if is_plain(found):
        answer = read_plain(found)
        return _plain_sight(answer, checklist), ""
    votes = [_object_or_nothing(vote) for vote in more]
    items: dict[str, Item] = {}
    lacking, soft = [], True
    for key, asked in questions.asked.items():
        said = _said(found.get(key), asked)
        if said is None:
            lacking.append(key)
            items[asked.requirement.id] = Item(id=asked.requirement.id, answer=UNANSWERED, p=UNKNOWN, passed=False)
            continue
        p = None
        if votes:
            again = [_said(vote.get(key), asked) for vote in votes]
            p = scoring.voted(said.right + sum(one is not None and one.right for one in again), 1 + len(votes))
        elif reply.tokens:
            p = _probability(reply.tokens, key, asked, said)
            soft = soft and p is not None
        p = correct_logit_bias(scoring.plain(said.right) if p is None else p, asked.requirement, bias, asked.wording)
        passed = p > UNKNOWN
        evidence = IMAGINED if said.right and not passed and bias.imagined(asked.requirement) else ""
        items[asked.requirement.id] = Item(
            id=asked.requirement.id, answer=said.shown, p=p, passed=passed, evidence=evidence
        )
    if len(lacking) == len(questions.asked):
        raise AnswerUnusable(f'The model\'s answer has no usable value for "{lacking[0]}" nor for any other question.')
    levels, unrated = _levels(found, reply.tokens)
    missing = [*lacking, *unrated]
    lack = f"It has no usable value for {', '.join(missing)}." if missing else ""
    return LookResult(_in_order(items, checklist), levels, soft and bool(reply.tokens) and not votes), lack


def right_probabilities(reply: Reply, questions: LookQuestions) -> tuple[dict[str, float], bool]:
    """By requirement id, how probable the right answer was, before any correction, and whether tokens told all of it.

    Requirements without a usable answer are left out. Raises AnswerUnusable when the reply holds no JSON object.
    """
    found = read_object(reply.text)
    values, soft = {}, True
    for key, asked in questions.asked.items():
        said = _said(found.get(key), asked)
        if said is not None:
            p = _probability(reply.tokens, key, asked, said) if reply.tokens else None
            soft = soft and p is not None
            values[asked.requirement.id] = scoring.plain(said.right) if p is None else p
    return values, soft


def _in_order(items: Mapping[str, Item], checklist: Checklist) -> tuple[Item, ...]:
    """Children of a failed parent fail with it: no umbrella, no red umbrella."""
    lost = orphans(checklist.requirements, [item.id for item in items.values() if not item.passed])
    ordered = [items[requirement.id] for requirement in checklist.requirements]
    return tuple(_failed(item) if item.id in lost else item for item in ordered)


def _failed(item: Item) -> Item:
    return item.model_copy(update={"p": min(item.p, UNKNOWN), "passed": False})


def _probability(tokens: Sequence[Token], key: str, asked: AskedQuestion, said: _GivenAnswer) -> float | None:
    """Of the right answer. A wrong word never counts for more than unknown, whatever was listed beside it."""
    if asked.ask == "yesno":
        right = asked.expect[0]
        p = scoring.of_choice(tokens, key, said.raw, right, "no" if right == "yes" else "yes")
    elif said.right and said.shown not in asked.expect:
        p = None  # "dark red" for red: right, but its tokens tell nothing about red.
    else:
        p = scoring.of_answer(tokens, key, said.raw, asked.expect)
    return p if p is None or said.right else min(p, UNKNOWN)


def _said(value: Any, asked: AskedQuestion) -> _GivenAnswer | None:
    """None for anything that does not answer the question."""
    shown = _READERS[asked.ask](value)
    if shown is None:
        return None
    expected = {spoken(answer) for answer in asked.expect}
    right = shown in expected or (asked.ask == "open" and any(_contains(shown, answer) for answer in expected))
    return _GivenAnswer(shown, value if isinstance(value, str) else str(value).lower(), right)


def _yes_or_no(value: Any) -> str | None:
    word = spoken(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else ""
    return "yes" if word in _YES else "no" if word in _NO else None


def _number(value: Any) -> str | None:
    if isinstance(value, str):
        word = spoken(value)
        value = int(word) if word.isascii() and word.isdigit() and len(word) <= 2 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_COUNTED or value % 1:
        return None
    return str(int(value))


def _words(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)[:OPEN_LENGTH]
    return spoken(plain_words(value, OPEN_LENGTH)) or None


_READERS: Mapping[Ask, Any] = {"yesno": _yes_or_no, "count": _number, "open": _words}


def _contains(shown: str, answer: str) -> bool:
    """Whether an answer in more words says it, and does not deny it."""
    words = shown.replace("-", " ").split()
    return not _DENIALS & set(words) and bool(answer) and set(answer.split()) <= set(words)


def _levels(found: Mapping[str, Any], tokens: Sequence[Token]) -> tuple[dict[Check, float | None], list[str]]:
    """The level of each check, and the keys of those without one; these count as unknown."""
    levels: dict[Check, float | None] = {}
    unrated = []
    for check in QUALITY:
        key = quality_key(check)
        value = found.get(key)
        word = spoken(value) if isinstance(value, str) else ""
        if word in LEVELS:
            mean = scoring.of_levels(tokens, key, value, LEVELS)
            levels[check] = LEVELS[word] if mean is None else mean
        elif word in NOT_APPLICABLE:
            levels[check] = None
        else:
            levels[check] = UNKNOWN
            unrated.append(key)
    return levels, unrated


def _object_or_nothing(reply: Reply) -> Mapping[str, Any]:
    try:
        return read_object(reply.text)
    except AnswerUnusable:
        return {}


def _plain_sight(answer: PlainAnswer, checklist: Checklist) -> LookResult:
    """A vote about the whole: done stands for every item. Else those with a clause of their own failed, and of the
    rest nothing is known."""
    owned = {edit.requirement for edit in owned_clauses(answer, checklist)}
    items = {}
    for requirement in checklist.requirements:
        known = answer.done or requirement.id in owned
        p = clip(scoring.plain(answer.done)) if known else UNKNOWN
        word = "done" if answer.done else "not done" if known else UNANSWERED
        items[requirement.id] = Item(id=requirement.id, answer=word, p=p, passed=answer.done)
    return LookResult(_in_order(items, checklist), {}, plain=answer)
